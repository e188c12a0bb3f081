import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeRng } from '../core/index.ts';
import {
  createTinkerTrainer,
  probeSelection,
  type SelectOptions,
  type SelectRun,
  type SelectSettings,
  type StepRow,
  selectSettings,
  type Trainer,
  trainSelector,
} from '../train/index.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint/checkpoint.ts';
import { createCores } from './cores/cores.ts';
import { createEmbeddedTrainer } from './embedded-trainer.ts';
import { startEngineServer } from './server/server.ts';
import { teachForm, toyCheckpoint, toyForm, toyTasks } from './train-select.testkit.ts';

const root = mkdtempSync(path.join(tmpdir(), 'winnow-train-select-'));
const cores = createCores({ threads: 0 });
after(() => rmSync(root, { recursive: true }));

const untaught = await toyCheckpoint();
const base = await taughtCheckpoint();

async function taughtCheckpoint(): Promise<Checkpoint> {
  const trainer = await createEmbeddedTrainer(cores, untaught, { folder: root });
  await teachForm(trainer);
  await trainer.exportModel(path.join(root, 'taught'));
  await trainer.close();
  return readCheckpoint(path.join(root, 'taught'));
}

function open(name: string, checkpoint = base): Promise<Trainer> {
  return createEmbeddedTrainer(cores, checkpoint, { folder: path.join(root, name, 'states') });
}

const SHORT: Partial<SelectSettings> = {
  ...{ steps: 6, groups: 6, rollouts: 8, maxTokens: 2, learningRate: 3e-3, warmupUpdates: 2, saveEvery: 2 },
  ...{ evaluateEvery: 3, votes: 3, overlong: { kind: 'keep' }, updates: 2 },
};
const TASKS = toyTasks(200, 1);
const HELD_OUT = toyTasks(40, 2);

type Given = Partial<Omit<SelectOptions, 'folder' | 'form'>> & { readonly settings?: Partial<SelectSettings> };

async function run(name: string, trainer: Trainer, given: Given = {}): Promise<SelectRun> {
  const form = toyForm(trainer.tokenizer);
  const settings = { ...SHORT, ...given.settings };
  return trainSelector(trainer, TASKS, {
    folder: path.join(root, name),
    form,
    seed: 1,
    heldOut: HELD_OUT,
    ...given,
    settings,
  });
}

/** A run in a process of its own, as far as memory goes: a new trainer each time. */
async function freshRun(name: string, given: Given = {}): Promise<SelectRun> {
  const trainer = await open(name);
  try {
    return await run(name, trainer, given);
  } finally {
    await trainer.close();
  }
}

const metricsOf = (name: string): string => readFileSync(path.join(root, name, 'metrics.jsonl'), 'utf8');
const stepsOf = ({ rows }: SelectRun): StepRow[] => rows.filter((row): row is StepRow => row.kind === 'step');

test('a selector learns by reinforcement: it chooses right where before it chose blindly', async () => {
  const learned = await freshRun('learns', {
    settings: { steps: 40, groups: 16, rollouts: 16, updates: 1, evaluateEvery: 10, saveEvery: 20 },
  });
  const { before, after: end } = learned;
  assert.ok(before && end);
  assert.ok(before.greedy < 0.75 && before.valid > 0.8, `${before.greedy} before`);
  assert.ok(end.greedy > 0.95 && end.voted > 0.95 && end.sampled > 0.9, `${end.greedy} after`);
  assert.equal(end.step, learned.best.step);
  assert.ok(end.greedy > (end.majority ?? 1));
});

for (const staleness of [0, 2]) {
  test(`a run killed at any instant ends as if it had not been, rollouts ${staleness} steps ahead`, async () => {
    const whole = `whole-${staleness}`;
    await freshRun(whole, { settings: { staleness } });
    const rng = makeRng(staleness);
    for (const name of [`a-${staleness}`, `b-${staleness}`]) {
      for (let finished = false; !finished; ) {
        let left = 1 + rng.int(4);
        const onRow = (): void => {
          if (--left === 0) throw new Error('killed');
        };
        // What changes nothing that is learned may differ each time.
        const carrying = { concurrency: 1 + rng.int(8), saveEvery: 1 + rng.int(3) };
        finished = await freshRun(name, { settings: { staleness, ...carrying }, onRow }).then(
          () => true,
          (error: Error) => assert.equal(error.message, 'killed') === undefined && false,
        );
        // Rows come one behind the other: a run that never gets past two of them would never be over.
        if (!finished && rng.next() < 0.5)
          finished = await freshRun(name, { settings: { staleness } }).then(() => true);
      }
      assert.equal(metricsOf(name), metricsOf(whole));
    }
    const steps = metricsOf(whole)
      .split('\n')
      .filter((line) => line.includes('"kind":"step"'));
    const behind = steps.map((line) => JSON.parse(line) as StepRow).map((row) => row.step - 1 - row.policy_step);
    assert.deepEqual(
      behind,
      behind.map((_, i) => Math.min(i, staleness)),
    );
  });
}

test('the same run gives the same losses in this process and through a server of the Tinker protocol', async () => {
  const here = await freshRun('in-process', { settings: { steps: 3 } });
  const folder = path.join(root, 'server');
  const server = await startEngineServer({ cores, checkpoint: base, folder });
  const { tokenizer, name: baseModel } = base;
  const client = await createTinkerTrainer({ baseUrl: server.url, baseModel, tokenizer });
  const there = await run('through-server', client, { settings: { steps: 3 } });
  await client.close();
  await server.close();
  const [a, b] = [stepsOf(here), stepsOf(there)];
  assert.equal(a.length, 3);
  a.forEach((row, i) => {
    const other = b[i];
    assert.ok(Math.abs((row.loss ?? 1) - (other?.loss ?? 2)) < 1e-6, `${row.loss} and ${other?.loss}`);
    assert.equal(other?.reward, row.reward);
    assert.equal(other?.drawn_groups, row.drawn_groups);
  });
  assert.equal(there.after?.greedy_by_task, here.after?.greedy_by_task);
});

test('a server that stops ends the run with a clear error, and nothing up to the last saved step is lost', async () => {
  const whole = await freshRun('not-stopped');
  const folder = path.join(root, 'stopping');
  const serve = () => startEngineServer({ cores, checkpoint: base, folder });
  let server = await serve();
  const connect = (patienceMs: number) =>
    createTinkerTrainer({
      ...{ baseUrl: server.url, baseModel: base.name, tokenizer: base.tokenizer },
      ...{ patienceMs, maxPauseMs: 50 },
    });
  const client = await connect(200);
  const onRow = (row: { kind: string; step: number }): void => {
    if (row.kind === 'step' && row.step === 3) void server.close();
  };
  await assert.rejects(run('stops', client, { onRow, heldOut: [] }), (error: { code?: string }) =>
    ['unreachable', 'service-failed', 'timeout'].includes(error.code ?? ''),
  );
  await client.close().catch(() => undefined);
  server = await serve();
  const again = await connect(5_000);
  const resumed = await run('stops', again, { heldOut: [] });
  assert.equal(resumed.steps, whole.steps);
  assert.deepEqual(
    stepsOf(resumed).map(({ step }) => step),
    [1, 2, 3, 4, 5, 6],
  );
  await again.close();
  await server.close();
});

test('tasks without contrast, and a model that never names a candidate, end with what was seen and what helps', async () => {
  const cut = { dynamicSampling: false, overlong: { kind: 'filter' }, maxTokens: 1 } as const;
  for (const [name, more] of Object.entries({ blind: {}, cut })) {
    const trainer = await open(name, untaught);
    await assert.rejects(run(name, trainer, { heldOut: [], settings: { rollouts: 2, groups: 2, ...more } }), {
      code: 'bad-input',
      message: /None of the \d+ groups of the last 3 steps has contrast: 0 are all right/,
      hint: /max_tokens/,
    });
    await trainer.close();
  }
});

test('a run that has learned all there is to learn ends there, with its last state looked at and kept', async () => {
  const done = await freshRun('all-learned', {
    settings: { steps: 400, groups: 16, rollouts: 16, updates: 1, evaluateEvery: 0, saveEvery: 50, refillLimit: 4 },
  });
  assert.match(done.stopped ?? '', /has contrast: \d+ are all right.*nothing is left to learn/);
  assert.ok(done.steps < 400);
  assert.equal(done.after?.greedy, 1);
  assert.equal(done.best.step, done.steps);
});

test('a step that runs short of groups goes on with those it has and says so', async () => {
  const notes: string[] = [];
  const short = await freshRun('short', {
    heldOut: [],
    settings: { steps: 2, groups: 20, rollouts: 2, refillLimit: 1 },
    onNote: (note) => notes.push(note),
  });
  const [first] = stepsOf(short);
  assert.ok(first && first.groups > 0 && first.groups < 20 && first.drawn_groups === 20, JSON.stringify(first));
  assert.match(notes[0] ?? '', /Step 1 learned from \d+ of 20 groups; 20 were drawn\./);
});

test('an interrupted run is saved at the end of its step and goes on from there', async () => {
  const stop = new AbortController();
  const onRow = (row: { kind: string; step: number }): void => {
    if (row.kind === 'step' && row.step === 3) stop.abort();
  };
  await assert.rejects(freshRun('interrupted', { signal: stop.signal, onRow }), { name: 'AbortError' });
  await freshRun('interrupted');
  await freshRun('uninterrupted');
  assert.equal(metricsOf('interrupted'), metricsOf('uninterrupted'));
});

test('solve batches and the divergence from a reference join the update', async () => {
  const trainer = await open('joined');
  const reference = await open('joined-reference');
  const prompt = trainer.tokenizer.encode('7=x>');
  const target = [...trainer.tokenizer.encode('A'), ...trainer.tokenizer.endTokens];
  const joined = await run('joined', trainer, {
    ...{ heldOut: [], solved: [{ prompt, target }], reference },
    settings: { steps: 4, updates: 1, solveEvery: 2, solveBatch: 4, klWeight: 0.01 },
  });
  const rows = stepsOf(joined);
  assert.deepEqual(
    rows.map((row) => row.solve_loss !== undefined),
    [false, true, false, true],
  );
  assert.ok((rows[0]?.divergence ?? 1) < 1e-9 && (rows[3]?.divergence ?? 0) > 1e-6);
  await trainer.close();
  await reference.close();
});

test('the pre-flight foretells contrast, tokens and time from a small probe, and trains nothing', async () => {
  const trainer = await open('probe');
  const settings = selectSettings({ ...SHORT, rollouts: 16 });
  const form = toyForm(trainer.tokenizer);
  const good = await probeSelection(trainer, TASKS, { form, settings, trainPrice: 1 });
  assert.ok(good.contrast.value > 0.9 && good.contrast.low < good.contrast.value);
  assert.equal(good.warnings.length, 0);
  assert.equal(good.drawnTokens.completion, good.groupsPerStep * 6 * 16 * good.completionTokens);
  assert.equal(good.cost, good.trainedTokens / 1e6);
  await trainer.close();
  const blind = await open('probe-untaught', untaught);
  const bad = await probeSelection(blind, TASKS, { form, settings });
  assert.match(bad.warnings.join('\n'), /replies name a candidate[\s\S]*groups have contrast[\s\S]*short of groups/);
  await blind.close();
});
