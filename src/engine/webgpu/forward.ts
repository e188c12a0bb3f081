/** The forward pass on the device, over packed rows as in `../transformer/forward.ts`; shape suffixes as there. */
import { WinnowError } from '../../core/index.ts';
import type { Batch, Segment } from '../transformer/batch.ts';
import type { LayerLayout } from '../transformer/layout.ts';
import type { Buffer } from './api.ts';
import type { GpuModel } from './gpu-model.ts';
import { elementwise, rowwise, WIDEST_GRID } from './kernel.ts';
import { attend as attendKernel, SPAN } from './kernels/attention-kernels.ts';
import { gather, rmsNorm, rotate, swiglu } from './kernels/layer-kernels.ts';
import { PRODUCTS, type ProductForm, productGrid, residualProduct } from './kernels/matmul.ts';
import type { ScratchSet } from './scratch.ts';

/** One pass over `rows` rows: where it runs and where its buffers come from. */
export interface Pass {
  readonly model: GpuModel;
  readonly scratch: ScratchSet;
  readonly rows: number;
}

/** What a layer keeps for its gradient. */
export interface LayerTape {
  readonly input_ND: Buffer;
  readonly normed_ND: Buffer;
  readonly normScale_N: Buffer;
  readonly rawQuery_NHd: Buffer;
  readonly rawKey_NGd: Buffer;
  readonly query_NHd: Buffer;
  readonly key_NGd: Buffer;
  readonly value_NGd: Buffer;
  readonly queryScale_NH: Buffer;
  readonly keyScale_NG: Buffer;
  readonly mixed_NHd: Buffer;
  readonly stats_NH2: Buffer;
  readonly middle_ND: Buffer;
  readonly middleNormed_ND: Buffer;
  readonly middleScale_N: Buffer;
  readonly gate_NF: Buffer;
  readonly up_NF: Buffer;
  readonly hidden_NF: Buffer;
}

export interface Tape {
  readonly ids: Buffer;
  readonly positions: Buffer;
  readonly spans: Buffer;
  readonly layers: readonly LayerTape[];
  readonly output_ND: Buffer;
  readonly normed_ND: Buffer;
  readonly normScale_N: Buffer;
}

/** Runs all layers and the final norm, keeping everything the gradient needs. */
export function forward(pass: Pass, batch: Batch): Tape {
  const { model, scratch, rows } = pass;
  const { hiddenSize: D } = model.layout.config;
  const inputs = placeBatch(pass, batch);
  let x_ND = scratch.take(rows * D);
  embed(pass, inputs.ids, x_ND);
  const layers = model.layout.layers.map((layer) => {
    const tape = takeLayer(pass, x_ND);
    project(pass, layer, tape, inputs.positions);
    attend(pass, tape, inputs.spans);
    x_ND = scratch.take(rows * D);
    finishLayer(pass, layer, tape, x_ND);
    return tape;
  });
  const [normed_ND, normScale_N] = [scratch.take(rows * D), scratch.take(rows)];
  finalNorm(pass, x_ND, normed_ND, normScale_N);
  return { ...inputs, layers, output_ND: x_ND, normed_ND, normScale_N };
}

/** Writes a batch's tokens, positions and spans to the device. */
export function placeBatch(pass: Pass, batch: Batch): Pick<Tape, 'ids' | 'positions' | 'spans'> {
  const { rows } = pass;
  if (rows > WIDEST_GRID) {
    throw new WinnowError('unsupported', `${rows} tokens at once; on a GPU the engine takes up to ${WIDEST_GRID}.`, {
      hint: 'Use shorter sequences or --device cpu.',
    });
  }
  return {
    ids: placeNumbers(pass, Uint32Array.from(batch.tokens)),
    positions: placeNumbers(pass, Uint32Array.from(batch.positions)),
    spans: placeNumbers(pass, spansOf(batch.segments, rows)),
  };
}

/** Numbers on the device, for the length of the pass. */
export function placeNumbers({ model, scratch }: Pass, values: Float32Array | Uint32Array): Buffer {
  const buffer = scratch.take(values.length);
  model.gpu.write(buffer, values);
  return buffer;
}

/** For each row what it sees and until where it is seen; see `kernels/attention-kernels.ts`. */
export function spansOf(segments: readonly Segment[], rows: number): Uint32Array {
  const spans = new Uint32Array(SPAN * rows);
  const ends = segments.map(({ start, length }) => start + length);
  for (const { start, length, parent } of segments) if (parent !== undefined) ends[parent] = start + length;
  segments.forEach(({ start, length, parent }, index) => {
    const shared = parent === undefined ? undefined : segments[parent];
    for (let row = start; row < start + length; row++) {
      spans.set([shared?.start ?? 0, shared?.length ?? 0, start, ends[index] ?? row + 1], SPAN * row);
    }
  });
  return spans;
}

export function embed({ model, rows }: Pass, ids: Buffer, x_ND: Buffer): void {
  const { layout, weights, gpu } = model;
  const width = layout.config.hiddenSize;
  const table = weights.at(layout.embedding);
  gpu.run(gather, { table, ids, out: x_ND }, { rows, width }, elementwise(rows * width));
}

/** Takes one layer's tensors. */
export function takeLayer({ model, scratch, rows }: Pass, input_ND: Buffer): LayerTape {
  const { hiddenSize: D, feedForward: F, heads, keyValueHeads, headDim } = model.layout.config;
  const [queryDim, keyDim] = [heads * headDim, keyValueHeads * headDim];
  const take = (width: number): Buffer => scratch.take(rows * width, `A batch of ${rows} tokens`);
  return {
    input_ND,
    normed_ND: take(D),
    normScale_N: take(1),
    rawQuery_NHd: take(queryDim),
    rawKey_NGd: take(keyDim),
    query_NHd: take(queryDim),
    key_NGd: take(keyDim),
    value_NGd: take(keyDim),
    queryScale_NH: take(heads),
    keyScale_NG: take(keyValueHeads),
    mixed_NHd: take(queryDim),
    stats_NH2: take(2 * heads),
    middle_ND: take(D),
    middleNormed_ND: take(D),
    middleScale_N: take(1),
    gate_NF: take(F),
    up_NF: take(F),
    hidden_NF: take(F),
  };
}

/** From the layer's input to queries and keys (normalised and rotated) and values. */
export function project(pass: Pass, layer: LayerLayout, t: LayerTape, positions: Buffer): void {
  const { model, rows } = pass;
  const { gpu, layout, cosines, sines, weights } = model;
  const { hiddenSize: D, heads, keyValueHeads, headDim } = layout.config;
  const [queryDim, keyDim] = [heads * headDim, keyValueHeads * headDim];
  norm(pass, t.input_ND, layer.inputNorm, rows, D, t.normed_ND, t.normScale_N);
  linear(pass, 'plain', t.normed_ND, D, weights.at(layer.query), queryDim, t.rawQuery_NHd, queryDim);
  linear(pass, 'plain', t.normed_ND, D, weights.at(layer.key), keyDim, t.rawKey_NGd, keyDim);
  linear(pass, 'plain', t.normed_ND, D, weights.at(layer.value), keyDim, t.value_NGd, keyDim);
  norm(pass, t.rawQuery_NHd, layer.queryNorm, rows * heads, headDim, t.query_NHd, t.queryScale_NH);
  norm(pass, t.rawKey_NGd, layer.keyNorm, rows * keyValueHeads, headDim, t.key_NGd, t.keyScale_NG);
  const turn = (x: Buffer, count: number): void => {
    const params = { rows, heads: count, headDim, direction: 1 };
    gpu.run(rotate, { positions, cosines, sines, x }, params, elementwise((rows * count * headDim) / 2));
  };
  turn(t.query_NHd, heads);
  turn(t.key_NGd, keyValueHeads);
}

export function attend({ model, rows }: Pass, t: LayerTape, spans: Buffer): void {
  const { gpu, layout } = model;
  const { heads, keyValueHeads: keyHeads, headDim } = layout.config;
  const buffers = {
    query: t.query_NHd,
    key: t.key_NGd,
    value: t.value_NGd,
    spans,
    mixed: t.mixed_NHd,
    stats: t.stats_NH2,
  };
  gpu.run(attendKernel, buffers, { heads, keyHeads, lanes: headDim / 4, scale: 1 / Math.sqrt(headDim) }, [
    rows,
    heads,
    1,
  ]);
}

/** From the attention's output to the layer's: output projection, residual, SwiGLU, residual. */
export function finishLayer(pass: Pass, layer: LayerLayout, t: LayerTape, out_ND: Buffer): void {
  const { model, rows } = pass;
  const { gpu, layout, weights } = model;
  const { hiddenSize: D, feedForward: F, heads, headDim } = layout.config;
  const onto = (residual: Buffer, a: Buffer, width: number, weight: number, c: Buffer): void => {
    const params = { m: rows, n: D, k: width, strideA: width, strideB: D, strideC: D, factor: 1 };
    gpu.run(residualProduct, { a, b: weights.at(weight), residual, c }, params, productGrid(rows, D));
  };
  onto(t.input_ND, t.mixed_NHd, heads * headDim, layer.output, t.middle_ND);
  norm(pass, t.middle_ND, layer.middleNorm, rows, D, t.middleNormed_ND, t.middleScale_N);
  linear(pass, 'plain', t.middleNormed_ND, D, weights.at(layer.gate), F, t.gate_NF, F);
  linear(pass, 'plain', t.middleNormed_ND, D, weights.at(layer.up), F, t.up_NF, F);
  const count = rows * F;
  gpu.run(swiglu, { gate: t.gate_NF, up: t.up_NF, out: t.hidden_NF }, { count }, elementwise(count));
  onto(t.middle_ND, t.hidden_NF, F, layer.down, out_ND);
}

export function finalNorm(pass: Pass, x_ND: Buffer, normed_ND: Buffer, normScale_N: Buffer): void {
  const { finalNorm: weight, config } = pass.model.layout;
  norm(pass, x_ND, weight, pass.rows, config.hiddenSize, normed_ND, normScale_N);
}

/** A buffer for the logits of all rows, [rows, paddedVocab]. */
export function takeLogits({ model, scratch, rows }: Pass): Buffer {
  return scratch.take(rows * model.layout.paddedVocab, `The logits of ${rows} tokens`);
}

/** logits = normed · head; with tied embeddings the surplus columns are left as they are. */
export function projectLogits(pass: Pass, normed_ND: Buffer, logits_NV: Buffer): void {
  const { layout, weights } = pass.model;
  const { hiddenSize: D, vocabSize, tied } = layout.config;
  const V = layout.paddedVocab;
  if (tied) linear(pass, 'right transposed', normed_ND, D, weights.at(layout.embedding), vocabSize, logits_NV, V);
  else linear(pass, 'plain', normed_ND, D, weights.at(layout.head), V, logits_NV, V);
}

/** out [rows, outWidth], in rows of `stride` = x [rows, width] times a weight, which lies as it is or transposed. */
export function linear(
  { model, rows }: Pass,
  form: Exclude<ProductForm, 'left transposed'>,
  x: Buffer,
  width: number,
  weight: Buffer,
  outWidth: number,
  out: Buffer,
  stride: number,
  end: 'write' | 'add' = 'write',
): void {
  const strideB = form === 'plain' ? outWidth : width;
  const params = { m: rows, n: outWidth, k: width, strideA: width, strideB, strideC: stride, factor: 1 };
  model.gpu.run(PRODUCTS[form][end], { a: x, b: weight, c: out }, params, productGrid(rows, outWidth));
}

function norm(
  { model }: Pass,
  x: Buffer,
  weight: number,
  rows: number,
  width: number,
  out: Buffer,
  scale: Buffer,
): void {
  const buffers = { x, weight: model.weights.at(weight), out, scale };
  model.gpu.run(rmsNorm, buffers, { rows, width, epsilon: model.layout.config.normEpsilon }, rowwise(rows));
}
