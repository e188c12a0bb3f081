import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeRng } from '../../core/index.ts';
import type { Datum, Loss } from '../../train/protocol/index.ts';
import { checkTrainer } from '../../train/testkit.ts';
import { newCheckpoint } from '../checkpoint/new-checkpoint.ts';
import { createCores } from '../cores/cores.ts';
import { createEmbeddedTrainer, type EmbeddedTrainer, type EmbeddedTrainerOptions } from '../embedded-trainer.ts';
import { SMALL } from '../transformer/model.testkit.ts';
import type { Gpu } from './gpu.ts';
import { createGpuTrainer } from './gpu-training.ts';
import { openTestGpu, skip } from './webgpu.testkit.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'winnow-webgpu-'));
const gpu = skip === false ? await openTestGpu() : undefined;
after(() => {
  gpu?.close();
  rmSync(scratch, { recursive: true });
});

const { vocabSize: _, ...shape } = SMALL;
const checkpoint = await newCheckpoint({
  name: 'small',
  config: shape,
  vocabulary: {
    pieces: [...'0123456789abcdefghijklmnop='],
    special: ['<|end|>'],
    chatTemplate: '{{ messages[0].content }}',
  },
  seed: 1,
});
let folders = 0;
const options = () => ({ folder: path.join(scratch, String(folders++)) });
const LOW_RANK = { lowRank: { rank: 4 } };
const onGpu = (more: Partial<EmbeddedTrainerOptions> = {}): Promise<EmbeddedTrainer> =>
  createGpuTrainer(gpu as Gpu, checkpoint, { ...options(), ...more });

if (skip === false) {
  checkTrainer('webgpu', async () => ({ trainer: await onGpu() }));
  checkTrainer('webgpu, low rank', async () => ({ trainer: await onGpu(LOW_RANK) }));
} else {
  test('the contract of a trainer on the GPU', { skip }, () => undefined);
}

const LOSS: Loss = { name: 'cross_entropy' };

function batch(step: number): readonly Datum[] {
  const rng = makeRng(step);
  return Array.from({ length: 6 }, (_, i) => {
    const start = makeRng(`${step}/${i >> 1}`);
    const tokens = Array.from({ length: 61 }, (__, t) => (t < 30 ? start : rng).int(20));
    return { tokens: tokens.slice(0, -1), targets: tokens.slice(1), weights: tokens.slice(1).map(() => 1 / 360) };
  });
}

async function numbersOf(trainer: EmbeddedTrainer): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let i = 0; i < 5; i++) {
    numbers.push((await trainer.forwardBackward(batch(i), LOSS)).loss);
    const settings = { learningRate: 3e-3, weightDecay: 0.1, clipNorm: 0.5, epsilon: 1e-8 };
    numbers.push((await trainer.optimStep(settings)).gradientNorm ?? 0);
  }
  await trainer.close();
  return numbers;
}

for (const [what, more] of Object.entries({ 'all weights': {}, 'low-rank factors': LOW_RANK })) {
  test(`losses and gradient norms of a run are those of the processor, and the same bits again: ${what}`, {
    skip,
  }, async () => {
    const cores = createCores({ threads: 0 });
    const expected = await numbersOf(await createEmbeddedTrainer(cores, checkpoint, { ...options(), ...more }));
    const found = await numbersOf(await onGpu(more));
    found.forEach((value, i) => {
      const other = expected[i] ?? Number.NaN;
      assert.ok(Math.abs(value - other) < 1e-3 * other, `number ${i}: ${value} on the GPU, ${other} on the processor`);
    });
    assert.deepEqual(await numbersOf(await onGpu(more)), found);
  });
}

test('a state saved on the GPU goes on on the processor, and the other way round', { skip }, async () => {
  const cores = createCores({ threads: 0 });
  const step = async (trainer: EmbeddedTrainer, i: number): Promise<number> => {
    const { loss } = await trainer.forwardBackward(batch(i), LOSS);
    await trainer.optimStep({ learningRate: 3e-3 });
    return loss;
  };
  const pair = [await onGpu(), await createEmbeddedTrainer(cores, checkpoint, options())] as const;
  for (const [from, to] of [pair, [pair[1], pair[0]] as const]) {
    await step(from, 1);
    await to.load(await from.save('state'));
    assert.equal(to.step(), from.step());
    for (let i = 2; i < 5; i++) assert.ok(Math.abs((await step(from, i)) - (await step(to, i))) < 1e-3);
  }
  for (const trainer of pair) await trainer.close();
});

test('a loss that is no number is an error, changes nothing, and the next step works', { skip }, async () => {
  const trainer = await onGpu();
  const data: Datum = { tokens: [1, 2], targets: [2, 3], advantages: [1, 1], logprobs: [-1e300, -1e300] };
  const before = (await trainer.forward(batch(0), LOSS)).loss;
  await assert.rejects(trainer.forwardBackward([data], { name: 'importance_sampling' }), {
    name: 'WinnowError',
    code: 'bad-input',
    message: /no finite number|is (-?Infinity|NaN)/,
  });
  await assert.rejects(
    async () => {
      await trainer.forwardBackward([{ ...batch(0)[0], weights: batch(0)[0]?.targets.map(() => 1e36) } as Datum], LOSS);
      await trainer.optimStep({ learningRate: 1e-3 });
    },
    {
      code: 'bad-input',
      message: /gradient's norm after 0 updates is Infinity|gradient's norm after 0 updates is NaN/,
    },
  );
  assert.equal((await trainer.forward(batch(0), LOSS)).loss, before);
  await trainer.forwardBackward(batch(0), LOSS);
  await trainer.optimStep({ learningRate: 3e-3 });
  assert.ok((await trainer.forward(batch(0), LOSS)).loss < before);
  await trainer.close();
});
