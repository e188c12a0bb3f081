import { type Datum, type Loss, lossTerms, type PassResult } from '../../train/protocol/index.ts';
import type { Arena, Machine } from '../kernels/machine.ts';
import { backward, type TrainableWeights } from '../transformer/backward.ts';
import { type Batch, packBatch } from '../transformer/batch.ts';
import { forward, projectLogits, type WeightsInMemory } from '../transformer/forward.ts';

/** Part of a batch that is computed at once. */
export interface Chunk {
  readonly data: readonly Datum[];
  readonly batch: Batch;
}

export function chunkOf(data: readonly Datum[]): Chunk {
  return { data, batch: packBatch(data.map(({ tokens }) => Int32Array.from(tokens))) };
}

/** The forward pass and loss of a chunk; with `gradient` (an address) also adds the gradient of the loss there. */
export function trainingPass(
  machine: Machine,
  model: WeightsInMemory | TrainableWeights,
  chunk: Chunk,
  loss: Loss,
  arena: Arena,
  gradient: number | undefined,
): PassResult {
  const mark = arena.mark();
  const { layout } = model;
  const { batch, data } = chunk;
  const rows = batch.tokens.length;
  const V = layout.paddedVocab;
  const tape = forward(machine, model, batch, arena);
  const logits_NV = arena.take(rows * V);
  projectLogits(machine, model, rows, tape.normed_ND, logits_NV);
  const targets = expandTargets(machine, chunk, logits_NV, V);

  const [maxima_N, sums_N, slopes_N] = [arena.take(rows), arena.take(rows), arena.take(rows)];
  machine.kernels.exponentials(logits_NV, maxima_N, sums_N, logits_NV, rows, V, layout.config.vocabSize, 1);
  const floats = machine.floats();
  const logprobs = targets.map(({ rows: rowOf, logits }) =>
    Array.from(logits, (logit, t) => {
      const row = rowOf[t] ?? 0;
      return logit - (floats[maxima_N / 4 + row] ?? 0) - Math.log(floats[sums_N / 4 + row] ?? 1);
    }),
  );
  const terms = data.map((datum, i) => lossTerms(loss, datum, logprobs[i] ?? []));
  const result = { loss: terms.reduce((sum, { losses }) => losses.reduce((a, b) => a + b, sum), 0), logprobs };

  if (gradient !== undefined && 'transposed' in model) {
    // dloss/dlogit_v = slope * (1[v = target] - p_v); several sequences can ask the same shared row for different targets.
    floats.fill(0, slopes_N / 4, slopes_N / 4 + rows);
    targets.forEach(({ rows: rowOf }, i) => {
      for (let t = 0; t < rowOf.length; t++) {
        const at = slopes_N / 4 + (rowOf[t] ?? 0);
        floats[at] = (floats[at] ?? 0) - (terms[i]?.slopes[t] ?? 0);
      }
    });
    for (let row = 0; row < rows; row++) {
      const at = slopes_N / 4 + row;
      floats[at] = (floats[at] ?? 0) / (floats[sums_N / 4 + row] ?? 1);
    }
    machine.kernels.scaleRows(logits_NV, slopes_N, rows, V);
    targets.forEach(({ rows: rowOf, tokens }, i) => {
      for (let t = 0; t < rowOf.length; t++) {
        const at = logits_NV / 4 + (rowOf[t] ?? 0) * V + (tokens[t] ?? 0);
        floats[at] = (floats[at] ?? 0) + (terms[i]?.slopes[t] ?? 0);
      }
    });
    backward({ machine, model, rows, gradient, arena }, batch, tape, logits_NV);
  }
  arena.release(mark);
  return result;
}

interface Targets {
  /** Batch row of each position. */
  readonly rows: Int32Array;
  readonly tokens: readonly number[];
  readonly logits: Float32Array;
}

/** Picks the targets' logits before the softmax overwrites them. */
function expandTargets(machine: Machine, { data, batch }: Chunk, logits_NV: number, V: number): readonly Targets[] {
  const floats = machine.floats();
  return data.map(({ targets }, i) => {
    const rows = batch.rowsOf[i] ?? new Int32Array();
    const logits = Float32Array.from(targets, (target, t) => floats[logits_NV / 4 + (rows[t] ?? 0) * V + target] ?? 0);
    return { rows, tokens: targets, logits };
  });
}
