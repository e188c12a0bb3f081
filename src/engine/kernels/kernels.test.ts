import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRng } from '../../core/index.ts';
import { compileKernels, type Kernels, type Products } from './kernels.ts';
import { createMachine } from './machine.ts';
import { narrowProducts, wideProducts } from './products.ts';
import { createMemory, instantiate } from './wasm-host.ts';

const memory = createMemory();
const { kernels, floats } = createMachine(compileKernels(), memory);
const START = 1024;

/** Places matrices one after the other, filled with random numbers; returns their addresses. */
function place(seed: number, ...counts: readonly number[]): number[] {
  const rng = makeRng(seed);
  let next = START;
  return counts.map((count) => {
    const address = next;
    for (let i = 0; i < count; i++) floats()[address / 4 + i] = 2 * rng.next() - 1;
    next += 4 * count;
    return address;
  });
}

const at = (address: number, index: number): number => floats()[address / 4 + index] ?? Number.NaN;

type Name = 'matmul' | 'matmulAdd' | 'matmulLeftTransposed' | 'matmulLeftTransposedAdd';

const wide = wideProducts();

test('products in vectors of eight lanes give the bits of those in vectors of four', {
  skip: wide === undefined ? `${process.arch} and V8 ${process.versions.v8} have none` : false,
}, () => {
  const [narrow, wider] = [narrowProducts(), wide ?? {}].map((module) => instantiate(module, memory) as Products);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 15 }),
      fc.integer({ min: 0, max: 50 }),
      fc.constantFrom<Name>('matmul', 'matmulAdd', 'matmulLeftTransposed', 'matmulLeftTransposedAdd'),
      (m, quads, k, name) => {
        const n = 4 * quads;
        const strideA = 4 * (name.startsWith('matmulLeft') ? m : k);
        const results = [narrow, wider].map((products) => {
          const [a = 0, b = 0, c = 0] = place(m + n + k, m * k, k * n, m * n + 8);
          products?.[name](c, a, b, m, n, k, strideA, 4 * n, 4 * n);
          return floats().slice(c / 4, c / 4 + m * n + 8);
        });
        assert.deepEqual(results[1], results[0]);
      },
    ),
    { numRuns: 300 },
  );
});

for (const name of [
  'matmul',
  'matmulAdd',
  'matmulLeftTransposed',
  'matmulLeftTransposedAdd',
] as const satisfies readonly Name[]) {
  test(`${name} agrees with the definition for all shapes, and writes nothing beside its result`, () => {
    const transposed = name.startsWith('matmulLeft');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 23 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 21 }),
        (m, quads, k) => {
          const n = 4 * quads;
          const [a = 0, b = 0, c = 0] = place(m * 1000 + n * 10 + k, m * k, k * n, m * n + 4);
          const before = floats().slice(c / 4, c / 4 + m * n + 4);
          kernels[name](c, a, b, m, n, k, 4 * (transposed ? m : k), 4 * n, 4 * n);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = name.endsWith('Add') ? (before[i * n + j] ?? 0) : 0;
              for (let q = 0; q < k; q++) sum += at(a, transposed ? q * m + i : i * k + q) * at(b, q * n + j);
              assert.ok(Math.abs(at(c, i * n + j) - sum) < 1e-5, `${m} x ${n} x ${k} at ${i}, ${j}`);
            }
          }
          for (let i = 0; i < 4; i++) assert.equal(at(c, m * n + i), before[m * n + i]);
        },
      ),
      { numRuns: 60 },
    );
  });
}

test('a row of a product has the same bits alone and among others', () => {
  const [m, n, k] = [13, 20, 37];
  const [a = 0, b = 0, whole = 0, alone = 0] = place(1, m * k, k * n, m * n, n);
  kernels.matmul(whole, a, b, m, n, k, 4 * k, 4 * n, 4 * n);
  for (let row = 0; row < m; row++) {
    kernels.matmul(alone, a + 4 * row * k, b, 1, n, k, 4 * k, 4 * n, 4 * n);
    for (let j = 0; j < n; j++) assert.equal(at(alone, j), at(whole, row * n + j));
  }
});

test('exponentials agree with Math.exp, and their sums and maxima with the row', () => {
  const [rows, width, valid] = [3, 16, 13];
  const [x = 0, out = 0, maxima = 0, sums = 0] = place(2, rows * width, rows * width, rows, rows);
  for (let i = 0; i < rows * width; i++) floats()[x / 4 + i] = 30 * at(x, i);
  const values = floats().slice(x / 4, x / 4 + rows * width);
  kernels.exponentials(out, maxima, sums, x, rows, width, valid, 0.5);
  for (let row = 0; row < rows; row++) {
    const line = values.slice(row * width, row * width + valid);
    const top = Math.max(...line);
    let total = 0;
    assert.equal(at(maxima, row), top);
    for (const [j, value] of line.entries()) {
      const expected = Math.exp((value - top) / 2);
      total += expected;
      assert.ok(Math.abs(at(out, row * width + j) - expected) <= 2e-6 * expected);
    }
    for (let j = valid; j < width; j++) assert.equal(at(out, row * width + j), 0);
    assert.ok(Math.abs(at(sums, row) - total) < 1e-5 * total);
  }
});

test('the causal softmax grows by one place a row, sums to one and is zero beyond', () => {
  const [rows, width] = [6, 12];
  const [x = 0] = place(3, rows * width);
  kernels.softmax(x, rows, width, 4, 1, 2);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      if (j >= 4 + row) assert.equal(at(x, row * width + j), 0);
      sum += at(x, row * width + j);
    }
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
});

test('the rotation by minus one undoes the rotation by one', () => {
  const [rows, heads, headDim] = [3, 2, 16];
  const [x = 0, tables = 0] = place(4, rows * heads * headDim, 4 * headDim);
  for (let i = 0; i < 2 * headDim; i++) {
    floats()[tables / 4 + i] = Math.cos(i);
    floats()[tables / 4 + 2 * headDim + i] = Math.sin(i);
  }
  const positions = tables + 16 * headDim;
  new Int32Array(memory.buffer, positions, rows).set([2, 0, 3]);
  const before = floats().slice(x / 4, x / 4 + rows * heads * headDim);
  const turn = (direction: 1 | -1): void =>
    kernels.rope(x, positions, tables, tables + 8 * headDim, rows, heads, headDim, direction);
  turn(1);
  assert.ok(Math.abs(at(x, 1) - (before[1] ?? 0)) > 1e-3);
  turn(-1);
  for (const [i, value] of before.entries()) assert.ok(Math.abs(at(x, i) - value) < 1e-5);
});

test('the kernels that the interface names are those of the module', () => {
  const names: readonly (keyof Kernels)[] = Object.keys(kernels) as (keyof Kernels)[];
  assert.equal(names.length, 20);
  assert.ok(names.every((name) => typeof kernels[name] === 'function'));
});
