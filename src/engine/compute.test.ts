import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCheckpoint } from './checkpoint/new-checkpoint.ts';
import { isWorthTaking, openCompute } from './compute.ts';
import { embedded } from './open.ts';
import { SMALL } from './transformer/model.testkit.ts';
import type { GpuSearch } from './webgpu/find-gpu.ts';
import { skip } from './webgpu/webgpu.testkit.ts';

const { vocabSize: _, ...shape } = SMALL;
const checkpoint = await newCheckpoint({
  name: 'small',
  config: shape,
  vocabulary: { pieces: [...'0123456789'], special: ['<|end|>'], chatTemplate: '' },
  seed: 1,
});

test('auto takes a GPU, but no program that plays one, and nothing where there is nothing', () => {
  const found = { found: true, name: 'a GPU', open: () => Promise.reject(new Error('not opened')) } as const;
  const searches: readonly [GpuSearch, boolean][] = [
    [{ ...found, isSoftware: false }, true],
    [{ ...found, isSoftware: true }, false],
    [{ found: false, reason: 'no GPU was found', mend: 'Get one.' }, false],
  ];
  for (const [search, expected] of searches) assert.equal(isWorthTaking(search), expected);
});

test('a small model stays on the processor unless told otherwise', async () => {
  for (const options of [{}, { device: 'auto' }, { device: 'cpu' }] as const) {
    const compute = await openCompute(checkpoint, { ...options, threads: 1 });
    assert.deepEqual([compute.device, compute.name], ['cpu', 'one core']);
    await compute.close();
  }
});

test('where there is no GPU, asking for it is an error that says what to do', {
  skip: skip === false && 'there is one',
}, async () => {
  const refused = { name: 'WinnowError', code: 'unsupported', message: /There is no GPU/, hint: /npm install|driver/ };
  await assert.rejects(openCompute(checkpoint, { device: 'webgpu' }), refused);
});

test('where there is a GPU, a small model runs on it when told so', { skip }, async () => {
  const model = await embedded(checkpoint, { device: 'webgpu' });
  const [sequence] = await model.sampleTokens({ prompt: [1, 2, 3], maxTokens: 5, stopTokens: [] });
  assert.equal(sequence?.tokens.length, 5);
  await model.close();
});
