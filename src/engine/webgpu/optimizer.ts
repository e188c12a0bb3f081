import type { AdamSettings } from '../../train/protocol/index.ts';
import type { UpdateOutput } from '../training/optimizer.ts';
import type { Buffer } from './api.ts';
import type { Gpu } from './gpu.ts';
import { elementwise } from './kernel.ts';
import { adamw, joinNorm, NORM_LANES, sumSquares } from './kernels/optimizer-kernels.ts';
import type { Trained } from './trained.ts';

/** Where the gradient's norm is found: a place for the squares of each `NORM_LANES`-th part, and for their sum's root. */
export interface NormBuffers {
  readonly sums: Buffer;
  readonly norm: Buffer;
}

export const allocateNorm = (gpu: Gpu, trained: readonly Trained[]): NormBuffers => ({
  sums: gpu.allocate(trained.length * NORM_LANES, 'The sums of squares'),
  norm: gpu.allocate(1, 'A norm'),
});

/** One step of AdamW with the waiting gradients, which are cleared. As on the processor, but the norm is summed in f32. */
export async function applyUpdate(
  gpu: Gpu,
  trained: readonly Trained[],
  { sums, norm }: NormBuffers,
  settings: AdamSettings,
  step: number,
): Promise<UpdateOutput> {
  const { learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-12, weightDecay = 0, clipNorm = 0 } = settings;
  trained.forEach(({ gradient, count }, i) => {
    gpu.run(sumSquares, { gradient, sums }, { count, place: i * NORM_LANES }, [NORM_LANES, 1, 1]);
  });
  gpu.run(joinNorm, { sums, norm }, { count: trained.length * NORM_LANES }, [1, 1, 1]);
  const params = {
    ...{ clipNorm, beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, epsilon },
    stepSize: learningRate / (1 - beta1 ** step),
    squareScale: 1 / (1 - beta2 ** step),
    keep: 1 - learningRate * weightDecay,
  };
  for (const { count, weights, gradient, means, squares } of trained) {
    gpu.run(adamw, { norm, gradient, weights, means, squares }, { ...params, count }, elementwise(count));
  }
  const [gradientNorm = Number.NaN] = await gpu.read(norm, 1);
  return { gradientNorm, applied: Number.isFinite(gradientNorm) };
}
