import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createCores, openCheckpoint, startEngineServer } from '../engine/index.ts';
import {
  familyRefinementTasks,
  familySelectionTasks,
  finished,
  killAndResumeTraining,
  makeFamilyCheckpoint,
  startTrain,
  type TrainProcess,
  writeRows,
} from './train.testkit.ts';

const root = mkdtempSync(path.join(tmpdir(), 'winnow-train-'));
after(() => rmSync(root, { recursive: true }));
const place = (name: string): string => path.join(root, name);

const model = place('model');
await makeFamilyCheckpoint(model);
writeRows(place('tasks.jsonl'), familySelectionTasks(60, 1));
writeRows(place('held-out.jsonl'), familySelectionTasks(12, 2));
writeRows(place('refine.jsonl'), familyRefinementTasks(30, 3));

const winnow = (...line: string[]): Promise<TrainProcess> => finished(startTrain(line));
const set = (settings: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);

const SMALL = {
  ...{ steps: 4, groups: 4, rollouts: 4, max_tokens: 16, overlong: 'keep', learning_rate: 1e-3, save_every: 1 },
  ...{ votes: 2, evaluate_every: 2 },
};
const SELECT = [
  ...['select', place('tasks.jsonl'), '--held-out', place('held-out.jsonl'), '--model', model, '--threads', '1'],
  ...set(SMALL),
];

test('train select trains a selector, reports on it, and a second run of the command has nothing left to do', async () => {
  const line = [...SELECT, '--out', place('selector'), '--json'];
  const first = await winnow(...line);
  assert.equal(first.code, 0, first.stderr);
  const report = JSON.parse(first.stdout) as Record<string, unknown>;
  assert.equal(report.steps, 4);
  assert.equal(report.tasks, 12);
  assert.equal(report.random, 0.5);
  for (const name of [
    'manifest.json',
    'journal.jsonl',
    'metrics.jsonl',
    'report.json',
    'report.html',
    'model/config.json',
  ])
    assert.ok(existsSync(path.join(place('selector'), name)), name);
  assert.match(readFileSync(place('selector/report.html'), 'utf8'), /<svg[\s\S]*polyline[\s\S]*<\/html>/);
  assert.match(first.stderr, /step 4: held out greedy/);
  const again = await winnow(...line);
  assert.deepEqual(JSON.parse(again.stdout), report);
});

test('the same command trains on a server, of whose model only the tokenizer is needed here', async () => {
  const tokenizer = place('tokenizer');
  mkdirSync(tokenizer);
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
    copyFileSync(path.join(model, name), path.join(tokenizer, name));
  }
  const cores = createCores({ threads: 1 });
  const server = await startEngineServer({ cores, checkpoint: await openCheckpoint(model), folder: place('states') });
  const remote = ['--trainer', server.tinkerBaseUrl, '--tokenizer', tokenizer, '--model', 'model'];
  const run = await winnow(...SELECT, ...remote, '--out', place('remote'), '--json');
  assert.equal(run.code, 0, run.stderr);
  const rows = (name: string): readonly Record<string, unknown>[] =>
    readFileSync(place(`${name}/metrics.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  // Served by the same engine, so the figures are those of the embedded trainer but for the order of a sum.
  const [far, near] = [rows('remote'), rows('selector')];
  assert.equal(far.length, near.length);
  for (const [i, row] of far.entries()) {
    for (const [key, value] of Object.entries(row)) {
      const other = near[i]?.[key];
      if (typeof value !== 'number') assert.deepEqual(value, other, key);
      else
        assert.ok(Math.abs(value - Number(other)) <= 1e-9 * Math.max(1, Math.abs(value)), `${key}: ${value}, ${other}`);
    }
  }
  const lost = await winnow(...SELECT, ...remote, '--tokenizer', place('nowhere'), '--out', place('lost'));
  assert.equal(lost.code, 2);
  assert.match(lost.stderr, /tokenizer of model is needed here too\. There is no tokenizer\.json in .*nowhere/);
  await server.close();
  await cores.close();
});

test('a training that is killed with SIGKILL ends as one that was not', async () => {
  const line = [...SELECT, '--set', 'staleness=1'];
  const killed = await killAndResumeTraining(line, place('kills'), { kills: 2, longestMs: 400, seed: 1 });
  assert.deepEqual([killed.kills, killed.identical], [2, true]);
});

test('train refine trains a refiner with both losses, and ablations are settings', async () => {
  const line = [
    'refine',
    place('refine.jsonl'),
    '--model',
    model,
    '--held-out',
    place('refine.jsonl'),
    '--threads',
    '1',
  ];
  const settings = set({ steps: 6, batch: 8, learning_rate: 5e-3, warmup_updates: 1 });
  const joint = await winnow(...line, ...settings, '--out', place('refiner'), '--json');
  assert.equal(joint.code, 0, joint.stderr);
  const { before, after: end } = JSON.parse(joint.stdout) as Record<'before' | 'after', Record<string, number>>;
  assert.ok((end.direct_loss ?? 9) < (before.direct_loss ?? 0) && (end.refine_loss ?? 9) < (before.refine_loss ?? 0));
  assert.match(joint.stderr, /30 direct and 30 refinement examples/);
  assert.match(joint.stderr, /60 of 60 held-out tasks are of problems that are trained on/);

  const dry = await winnow(...line, ...settings, '--dry-run', '--out', place('dry-refiner'), '--json');
  assert.equal(dry.code, 0, dry.stderr);
  const { steps, seconds, trained_tokens: tokens } = JSON.parse(dry.stdout) as Record<string, number>;
  assert.ok(steps === 6 && (seconds ?? 0) > 0 && (tokens ?? 0) > 0);
  assert.ok(!existsSync(place('dry-refiner')));
});

test('a dry run foretells and trains nothing', async () => {
  const dry = await winnow(
    ...SELECT,
    '--dry-run',
    '--json',
    '--probe',
    '8',
    '--out',
    place('dry'),
    '--train-price',
    '2',
  );
  assert.equal(dry.code, 0, dry.stderr);
  const found = JSON.parse(dry.stdout) as { probed: { tasks: number }; cost: number; contrast: { value: number } };
  assert.ok(found.probed.tasks === 8 && found.cost > 0 && found.contrast.value >= 0);
  assert.ok(!existsSync(place('dry')));
});

test('what cannot be is refused with what was expected', async () => {
  writeFileSync(place('bad.yaml'), 'kind: select\ntasks: tasks.jsonl\nsettings: {clip_hihg: 1.3}\n');
  const unknown = await winnow('select', place('bad.yaml'));
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /bad\.yaml: unknown key "clip_hihg" under settings; did you mean "clip_high"\?/);

  const other = await winnow(...SELECT, '--out', place('selector'), '--set', 'learning_rate=0.5');
  assert.equal(other.code, 2);
  assert.match(other.stderr, /holds a run with other settings: learningRate was 0\.001 and is 0\.5/);
});

test('a disk that takes no more ends the run with its name, and the run goes on once there is room', async () => {
  const line = [...SELECT, '--out', place('full')];
  // The limit of a file's size stands in for a full disk: states do not fit.
  const full = await finished(startTrain(line, ['bash', '-c', 'ulimit -f 60; exec "$@"', 'bash']));
  assert.equal(full.code, 2, full.stderr);
  assert.match(full.stderr, /EFBIG|ENOSPC/);
  const room = await winnow(...line, '--json');
  assert.equal(room.code, 0, room.stderr);
  assert.equal(
    readFileSync(place('full/metrics.jsonl'), 'utf8'),
    readFileSync(place('selector/metrics.jsonl'), 'utf8'),
  );
});
