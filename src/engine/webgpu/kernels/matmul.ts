import { type Grid, type Kernel, kernel } from '../kernel.ts';

/** How a product's factors lie: as they are, the right one transposed, or the left one. */
export type ProductForm = 'plain' | 'right transposed' | 'left transposed';

const PARAMS = { m: 'u32', n: 'u32', k: 'u32', strideA: 'u32', strideB: 'u32', strideC: 'u32', factor: 'f32' } as const;
type ProductKernel = Kernel<'a' | 'b' | 'c', keyof typeof PARAMS>;

/** Rows and columns of the product that one workgroup computes. */
const TILE = 64;

/**
 * c [m, n] = factor a b, with a [m, k] or, transposed, [k, m], and b [k, n] or [n, k]; strides in floats. A workgroup of 256 threads
 * computes a tile of 64 x 64, a thread 4 x 4 of it; 16 rows of both factors at a time lie in workgroup memory. Each element's
 * sum runs over k in one order whatever the size of the product, so a row comes out the same in any batch.
 */
function product(form: ProductForm, end: 'write' | 'add'): ProductKernel {
  return kernel({
    name: `matmul, ${form}, ${end}`,
    buffers: { a: 'in', b: 'in', c: 'out' },
    params: PARAMS,
    code: codeOf(form, end === 'add' ? 'c[at] + value' : 'value'),
  });
}

const codeOf = (form: ProductForm, result: string): string => `
var<workgroup> tileA: array<vec4<f32>, 256>;
var<workgroup> tileB: array<vec4<f32>, 256>;
fn elementA(i: u32, k: u32) -> f32 {
  if (i >= p.m || k >= p.k) { return 0.0; }
  return a[${form === 'left transposed' ? 'k * p.strideA + i' : 'i * p.strideA + k'}];
}
fn elementB(k: u32, j: u32) -> f32 {
  if (j >= p.n || k >= p.k) { return 0.0; }
  return b[${form === 'right transposed' ? 'j * p.strideB + k' : 'k * p.strideB + j'}];
}
fn store(i: u32, j: u32, sum: f32) {
  if (i >= p.m || j >= p.n) { return; }
  let at = i * p.strideC + j;
  let value = p.factor * sum;
  c[at] = ${result};
}
fn storeRow(i: u32, j: u32, values: vec4<f32>) {
  store(i, j, values.x);
  store(i, j + 1u, values.y);
  store(i, j + 2u, values.z);
  store(i, j + 3u, values.w);
}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 64u;
  let column = group.x * 64u;
  let x = lane % 16u;
  let y = lane / 16u;
  // Neighbouring threads read neighbouring floats.
  let kA = ${form === 'left transposed' ? 'y' : 'x'};
  let iA = ${form === 'left transposed' ? 'x' : 'y'};
  let kB = ${form === 'right transposed' ? 'x' : 'y'};
  let jB = ${form === 'right transposed' ? 'y' : 'x'};
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k = 0u; k < p.k; k += 16u) {
    let i = row + 4u * iA;
    let j = column + 4u * jB;
    tileA[kA * 16u + iA] = vec4<f32>(elementA(i, k + kA), elementA(i + 1u, k + kA), elementA(i + 2u, k + kA), elementA(i + 3u, k + kA));
    tileB[kB * 16u + jB] = vec4<f32>(elementB(k + kB, j), elementB(k + kB, j + 1u), elementB(k + kB, j + 2u), elementB(k + kB, j + 3u));
    workgroupBarrier();
    for (var step = 0u; step < 16u; step++) {
      let left = tileA[step * 16u + y];
      let right = tileB[step * 16u + x];
      sum0 += left.x * right;
      sum1 += left.y * right;
      sum2 += left.z * right;
      sum3 += left.w * right;
    }
    workgroupBarrier();
  }
  let i = row + 4u * y;
  let j = column + 4u * x;
  storeRow(i, j, sum0);
  storeRow(i + 1u, j, sum1);
  storeRow(i + 2u, j, sum2);
  storeRow(i + 3u, j, sum3);
}`;

const both = (form: ProductForm) => ({ write: product(form, 'write'), add: product(form, 'add') });

/** c = factor a b or c += factor a b, for each form. */
export const PRODUCTS = {
  plain: both('plain'),
  'right transposed': both('right transposed'),
  'left transposed': both('left transposed'),
} as const;

/** c = residual + factor a b, where the residual lies as c does; plain form. */
export const residualProduct = kernel({
  name: 'matmul, residual',
  buffers: { a: 'in', b: 'in', residual: 'in', c: 'out' },
  params: PARAMS,
  code: codeOf('plain', 'residual[at] + value'),
});

export const productGrid = (m: number, n: number): Grid => [Math.ceil(n / TILE), Math.ceil(m / TILE), 1];
