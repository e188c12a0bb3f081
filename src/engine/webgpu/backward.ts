/** The gradient of `forward`, layer by layer from the back, as in `../transformer/backward.ts`. */
import type { Batch } from '../transformer/batch.ts';
import type { LayerLayout } from '../transformer/layout.ts';
import type { Buffer } from './api.ts';
import { type LayerTape, linear, type Pass, placeNumbers, type Tape } from './forward.ts';
import type { Block } from './gpu-model.ts';
import { elementwise, rowwise } from './kernel.ts';
import { attendGradKey, attendGradQuery } from './kernels/attention-kernels.ts';
import {
  NORM_ROWS,
  normWeightGrad,
  normWeightSums,
  rmsNormGrad,
  rotate,
  scatterAdd,
  swigluGrad,
} from './kernels/layer-kernels.ts';
import { PRODUCTS, productGrid } from './kernels/matmul.ts';

interface GradientPass extends Pass {
  /** Everything is added to it. */
  readonly gradient: Block;
  readonly tape: Tape;
  /** The gradient of the residual stream, and of what a norm gave. */
  readonly dx_ND: Buffer;
  readonly dnormed_ND: Buffer;
}

/** Adds to the gradient what follows from the gradient of the logits. */
export function backward(pass: Pass, batch: Batch, tape: Tape, dlogits_NV: Buffer, gradient: Block): void {
  const { model, scratch, rows } = pass;
  const { layout, weights } = model;
  const { hiddenSize: D, vocabSize, tied, layers } = { ...layout.config, layers: layout.layers };
  const V = layout.paddedVocab;
  const inner: GradientPass = {
    ...pass,
    ...{ gradient, tape, dx_ND: scratch.take(rows * D), dnormed_ND: scratch.take(rows * D) },
  };
  if (tied) {
    embeddedHeadGrad(inner, dlogits_NV, vocabSize, V, D);
  } else {
    linear(pass, 'right transposed', dlogits_NV, V, weights.at(layout.head), D, inner.dnormed_ND, D);
    weightGrad(inner, layout.head, tape.normed_ND, D, dlogits_NV, V);
  }
  normGrad(inner, {
    ...{ grad: inner.dnormed_ND, x: tape.output_ND, scale: tape.normScale_N, dx: inner.dx_ND },
    ...{ weight: layout.finalNorm, rows, width: D, keep: 0 },
  });
  for (let index = layers.length - 1; index >= 0; index--) {
    const [layer, layerTape] = [layers[index], tape.layers[index]];
    if (layer === undefined || layerTape === undefined) continue;
    feedForwardGrad(inner, layer, layerTape);
    attentionGrad(inner, layer, layerTape);
  }
  embeddingGrad(inner, batch);
}

/** The head is the embedding table [vocabSize, D], transposed. */
function embeddedHeadGrad(pass: GradientPass, dlogits_NV: Buffer, vocabSize: number, V: number, D: number): void {
  const { model, rows, gradient, tape } = pass;
  const { gpu, layout, weights } = model;
  const input = { m: rows, n: D, k: vocabSize, strideA: V, strideB: D, strideC: D, factor: 1 };
  const buffers = { a: dlogits_NV, b: weights.at(layout.embedding), c: pass.dnormed_ND };
  gpu.run(PRODUCTS.plain.write, buffers, input, productGrid(rows, D));
  const table = { m: vocabSize, n: D, k: rows, strideA: V, strideB: D, strideC: D, factor: 1 };
  const sums = { a: dlogits_NV, b: tape.normed_ND, c: gradient.at(layout.embedding) };
  gpu.run(PRODUCTS['left transposed'].add, sums, table, productGrid(vocabSize, D));
}

/** gradient of a matrix [input, output] += input^T · dout */
function weightGrad(
  { model, rows, gradient }: GradientPass,
  weight: number,
  input: Buffer,
  width: number,
  dout: Buffer,
  outWidth: number,
): void {
  const params = { m: width, n: outWidth, k: rows, strideA: width, strideB: outWidth, strideC: outWidth, factor: 1 };
  const buffers = { a: input, b: dout, c: gradient.at(weight) };
  model.gpu.run(PRODUCTS['left transposed'].add, buffers, params, productGrid(width, outWidth));
}

/** The gradient of a matrix's input, from that of its output. */
function inputGrad(
  pass: GradientPass,
  din: Buffer,
  weight: number,
  width: number,
  dout: Buffer,
  outWidth: number,
  end: 'write' | 'add' = 'write',
): void {
  linear(pass, 'right transposed', dout, outWidth, pass.model.weights.at(weight), width, din, width, end);
}

interface NormGrad {
  readonly grad: Buffer;
  readonly x: Buffer;
  readonly scale: Buffer;
  readonly dx: Buffer;
  readonly weight: number;
  readonly rows: number;
  readonly width: number;
  /** 1 adds to `dx`, 0 writes it. */
  readonly keep: 0 | 1;
}

function normGrad(pass: GradientPass, { grad, x, scale, dx, weight, rows, width, keep }: NormGrad): void {
  const { model, scratch, gradient } = pass;
  const { gpu, weights } = model;
  gpu.run(rmsNormGrad, { grad, x, weight: weights.at(weight), scale, dx }, { rows, width, keep }, rowwise(rows));
  const blocks = Math.ceil(rows / NORM_ROWS);
  const sums = scratch.take(blocks * width);
  gpu.run(normWeightSums, { grad, x, scale, sums }, { rows, width }, rowwise(blocks));
  gpu.run(normWeightGrad, { sums, dweight: gradient.at(weight) }, { blocks, width }, rowwise(width));
  scratch.giveBack(sums);
}

function feedForwardGrad(pass: GradientPass, layer: LayerLayout, t: LayerTape): void {
  const { model, scratch, rows, dx_ND, dnormed_ND } = pass;
  const { hiddenSize: D, feedForward: F } = model.layout.config;
  const taken = [scratch.take(rows * F), scratch.take(rows * F), scratch.take(rows * F)] as const;
  const [dhidden_NF, dgate_NF, dup_NF] = taken;
  inputGrad(pass, dhidden_NF, layer.down, F, dx_ND, D);
  weightGrad(pass, layer.down, t.hidden_NF, F, dx_ND, D);
  const buffers = { grad: dhidden_NF, gate: t.gate_NF, up: t.up_NF, dgate: dgate_NF, dup: dup_NF };
  model.gpu.run(swigluGrad, buffers, { count: rows * F }, elementwise(rows * F));
  weightGrad(pass, layer.gate, t.middleNormed_ND, D, dgate_NF, F);
  weightGrad(pass, layer.up, t.middleNormed_ND, D, dup_NF, F);
  inputGrad(pass, dnormed_ND, layer.gate, D, dgate_NF, F);
  inputGrad(pass, dnormed_ND, layer.up, D, dup_NF, F, 'add');
  normGrad(pass, {
    ...{ grad: dnormed_ND, x: t.middle_ND, scale: t.middleScale_N, dx: dx_ND },
    ...{ weight: layer.middleNorm, rows, width: D, keep: 1 },
  });
  for (const buffer of taken) scratch.giveBack(buffer);
}

function attentionGrad(pass: GradientPass, layer: LayerLayout, t: LayerTape): void {
  const { model, scratch, rows, dx_ND, dnormed_ND } = pass;
  const { hiddenSize: D, heads, keyValueHeads, headDim } = model.layout.config;
  const [queryDim, keyDim] = [heads * headDim, keyValueHeads * headDim];
  const widths = [queryDim, queryDim, keyDim, keyDim, queryDim, keyDim];
  const taken = widths.map((width) => scratch.take(rows * width)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  const [dmixed, dquery, dkey, dvalue, drawQuery, drawKey] = taken;
  inputGrad(pass, dmixed, layer.output, queryDim, dx_ND, D);
  weightGrad(pass, layer.output, t.mixed_NHd, queryDim, dx_ND, D);
  scoreGrad(pass, t, { dmixed, dquery, dkey, dvalue });
  projectedGrad(
    pass,
    { grad: dquery, x: t.rawQuery_NHd, scale: t.queryScale_NH, dx: drawQuery },
    layer.queryNorm,
    heads,
  );
  projectedGrad(pass, { grad: dkey, x: t.rawKey_NGd, scale: t.keyScale_NG, dx: drawKey }, layer.keyNorm, keyValueHeads);
  weightGrad(pass, layer.query, t.normed_ND, D, drawQuery, queryDim);
  weightGrad(pass, layer.key, t.normed_ND, D, drawKey, keyDim);
  weightGrad(pass, layer.value, t.normed_ND, D, dvalue, keyDim);
  inputGrad(pass, dnormed_ND, layer.query, D, drawQuery, queryDim);
  inputGrad(pass, dnormed_ND, layer.key, D, drawKey, keyDim, 'add');
  inputGrad(pass, dnormed_ND, layer.value, D, dvalue, keyDim, 'add');
  normGrad(pass, {
    ...{ grad: dnormed_ND, x: t.input_ND, scale: t.normScale_N, dx: dx_ND },
    ...{ weight: layer.inputNorm, rows, width: D, keep: 1 },
  });
  for (const buffer of taken) scratch.giveBack(buffer);
}

function scoreGrad(
  { model, rows, tape: { spans } }: GradientPass,
  t: LayerTape,
  { dmixed, dquery, dkey, dvalue }: Readonly<Record<'dmixed' | 'dquery' | 'dkey' | 'dvalue', Buffer>>,
): void {
  const { gpu, layout } = model;
  const { heads, keyValueHeads: keyHeads, headDim } = layout.config;
  const params = { heads, keyHeads, lanes: headDim / 4, scale: 1 / Math.sqrt(headDim) };
  const given = { query: t.query_NHd, key: t.key_NGd, value: t.value_NGd, dmixed, spans, stats: t.stats_NH2 };
  gpu.run(attendGradQuery, { ...given, mixed: t.mixed_NHd, dquery }, params, [rows, heads, 1]);
  gpu.run(attendGradKey, { ...given, dkey, dvalue }, params, [rows, keyHeads, 1]);
}

/** Back through the rotation and the norm of queries or keys; the rotation is undone in place. */
function projectedGrad(
  pass: GradientPass,
  buffers: Readonly<Record<'grad' | 'x' | 'scale' | 'dx', Buffer>>,
  weight: number,
  heads: number,
): void {
  const { model, rows, tape } = pass;
  const { gpu, layout, cosines, sines } = model;
  const { headDim } = layout.config;
  const params = { rows, heads, headDim, direction: -1 };
  const turned = { positions: tape.positions, cosines, sines, x: buffers.grad };
  gpu.run(rotate, turned, params, elementwise((rows * heads * headDim) / 2));
  normGrad(pass, { ...buffers, weight, rows: rows * heads, width: headDim, keep: 0 });
}

/** Rows of the same token are added up in the order of the batch. */
function embeddingGrad(pass: GradientPass, batch: Batch): void {
  const { model, gradient, dx_ND } = pass;
  const { gpu, layout } = model;
  const byToken = new Map<number, number[]>();
  for (const [row, token] of batch.tokens.entries()) {
    const rows = byToken.get(token);
    if (rows === undefined) byToken.set(token, [row]);
    else rows.push(row);
  }
  const lists = [...byToken.values()];
  const starts = new Uint32Array(lists.length + 1);
  lists.forEach((rows, i) => {
    starts[i + 1] = (starts[i] ?? 0) + rows.length;
  });
  const place = (values: Uint32Array): Buffer => placeNumbers(pass, values);
  const lookups = { tokens: Uint32Array.from(byToken.keys()), starts, order: Uint32Array.from(lists.flat()) };
  const buffers = { tokens: place(lookups.tokens), starts: place(starts), order: place(lookups.order) };
  const params = { tokens: byToken.size, width: layout.config.hiddenSize };
  gpu.run(scatterAdd, { ...buffers, x: dx_ND, table: gradient.at(layout.embedding) }, params, rowwise(byToken.size));
}
