/**
 * The real command `winnow train select TASKS --trainer URL` against a SkyRL server on its JAX processor backend, with the tiny
 * checkpoint (or another of its families): a few steps, killed once with SIGKILL and gone on with. Every row of its metrics must
 * be there once, finite and sane. README.md says how to start the server.
 *
 *   node benchmarks/interop/skyrl-select.ts http://127.0.0.1:8321 MODEL_FOLDER
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { familySelectionTasks, finished, startTrain, writeRows } from '../../src/cli/train.testkit.ts';

const [url = '', model = ''] = process.argv.slice(2);
if (
  !(await fetch(`${url}/api/v1/healthz`).then(
    ({ ok }) => ok,
    () => false,
  ))
) {
  console.log(`skipped: no training server answers at "${url}"`);
  process.exit(0);
}
const root = mkdtempSync(path.join(tmpdir(), 'winnow-skyrl-'));
const place = (name: string): string => path.join(root, name);
const [STEPS, GROUPS, ROLLOUTS] = [4, 2, 4];

// The weights are the server's: here is only the tokenizer.
mkdirSync(place('tokenizer'));
for (const name of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
  copyFileSync(path.join(model, name), path.join(place('tokenizer'), name));
}
writeRows(place('tasks.jsonl'), familySelectionTasks(64, 1));
writeRows(place('held-out.jsonl'), familySelectionTasks(4, 2));

const settings = {
  ...{ steps: STEPS, groups: GROUPS, rollouts: ROLLOUTS, max_tokens: 32, overlong: 'keep', concurrency: 8 },
  ...{ temperature: 1.5, learning_rate: 1e-3, warmup_updates: 1, save_every: 1, evaluate_every: 2, votes: 1 },
};
const line = [
  ...['select', place('tasks.jsonl'), '--held-out', place('held-out.jsonl'), '--form', 'families', '--rank', '8'],
  ...['--trainer', url, '--model', model, '--tokenizer', place('tokenizer'), '--out', place('run')],
  ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
];

/** Starts the command and kills it as soon as a step was saved. */
async function killedAfterASave(): Promise<boolean> {
  const child = startTrain(line);
  const ended = finished(child);
  const journal = place('run/journal.jsonl');
  while (child.exitCode === null && !(existsSync(journal) && readFileSync(journal, 'utf8').includes('"saved"'))) {
    await sleep(100);
  }
  child.kill('SIGKILL');
  const { code, stderr } = await ended;
  assert.ok(code === null || code === 0, stderr);
  return code === null;
}

const killed = await killedAfterASave();
const { code, stderr } = await finished(startTrain(line));
assert.equal(code, 0, stderr);

type Row = Readonly<Record<string, unknown>> & { readonly kind: string; readonly step: number };
const rows = readFileSync(place('run/metrics.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((text) => JSON.parse(text) as Row);
const steps = rows.filter(({ kind }) => kind === 'step');
assert.deepEqual(
  steps.map(({ step }) => step),
  Array.from({ length: STEPS }, (_, i) => i + 1),
);
for (const row of rows) {
  for (const [key, value] of Object.entries(row)) {
    assert.ok(value !== null && (typeof value !== 'number' || Number.isFinite(value)), `${key} is ${value}`);
  }
}
const number = (row: Row, key: string): number => Number(row[key] ?? Number.NaN);
for (const row of steps) {
  for (const share of ['reward', 'valid', 'cut']) assert.ok(number(row, share) >= 0 && number(row, share) <= 1, share);
  assert.ok(number(row, 'entropy') > 0 && number(row, 'entropy') < 6, `entropy ${row.entropy}`);
  assert.equal(number(row, 'refused') + number(row, 'unknown'), 0);
  // At one update a step every ratio is near 1, so the loss is that of normalised advantages: near 0.
  if (number(row, 'groups') > 0) assert.ok(Math.abs(number(row, 'loss')) < 1, `loss ${row.loss}`);
}
const learned = steps.filter((row) => number(row, 'groups') > 0).length;
assert.ok(learned > 0, 'no step had a group with contrast');
const shown = steps.map(({ step, loss, reward, valid, entropy, groups }) => ({
  step,
  loss,
  reward,
  valid,
  entropy,
  groups,
}));
console.log(JSON.stringify({ killed, learned, steps: shown, evaluations: rows.length - steps.length }));
rmSync(root, { recursive: true });
