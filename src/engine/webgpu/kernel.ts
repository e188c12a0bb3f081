/** A compute kernel: a WGSL program with named buffers and parameters, so that a call cannot mix them up. */

/** `in` is only read, `out` is read and written; the element type is f32 unless said otherwise. */
export type BufferKind = 'in' | 'out' | 'in u32' | 'out u32' | 'in vec4' | 'out vec4';

export interface Kernel<B extends string = string, P extends string = string> {
  /** Tells pipelines apart; kernels written for a width carry it in their name. */
  readonly name: string;
  readonly buffers: Readonly<Record<B, BufferKind>>;
  readonly params: Readonly<Record<P, 'u32' | 'f32'>>;
  /** WGSL with an entry point `main`; sees each buffer under its name and the parameters as fields of `p`. */
  readonly code: string;
}

export const kernel = <B extends string, P extends string>(source: Kernel<B, P>): Kernel<B, P> => source;

const ELEMENT: Readonly<Record<BufferKind, string>> = {
  in: 'f32',
  out: 'f32',
  'in u32': 'u32',
  'out u32': 'u32',
  'in vec4': 'vec4<f32>',
  'out vec4': 'vec4<f32>',
};

export const isWritten = (kind: BufferKind): boolean => kind.startsWith('out');

/** The whole program: the parameters at binding 0, the buffers in order behind them. */
export function wgslOf({ buffers, params, code }: Kernel): string {
  const fields = Object.entries(params).map(([name, type]) => `${name}: ${type}`);
  const bindings = Object.entries(buffers).map(
    ([name, kind], i) =>
      `@group(0) @binding(${i + 1}) var<storage, ${isWritten(kind) ? 'read_write' : 'read'}> ${name}: array<${ELEMENT[kind]}>;`,
  );
  return [
    `struct Params { ${fields.join(', ')} }`,
    '@group(0) @binding(0) var<uniform> p: Params;',
    ...bindings,
    code,
  ].join('\n');
}

/** The opening of a kernel with one thread per element: `i` counts through the grid that `elementwise` gives. */
export const EACH_ELEMENT = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;`;

/** The opening of a kernel with 64 threads per row: `row` counts through the grid that `rowwise` gives. */
export const EACH_ROW = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;`;

/** The sum or the largest of one value per thread, known to all 64 of them. */
export const REDUCE = `
var<workgroup> reduced: array<f32, 64>;
fn sumOf(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  reduced[lane] = value;
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { reduced[lane] += reduced[lane + width]; }
  }
  workgroupBarrier();
  return reduced[0];
}
fn largestOf(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  reduced[lane] = value;
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { reduced[lane] = max(reduced[lane], reduced[lane + width]); }
  }
  workgroupBarrier();
  return reduced[0];
}`;

/** Workgroups of a dispatch. */
export type Grid = readonly [number, number, number];

/** Devices allow this many workgroups in a dimension, so longer rows of them are folded. */
export const WIDEST_GRID = 65_535;

/** One workgroup for each of `count` rows. The last line of the grid can go past the end. */
export function rowwise(count: number): Grid {
  const lines = Math.ceil(count / WIDEST_GRID);
  return [Math.ceil(count / lines), lines, 1];
}

/** One thread for each of `count` elements. */
export const elementwise = (count: number): Grid => rowwise(Math.ceil(count / 64));
