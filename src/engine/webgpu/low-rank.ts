/** Low-rank factors on the device: a change of parameters on top of the passes, as in `../training/low-rank.ts`. */
import type { Rng } from '../../core/index.ts';
import { initialiseLowRank, type LowRankPlan, type LowRankSettings, planLowRank } from '../training/low-rank.ts';
import type { Buffer } from './api.ts';
import type { Block, GpuModel } from './gpu-model.ts';
import { PRODUCTS, productGrid, residualProduct } from './kernels/matmul.ts';
import { allocateTrained, type Trained, writeTrained } from './trained.ts';

export interface GpuLowRank {
  readonly plan: LowRankPlan;
  /** The factors of all matrices: A, then B, of each. */
  readonly trained: readonly Trained[];
  /** The factors' gradients from that of the merged weights. */
  project(dweights: Block): void;
  /** Writes W0 + scale A B into the model's weights. */
  merge(): void;
  free(): void;
}

/** Lays factors over a model, which stays as it is until they are trained. */
export function createLowRank(model: GpuModel, settings: LowRankSettings, rng: Rng): GpuLowRank {
  const { gpu, layout, weights } = model;
  const plan = planLowRank(layout, settings);
  const { scale: factor, paddedRank: R } = plan;
  const matrices = plan.matrices.map(({ name, weight, rows, columns, a, b }) => {
    const base = gpu.allocate(rows * columns, name);
    gpu.copy(weights.at(weight), base);
    const pieces = [
      { at: a / 4, count: rows * R },
      { at: b / 4, count: R * columns },
    ].map(({ at, count }) => allocateTrained(gpu, gpu.allocate(count, name), gpu.allocate(count, name), at, count));
    return { weight, rows, columns, base, pieces: pieces as [Trained, Trained] };
  });
  const trained = matrices.flatMap(({ pieces }) => pieces);
  const start = new Float32Array(plan.floats);
  initialiseLowRank(plan, start, rng);
  writeTrained(gpu, trained, 'weights', start);

  return {
    plan,
    trained,
    project(dweights) {
      for (const { weight, rows, columns, pieces } of matrices) {
        const [a, b] = pieces;
        const dW = dweights.at(weight);
        const ofA = { m: rows, n: R, k: columns, strideA: columns, strideB: columns, strideC: R, factor };
        const buffersA = { a: dW, b: b.weights, c: a.gradient };
        gpu.run(PRODUCTS['right transposed'].write, buffersA, ofA, productGrid(rows, R));
        const ofB = { m: R, n: columns, k: rows, strideA: R, strideB: columns, strideC: columns, factor };
        const buffersB = { a: a.weights, b: dW, c: b.gradient };
        gpu.run(PRODUCTS['left transposed'].write, buffersB, ofB, productGrid(R, columns));
      }
    },
    merge() {
      for (const { weight, rows, columns, base, pieces } of matrices) {
        const [a, b] = pieces;
        const params = { m: rows, n: columns, k: R, strideA: R, strideB: columns, strideC: columns, factor };
        const buffers = { a: a.weights, b: b.weights, residual: base, c: weights.at(weight) };
        gpu.run(residualProduct, buffers, params, productGrid(rows, columns));
      }
      gpu.flush();
    },
    free() {
      const buffers: Buffer[] = matrices.map(({ base }) => base);
      for (const { weights: factors, gradient } of trained) buffers.push(factors, gradient);
      for (const buffer of buffers) gpu.free(buffer);
    },
  };
}
