import type { AdamSettings } from '../../train/protocol/index.ts';
import type { Machine } from '../kernels/machine.ts';
import { foldHeadGradient, refreshWeights, type TrainableWeights } from '../transformer/backward.ts';
import { type LowRank, mergeLowRank, projectGradient } from './low-rank.ts';

/** A model being trained, as addresses in shared memory: plain data. */
export interface TrainingState {
  readonly model: TrainableWeights;
  /** Address and float count of what is trained: the weights themselves, or the low-rank factors. */
  readonly trained: number;
  readonly count: number;
  /** AdamW's running means of gradients and of their squares, `count` floats each. */
  readonly means: number;
  readonly squares: number;
  /** One gradient block of the layout per shard. */
  readonly gradients: readonly number[];
  /** Workspace of the layout's size. */
  readonly workspace: number;
  readonly lowRank: LowRank | undefined;
}

export interface UpdateInput {
  readonly state: TrainingState;
  readonly settings: AdamSettings;
  /** Number of this update, from 1. */
  readonly step: number;
}

export interface UpdateOutput {
  readonly gradientNorm: number;
  /** False when the gradient was no finite number: then nothing was changed, but the gradients were cleared. */
  readonly applied: boolean;
}

/** Floats whose squares are summed in f32 before the sum goes on in f64. */
const SLICE = 4096;

/**
 * One step of AdamW with the sum of all shards' gradients, which are cleared. Shards are added in order, so that the result
 * does not depend on which thread computed which.
 */
export function applyUpdate(machine: Machine, { state, settings, step }: UpdateInput): UpdateOutput {
  const { kernels } = machine;
  const { model, gradients, trained, means, squares, count, lowRank, workspace } = state;
  const floats = model.layout.bytes / 4;
  const [total = 0, ...others] = gradients;
  for (const gradient of others) kernels.addScaled(total, gradient, floats, 1);
  foldHeadGradient(machine, model, total, workspace);
  const gradient = lowRank === undefined ? total : projectGradient(machine, lowRank, total, workspace);

  const gradientNorm = normOf(machine, gradient, count);
  const applied = Number.isFinite(gradientNorm);
  if (applied) {
    const { learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-12, weightDecay = 0, clipNorm = 0 } = settings;
    const scale = clipNorm > 0 && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
    const stepSize = learningRate / (1 - beta1 ** step);
    const squareScale = 1 / (1 - beta2 ** step);
    const keep = 1 - learningRate * weightDecay;
    kernels.adamw(trained, means, squares, gradient, count, scale, beta1, beta2, stepSize, squareScale, epsilon, keep);
    if (lowRank !== undefined) mergeLowRank(machine, model, lowRank, workspace);
    refreshWeights(machine, model);
  }
  for (const block of gradients) machine.floats().fill(0, block / 4, block / 4 + floats);
  return { gradientNorm, applied };
}

function normOf(machine: Machine, address: number, count: number): number {
  let sum = 0;
  for (let from = 0; from < count; from += SLICE) {
    sum += machine.kernels.sumSquares(address + 4 * from, Math.min(SLICE, count - from));
  }
  return Math.sqrt(sum);
}
