import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { makeRng } from '../../core/index.ts';
import type { Datum, Loss } from '../../train/index.ts';
import { chunkOf, trainingPass as processorPass } from '../training/training-pass.ts';
import { foldHeadGradient } from '../transformer/backward.ts';
import type { ModelConfig } from '../transformer/config.ts';
import { randomModel, SMALL } from '../transformer/model.testkit.ts';
import type { Gpu } from './gpu.ts';
import { allocateBlock, placeOnGpu, readBlock, sizeOf } from './gpu-model.ts';
import { createScratch } from './scratch.ts';
import { trainingPass } from './training-pass.ts';
import { openTestGpu, skip } from './webgpu.testkit.ts';

let opened: Promise<Gpu> | undefined;
const gpuOnce = (): Promise<Gpu> => {
  opened ??= openTestGpu();
  return opened;
};
after(async () => (await opened)?.close());

/** Sequences of uneven lengths, some with a common beginning, longer than one tile of keys. */
function someData(vocabSize: number): readonly Datum[] {
  const rng = makeRng('data');
  const draw = (count: number): number[] => Array.from({ length: count }, () => rng.int(vocabSize));
  const shared = draw(70);
  return [75, 90, 71, 1, 34].map((length, i) => {
    const tokens = i > 2 ? draw(length) : [...shared, ...draw(length - shared.length)];
    const numbers = (): number[] => tokens.map(() => rng.next() - 0.3);
    return {
      tokens,
      targets: [...tokens.slice(1), rng.int(vocabSize)],
      weights: numbers(),
      advantages: numbers(),
      logprobs: tokens.map(() => -3 - rng.next()),
    };
  });
}

const SHAPES: Readonly<Record<string, ModelConfig>> = {
  'tied embeddings': SMALL,
  'an untied head': { ...SMALL, tied: false },
  'one key head for all': { ...SMALL, heads: 3, keyValueHeads: 1, headDim: 16 },
  'wide heads, and matrices of several tiles': {
    ...SMALL,
    hiddenSize: 72,
    headDim: 128,
    feedForward: 136,
    vocabSize: 150,
  },
};

async function compare(config: ModelConfig, loss: Loss): Promise<void> {
  const gpu = await gpuOnce();
  const expected = randomModel(config);
  const { machine, layout } = expected;
  const floats = machine.floats();
  const start = expected.model.weights / 4;
  const model = await placeOnGpu(gpu, layout, floats.slice(start, start + layout.bytes / 4));
  const gradient = allocateBlock(gpu, layout);
  const chunk = chunkOf(someData(config.vocabSize));
  assert.ok(
    chunk.batch.segments.some(({ parent }) => parent !== undefined),
    'rows are shared',
  );

  const onProcessor = processorPass(machine, expected.model, chunk, loss, expected.arena, expected.gradient);
  foldHeadGradient(machine, expected.model, expected.gradient, expected.arena.mark());
  const onGpu = await trainingPass(model, createScratch(gpu), chunk, loss, gradient);

  assert.ok(Math.abs(onGpu.loss - onProcessor.loss) < 1e-4 * Math.abs(onProcessor.loss) + 1e-4);
  const differences = onGpu.logprobs.flat().map((value, i) => Math.abs(value - (onProcessor.logprobs.flat()[i] ?? 0)));
  assert.ok(Math.max(...differences) < 1e-4, `log-probabilities differ by ${Math.max(...differences)}`);
  const found = await readBlock(gpu, gradient, layout.bytes / 4);
  for (const parameter of layout.parameters) {
    const from = (expected.gradient + parameter.offset) / 4;
    const mine = found.subarray(parameter.offset / 4, parameter.offset / 4 + sizeOf(parameter));
    const theirs = floats.subarray(from, from + sizeOf(parameter));
    const norm = Math.hypot(...theirs);
    const distance = Math.hypot(...mine.map((value, i) => value - (theirs[i] ?? 0)));
    assert.ok(norm > 1e-3, `${parameter.name} has no gradient`);
    assert.ok(distance < 1e-4 * norm, `${parameter.name}: ${distance / norm} of its norm off`);
  }
}

for (const [shape, config] of Object.entries(SHAPES)) {
  test(`loss, log-probabilities and every gradient are those of the processor: ${shape}`, { skip }, () =>
    compare(config, { name: 'cross_entropy' }),
  );
}

for (const name of ['importance_sampling', 'ppo', 'cispo'] as const) {
  test(`the gradient of ${name} is that of the processor`, { skip }, () => compare(SMALL, { name }));
}
