/** A training pass on the device: the loss of a chunk of data and its gradient, as `../training/training-pass.ts`. */
import { type Loss, lossTerms, type PassResult } from '../../train/protocol/index.ts';
import type { Chunk } from '../training/training-pass.ts';
import type { Buffer } from './api.ts';
import { backward } from './backward.ts';
import { forward, type Pass, placeNumbers, projectLogits, takeLogits } from './forward.ts';
import type { Block, GpuModel } from './gpu-model.ts';
import { elementwise, rowwise } from './kernel.ts';
import { logitsGrad, logSums, pickTargets } from './kernels/loss-kernels.ts';
import type { Scratch } from './scratch.ts';

/** What the batch's rows are asked for, in the order of the rows; a row that sequences share can be asked several times. */
interface Asked {
  /** Where the targets of each row begin; one more at the end. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
  readonly targets: Uint32Array;
  /** For each datum and position its place in `targets`. */
  readonly places: readonly Uint32Array[];
}

/**
 * The forward pass and loss of a chunk; with `gradient` also adds the loss's gradient there. Losses are functions of the
 * targets' log-probabilities alone, so those come back, one number a token, and the slopes go out again.
 */
export async function trainingPass(
  model: GpuModel,
  scratch: Scratch,
  { batch, data }: Chunk,
  loss: Loss,
  gradient: Block | undefined,
): Promise<PassResult> {
  const { gpu, layout } = model;
  const rows = batch.tokens.length;
  const pass: Pass = { model, scratch: scratch.open(), rows };
  try {
    const tape = forward(pass, batch);
    const logits_NV = takeLogits(pass);
    projectLogits(pass, tape.normed_ND, logits_NV);
    const asked = askedOf({ batch, data }, rows);
    const sums_N = pass.scratch.take(rows);
    const shape = { rows, vocab: layout.config.vocabSize, stride: layout.paddedVocab };
    gpu.run(logSums, { logits: logits_NV, logSums: sums_N }, shape, rowwise(rows));
    const targets = placeNumbers(pass, asked.targets);
    const flat = await targetLogprobs(pass, asked, targets, logits_NV, sums_N);

    const logprobs = asked.places.map((places) => Array.from(places, (at) => flat[at] ?? Number.NaN));
    const terms = data.map((datum, i) => lossTerms(loss, datum, logprobs[i] ?? []));
    const total = terms.reduce((sum, { losses }) => losses.reduce((a, b) => a + b, sum), 0);
    if (gradient !== undefined) {
      const slopes = new Float32Array(flat.length);
      asked.places.forEach((places, i) => {
        for (const [t, at] of places.entries()) slopes[at] = terms[i]?.slopes[t] ?? 0;
      });
      const [starts, slopesOnGpu] = [placeNumbers(pass, asked.starts), placeNumbers(pass, slopes)];
      const buffers = { logSums: sums_N, starts, targets, slopes: slopesOnGpu, logits: logits_NV };
      gpu.run(logitsGrad, buffers, shape, rowwise(rows));
      backward(pass, batch, tape, logits_NV, gradient);
      gpu.flush();
    }
    return { loss: total, logprobs };
  } finally {
    pass.scratch.release();
  }
}

async function targetLogprobs(
  pass: Pass,
  { rows, targets: { length } }: Asked,
  targets: Buffer,
  logits_NV: Buffer,
  sums_N: Buffer,
): Promise<Float32Array> {
  const { gpu, layout } = pass.model;
  const logprobs = pass.scratch.take(length);
  const buffers = { logits: logits_NV, logSums: sums_N, rows: placeNumbers(pass, rows), targets, logprobs };
  gpu.run(pickTargets, buffers, { count: length, stride: layout.paddedVocab }, elementwise(length));
  return gpu.read(logprobs, length);
}

function askedOf({ batch, data }: Chunk, rows: number): Asked {
  const starts = new Uint32Array(rows + 1);
  for (const rowOf of batch.rowsOf) for (const row of rowOf) starts[row + 1] = (starts[row + 1] ?? 0) + 1;
  for (let row = 0; row < rows; row++) starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
  const next = starts.slice();
  const count = starts[rows] ?? 0;
  const [rowOfPlace, targets] = [new Uint32Array(count), new Uint32Array(count)];
  const places = batch.rowsOf.map((rowOf, i) =>
    Uint32Array.from(rowOf, (row, t) => {
      const at = next[row] ?? 0;
      next[row] = at + 1;
      rowOfPlace[at] = row;
      targets[at] = data[i]?.targets[t] ?? 0;
      return at;
    }),
  );
  return { starts, rows: rowOfPlace, targets, places };
}
