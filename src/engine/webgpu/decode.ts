/** Draws completions on the device, several tokens between two looks at them. */
import { WinnowError } from '../../core/index.ts';
import { type Alternative, type DecodedPiece, type DecodeRow, mostLikely } from '../sampling/decode.ts';
import { drawToken, uniform } from '../sampling/draw.ts';
import type { ModelConfig } from '../transformer/config.ts';
import type { Buffer } from './api.ts';
import {
  embed,
  finalNorm,
  finishLayer,
  type LayerTape,
  type Pass,
  placeNumbers,
  project,
  projectLogits,
  takeLayer,
  takeLogits,
} from './forward.ts';
import type { GpuModel } from './gpu-model.ts';
import { elementwise, rowwise } from './kernel.ts';
import { attendCached, draw, openStep, storeCached } from './kernels/sampling-kernels.ts';
import type { Pages } from './pages.ts';
import type { Scratch } from './scratch.ts';

/** What a slice of steps works on. */
interface Slice extends Pass {
  readonly pages: Pages;
  /** Each row's lengths, and the pages of all; see `kernels/sampling-kernels.ts`. */
  readonly rowTable: Buffer;
  readonly table: Buffer;
  /** The tokens to feed next. */
  readonly tokens: Buffer;
  readonly slots: Buffer;
  readonly positions: Buffer;
  readonly counts: Buffer;
  readonly sources: Buffer;
  readonly tape: LayerTape;
  readonly x_ND: Buffer;
  readonly normed_ND: Buffer;
  readonly normScale_N: Buffer;
  readonly logits_NV: Buffer;
}

interface Piece {
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly alternatives: (readonly Alternative[])[];
  stopReason: 'stop' | 'length' | undefined;
}

/** Draws up to `steps` tokens for every row; what a row would have drawn after its end is dropped. */
export async function decode(
  model: GpuModel,
  scratch: Scratch,
  pages: Pages,
  rows: readonly DecodeRow[],
  steps: number,
): Promise<readonly DecodedPiece[]> {
  const set = scratch.open();
  try {
    const slice = openSlice({ model, scratch: set, rows: rows.length }, pages, rows);
    // Truncation and alternatives need the logits in order, so such rows are drawn here, a token at a time.
    const here = rows.some(({ topP, topK, alternatives }) => topP < 1 || topK > 0 || alternatives > 0);
    const pieces = rows.map((): Piece => ({ tokens: [], logprobs: [], alternatives: [], stopReason: undefined }));
    const useful = Math.min(steps, Math.max(...rows.map(({ maxTokens, drawn }) => maxTokens - drawn)));
    await (here ? drawHere : drawOnDevice)(slice, rows, pieces, useful);
    return pieces;
  } finally {
    set.release();
  }
}

function openSlice(pass: Pass, pages: Pages, rows: readonly DecodeRow[]): Slice {
  const { model, scratch } = pass;
  const { layout } = model;
  const place = (values: Uint32Array): Buffer => placeNumbers(pass, values);
  const table: number[] = [];
  const lengths: number[] = [];
  for (const { prefix, tail } of rows) {
    lengths.push(prefix.length, tail.length, tail.capacity, table.length);
    table.push(...pages.pagesOf(prefix.address), ...pages.pagesOf(tail.address));
  }
  const count = rows.length;
  const x_ND = scratch.take(count * layout.config.hiddenSize);
  return {
    ...pass,
    pages,
    rowTable: place(Uint32Array.from(lengths)),
    table: place(Uint32Array.from(table)),
    tokens: place(Uint32Array.from(rows, ({ token }) => token)),
    sources: place(Uint32Array.from(rows.keys())),
    slots: scratch.take(count),
    positions: scratch.take(count),
    counts: scratch.take(count),
    x_ND,
    tape: takeLayer(pass, x_ND),
    normed_ND: scratch.take(count * layout.config.hiddenSize),
    normScale_N: scratch.take(count),
    logits_NV: takeLogits(pass),
  };
}

/** Feeds one token a row; leaves the logits. */
function feed(slice: Slice, step: number): void {
  const { model, rows: count, pages, tape, x_ND, slots, positions, counts, rowTable, table } = slice;
  const { gpu, layout } = model;
  const { heads, keyValueHeads: keyHeads, headDim, contextTokens: context } = layout.config;
  const places = { rows: rowTable, table, slots, positions, counts };
  gpu.run(openStep, places, { count, step, context }, elementwise(count));
  embed(slice, slice.tokens, x_ND);
  const width = keyHeads * headDim;
  layout.layers.forEach((layer, index) => {
    const cache = pages.layer(index);
    project(slice, layer, tape, positions);
    const fresh = { key: tape.key_NGd, value: tape.value_NGd, sources: slice.sources, slots };
    gpu.run(storeCached, { ...fresh, ...cache }, { count, width }, elementwise(count * width));
    const seen = { query: tape.query_NHd, key: cache.keys, value: cache.values, rows: rowTable, table, counts };
    const params = { heads, keyHeads, lanes: headDim / 4, scale: 1 / Math.sqrt(headDim) };
    gpu.run(attendCached, { ...seen, mixed: tape.mixed_NHd }, params, [count, heads, 1]);
    finishLayer(slice, layer, tape, x_ND);
  });
  finalNorm(slice, x_ND, slice.normed_ND, slice.normScale_N);
  projectLogits(slice, slice.normed_ND, slice.logits_NV);
}

/** All steps without looking: each token is drawn on the device and fed again. */
async function drawOnDevice(
  slice: Slice,
  rows: readonly DecodeRow[],
  pieces: readonly Piece[],
  steps: number,
): Promise<void> {
  const { model, scratch, tokens, logits_NV: logits } = slice;
  const { gpu, layout } = model;
  const { config, paddedVocab: stride } = layout;
  const count = rows.length;
  const [temperatures, points, drawn] = [count, steps * count, 2 * steps * count].map((floats) =>
    scratch.take(floats),
  ) as [Buffer, Buffer, Buffer];
  gpu.write(
    temperatures,
    Float32Array.from(rows, ({ temperature }) => temperature),
  );
  const chances = new Float32Array(steps * count);
  rows.forEach(({ seed, drawn: before }, row) => {
    for (let step = 0; step < steps; step++) chances[step * count + row] = uniform(seed, before + step);
  });
  gpu.write(points, chances);
  for (let step = 0; step < steps; step++) {
    feed(slice, step);
    const params = { rows: count, vocab: config.vocabSize, stride, step };
    gpu.run(draw, { logits, temperatures, points, tokens, drawn }, params, rowwise(count));
    gpu.flush();
  }
  const found = await gpu.read(drawn, 2 * steps * count);
  for (let step = 0; step < steps; step++) {
    rows.forEach((row, i) => {
      const at = 2 * (step * count + i);
      append(row, pieces[i] as Piece, found[at] ?? 0, found[at + 1] ?? Number.NaN, [], config);
    });
  }
}

/** One step after the other, each token drawn from logits that were read. */
async function drawHere(
  slice: Slice,
  rows: readonly DecodeRow[],
  pieces: readonly Piece[],
  steps: number,
): Promise<void> {
  const { gpu, layout } = slice.model;
  const { config, paddedVocab } = layout;
  for (let step = 0; step < steps && pieces.some(({ stopReason }) => stopReason === undefined); step++) {
    feed(slice, step);
    const logits = await gpu.read(slice.logits_NV, rows.length * paddedVocab);
    const next = Uint32Array.from(rows, (row, i) => {
      const piece = pieces[i] as Piece;
      const mine = logits.subarray(i * paddedVocab, i * paddedVocab + config.vocabSize);
      return chooseToken(row, piece, mine, config);
    });
    gpu.write(slice.tokens, next);
  }
}

function chooseToken(row: DecodeRow, piece: Piece, logits: Float32Array, config: ModelConfig): number {
  const maximum = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const logTotal = maximum + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - maximum), 0));
  const weights = (): Float32Array => logits.map((logit) => Math.exp((logit - maximum) / row.temperature));
  const token =
    row.temperature === 0 ? logits.indexOf(maximum) : drawToken(weights(), row, row.drawn + piece.tokens.length);
  const alternatives = row.alternatives === 0 ? [] : mostLikely(logits, logTotal, row.alternatives);
  append(row, piece, token, (logits[token] ?? Number.NaN) - logTotal, alternatives, config);
  return token;
}

/** Adds a drawn token, unless the row has ended. */
function append(
  { stopTokens, maxTokens, drawn, prefix, tail }: DecodeRow,
  piece: Piece,
  token: number,
  logprob: number,
  alternatives: readonly Alternative[],
  { contextTokens }: ModelConfig,
): void {
  if (piece.stopReason !== undefined) return;
  if (!Number.isFinite(logprob)) {
    throw new WinnowError('bad-input', 'The logits are no finite numbers: the training of these weights diverged.', {
      hint: 'Load an earlier state and lower the learning rate.',
    });
  }
  piece.tokens.push(token);
  piece.logprobs.push(logprob);
  piece.alternatives.push(alternatives);
  const count = piece.tokens.length;
  if (stopTokens.includes(token)) piece.stopReason = 'stop';
  else if (drawn + count >= maxTokens || prefix.length + tail.length + count + 1 > contextTokens) {
    piece.stopReason = 'length';
  }
}
