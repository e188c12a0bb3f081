import { WinnowError } from '../../core/index.ts';
import type { Workspace } from '../cores/jobs.ts';
import { type Arena, createArena, type Machine } from '../kernels/machine.ts';
import { embed, finishLayer, project, projectLogits, takeLayer, type WeightsInMemory } from '../transformer/forward.ts';
import { attendCached, type CachedRow } from './attend-cached.ts';
import { type Prefix, rounded, type Tail } from './cache.ts';
import { type DrawSettings, drawToken, largest } from './draw.ts';

/** A completion in progress. */
export interface DecodeRow extends DrawSettings {
  readonly prefix: Prefix;
  readonly tail: Tail;
  /** The token to feed next. */
  readonly token: number;
  /** Tokens drawn so far. */
  readonly drawn: number;
  readonly maxTokens: number;
  readonly stopTokens: readonly number[];
  /** How many of the most likely tokens to report beside each drawn one. */
  readonly alternatives: number;
}

export interface Alternative {
  readonly token: number;
  readonly logprob: number;
}

/** What a slice added to a row. */
export interface DecodedPiece {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly alternatives: readonly (readonly Alternative[])[];
  readonly stopReason: 'stop' | 'length' | undefined;
}

export interface DecodeInput {
  readonly model: WeightsInMemory;
  /** Rows of one prefix next to each other share its scores. Each tail has room for `steps` more tokens. */
  readonly rows: readonly DecodeRow[];
  readonly steps: number;
  readonly workspace: Workspace;
}

interface ActiveRow extends CachedRow {
  readonly row: DecodeRow;
  readonly piece: {
    tokens: number[];
    logprobs: number[];
    alternatives: (readonly Alternative[])[];
    stopReason: 'stop' | 'length' | undefined;
  };
  token: number;
}

/** Bytes of workspace for `decode`. */
export function decodeBytes(model: WeightsInMemory, rows: readonly DecodeRow[], steps: number): number {
  const { config, paddedVocab } = model.layout;
  const probe = createArena(0, Number.MAX_SAFE_INTEGER);
  takeLayer(config, rows.length, probe, 0);
  const seen = rows.reduce((most, { prefix, tail }) => Math.max(most, prefix.length + tail.length + steps), 0);
  const floats = rows.length * (4 * config.hiddenSize + 2 * paddedVocab + config.heads * rounded(seen + 8) + 8);
  return probe.used() + 4 * floats + 2048;
}

/** Draws up to `steps` tokens for every row; a row that ends leaves the batch. */
export function decode(machine: Machine, { model, rows, steps, workspace }: DecodeInput): readonly DecodedPiece[] {
  const arena = createArena(workspace.address, workspace.bytes);
  const all = rows.map(
    (row): ActiveRow => ({
      row,
      prefix: row.prefix,
      tail: row.tail,
      piece: { tokens: [], logprobs: [], alternatives: [], stopReason: undefined },
      token: row.token,
      tailLength: row.tail.length,
    }),
  );
  let active = all;
  for (let step = 0; step < steps && active.length > 0; step++) {
    const mark = arena.mark();
    const logits_BV = decodeStep(machine, model, active, arena);
    chooseTokens(machine, model, active, logits_BV, arena);
    arena.release(mark);
    active = active.filter(({ piece }) => piece.stopReason === undefined);
  }
  return all.map(({ piece }) => piece);
}

/** Feeds one token a row; returns the address of the logits. */
function decodeStep(machine: Machine, model: WeightsInMemory, active: readonly ActiveRow[], arena: Arena): number {
  const { config, layers, finalNorm, paddedVocab } = model.layout;
  const { hiddenSize: D, normEpsilon } = config;
  const rows = active.length;
  const tokens = Int32Array.from(active, ({ token }) => token);
  const positions = Int32Array.from(active, ({ prefix, tailLength }) => prefix.length + tailLength);
  const { x_ND, positions: places } = embed(machine, model, tokens, positions, arena);
  const mark = arena.mark();
  const tape = takeLayer(config, rows, arena, x_ND);
  const longest = active.reduce((most, { prefix, tailLength }) => Math.max(most, prefix.length + tailLength + 1), 0);
  // Behind a prefix's scores, whose product writes whole vectors, come those of the tail.
  const width = rounded(longest + 8);
  const scores = arena.take(rows * config.heads * width);
  layers.forEach((layer, index) => {
    project(machine, model, layer, rows, places, tape);
    attendCached(machine, config, index, active, tape, scores, width);
    finishLayer(machine, model, layer, rows, tape, x_ND);
  });
  arena.release(mark);
  for (const row of active) row.tailLength++;
  const [normed_BD, scale_B] = [arena.take(rows * D), arena.take(rows)];
  machine.kernels.rmsNorm(normed_BD, scale_B, x_ND, model.weights + finalNorm, rows, D, normEpsilon);
  const logits_BV = arena.take(rows * paddedVocab);
  projectLogits(machine, model, rows, normed_BD, logits_BV);
  return logits_BV;
}

function chooseTokens(
  machine: Machine,
  model: WeightsInMemory,
  active: readonly ActiveRow[],
  logits_BV: number,
  arena: Arena,
): void {
  const { config, paddedVocab: V } = model.layout;
  const { vocabSize, contextTokens } = config;
  const { kernels } = machine;
  const rows = active.length;
  const [weights_BV, maxima_B, sums_B] = [arena.take(rows * V), arena.take(rows), arena.take(rows)];
  kernels.exponentials(weights_BV, maxima_B, sums_B, logits_BV, rows, V, vocabSize, 1);
  const floats = machine.floats();
  active.forEach((state, index) => {
    const { row, piece } = state;
    const logits = floats.subarray(logits_BV / 4 + index * V, logits_BV / 4 + index * V + vocabSize);
    const weights = floats.subarray(weights_BV / 4 + index * V, weights_BV / 4 + index * V + vocabSize);
    const maximum = floats[maxima_B / 4 + index] ?? 0;
    const logTotal = maximum + Math.log(floats[sums_B / 4 + index] ?? 1);
    if (!Number.isFinite(logTotal)) {
      throw new WinnowError('bad-input', 'The logits are no finite numbers: the training of these weights diverged.', {
        hint: 'Load an earlier state and lower the learning rate.',
      });
    }
    const alternatives = row.alternatives === 0 ? [] : mostLikely(logits, logTotal, row.alternatives);
    if (row.temperature !== 1 && row.temperature > 0) {
      const at = 4 * index * V;
      // Rows before this one are done, so the first row's maximum and sum can be overwritten.
      kernels.exponentials(weights_BV + at, maxima_B, sums_B, logits_BV + at, 1, V, vocabSize, 1 / row.temperature);
    }
    const draw = row.drawn + piece.tokens.length;
    const token = row.temperature === 0 ? logits.indexOf(maximum) : drawToken(weights, row, draw);
    piece.tokens.push(token);
    piece.logprobs.push((logits[token] ?? 0) - logTotal);
    piece.alternatives.push(alternatives);
    state.token = token;
    if (row.stopTokens.includes(token)) piece.stopReason = 'stop';
    else if (draw + 1 >= row.maxTokens || row.prefix.length + state.tailLength + 1 > contextTokens) {
      piece.stopReason = 'length';
    }
  });
}

/** The `count` most likely tokens. `logTotal` is the logarithm of the sum of the logits' exponentials. */
export function mostLikely(logits: Float32Array, logTotal: number, count: number): readonly Alternative[] {
  const order = largest(logits, count);
  return Array.from(order, (token) => ({ token, logprob: (logits[token] ?? 0) - logTotal }));
}
