import type { Buffer } from './api.ts';
import type { Gpu } from './gpu.ts';

/** Numbers that are trained together, with what AdamW keeps of them. */
export interface Trained {
  readonly count: number;
  /** Where they lie in the vector of all trained floats. */
  readonly at: number;
  readonly weights: Buffer;
  readonly gradient: Buffer;
  readonly means: Buffer;
  readonly squares: Buffer;
}

/** Means and squares around weights and their gradient. */
export function allocateTrained(gpu: Gpu, weights: Buffer, gradient: Buffer, at: number, count: number): Trained {
  const zeros = (): Buffer => gpu.allocate(count, "The optimiser's state");
  return { count, at, weights, gradient, means: zeros(), squares: zeros() };
}

type Vector = 'weights' | 'means' | 'squares';

/** One of the vectors of all trained floats. */
export async function readTrained(
  gpu: Gpu,
  trained: readonly Trained[],
  vector: Vector,
  floats: number,
): Promise<Float32Array> {
  const values = new Float32Array(floats);
  for (const one of trained) values.set(await gpu.read(one[vector], one.count), one.at);
  return values;
}

export function writeTrained(gpu: Gpu, trained: readonly Trained[], vector: Vector, values: Float32Array): void {
  for (const one of trained) gpu.write(one[vector], values.subarray(one.at, one.at + one.count));
}

/** Gives back means and squares; weights and gradients have owners of their own. */
export function freeTrained(gpu: Gpu, trained: readonly Trained[]): void {
  for (const { means, squares } of trained) {
    gpu.free(means);
    gpu.free(squares);
  }
}
