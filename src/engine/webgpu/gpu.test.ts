import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WinnowError } from '../../core/index.ts';
import { layoutOf } from '../transformer/layout.ts';
import { SMALL } from '../transformer/model.testkit.ts';
import { spansOf } from './forward.ts';
import { gpuOn } from './gpu.ts';
import { placeOnGpu } from './gpu-model.ts';
import { elementwise, kernel, rowwise, wgslOf } from './kernel.ts';
import { swiglu } from './kernels/layer-kernels.ts';
import { createPages } from './pages.ts';
import { createScratch } from './scratch.ts';
import { openTestGpu, randomWeights, requestTestDevice, skip } from './webgpu.testkit.ts';

test('a row sees the shared beginning and its own segment, and is seen by all that follow it in its run', () => {
  const segments = [
    { start: 0, length: 2, parent: undefined },
    { start: 2, length: 1, parent: 0 },
    { start: 3, length: 2, parent: 0 },
    { start: 5, length: 1, parent: undefined },
  ];
  const rows = spansOf(segments, 6);
  const ofRow = (row: number): number[] => [...rows.subarray(4 * row, 4 * row + 4)];
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(ofRow), [
    [0, 0, 0, 5],
    [0, 0, 0, 5],
    [0, 2, 2, 3],
    [0, 2, 3, 5],
    [0, 2, 3, 5],
    [0, 0, 5, 6],
  ]);
});

test('grids hold every row and stay within what devices allow', () => {
  for (const count of [1, 64, 65_535, 65_536, 1_000_003]) {
    const [x, y] = rowwise(count);
    assert.ok(x * y >= count && x <= 65_535 && y <= 65_535);
  }
  assert.deepEqual(elementwise(65), [2, 1, 1]);
});

test('a kernel sees its parameters and buffers under their names', () => {
  assert.match(
    wgslOf(swiglu),
    /struct Params \{ count: u32 \}[\s\S]*@binding\(3\) var<storage, read_write> out: array<f32>/,
  );
});

test('a buffer that the device does not allow is refused with its size and the limit', { skip }, async () => {
  const gpu = await openTestGpu();
  const tooLarge = (error: unknown): boolean =>
    error instanceof WinnowError &&
    error.code === 'unsupported' &&
    /needs \d+ MB in one piece;.*allows \d+ MB/.test(error.message);
  assert.throws(() => gpu.allocate(gpu.largestBuffer + 1, 'The embedding'), tooLarge);
  const pages = createPages(gpu, SMALL);
  assert.throws(() => pages.allocate(gpu.largestBuffer), { code: 'unsupported', message: /caches/ });
  assert.equal(pages.used(), 0);
  const wide = layoutOf({ ...SMALL, vocabSize: Math.ceil((gpu.largestBuffer + 1) / SMALL.hiddenSize) });
  await assert.rejects(placeOnGpu(gpu, wide, new Float32Array()), tooLarge);
  gpu.close();
});

test('a head that the kernels cannot share out is refused', { skip }, async () => {
  const gpu = await openTestGpu();
  const { layout, weights } = randomWeights({ ...SMALL, headDim: 264 }, 1);
  await assert.rejects(placeOnGpu(gpu, layout, weights), { code: 'unsupported', message: /Heads of 264/ });
  gpu.close();
});

test('after the device is gone every call says so, also one that waits', { skip }, async () => {
  const gpu = await openTestGpu();
  const buffer = gpu.allocate(64, 'A test');
  const waiting = gpu.read(buffer, 64);
  gpu.close();
  const gone = { name: 'WinnowError', code: 'wrong-use', message: /was closed/ };
  await assert.rejects(waiting, gone);
  await assert.rejects(gpu.read(buffer, 64), gone);
  assert.throws(() => gpu.run(swiglu, { gate: buffer, up: buffer, out: buffer }, { count: 1 }, [1, 1, 1]), gone);
});

test('a device that is lost is an error that says what to do', { skip }, async () => {
  const device = await requestTestDevice();
  const gpu = gpuOn(device, 2 ** 20, 'The GPU', true);
  const buffer = gpu.allocate(64, 'A test');
  const waiting = gpu.read(buffer, 64);
  device.destroy();
  const lost = { name: 'WinnowError', code: 'io', message: /The GPU was lost/, hint: /last saved state/ };
  await assert.rejects(waiting, lost);
  await assert.rejects(gpu.read(buffer, 64), lost);
});

test('what the device refuses is an error of the next read', { skip }, async () => {
  const gpu = await openTestGpu();
  const broken = kernel({ name: 'broken', buffers: { out: 'out' }, params: { count: 'u32' }, code: 'no program' });
  const out = gpu.allocate(4, 'A test');
  await assert.rejects(
    async () => {
      gpu.run(broken, { out }, { count: 1 }, [1, 1, 1]);
      await gpu.read(out, 4);
    },
    { name: 'WinnowError', code: 'internal', message: /refused what the engine asked/ },
  );
  gpu.close();
});

test('buffers of a pass are used again, and freed when they are far more than a pass needs', { skip }, async () => {
  const gpu = await openTestGpu();
  const scratch = createScratch(gpu);
  const large = scratch.open();
  const first = large.take(1000);
  large.release();
  const again = scratch.open();
  assert.equal(again.take(900), first);
  assert.notEqual(again.take(900), first);
  again.release();
  const small = scratch.open();
  assert.notEqual(small.take(100), first, 'a buffer ten times as long is not wasted on it');
  small.release();
  const after = scratch.open();
  assert.notEqual(after.take(1000), first, 'it was freed');
  after.release();
  gpu.close();
});
