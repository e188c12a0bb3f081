import { makeRng } from '../../core/index.ts';
import { createHeap, type Heap } from '../kernels/heap.ts';
import { compileKernels } from '../kernels/kernels.ts';
import { type Arena, createArena, createMachine, type Machine } from '../kernels/machine.ts';
import { createMemory } from '../kernels/wasm-host.ts';
import { refreshWeights, type TrainableWeights } from './backward.ts';
import type { ModelConfig } from './config.ts';
import { fillRopeTables, initialiseWeights } from './initialise.ts';
import { type Layout, layoutOf } from './layout.ts';

/** Small, with every feature: grouped heads, a head width that is no power of two, a vocabulary that needs padding. */
export const SMALL: ModelConfig = {
  vocabSize: 29,
  hiddenSize: 24,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headDim: 8,
  feedForward: 40,
  ropeTheta: 1e4,
  normEpsilon: 1e-6,
  contextTokens: 96,
  tied: true,
};

export interface ModelUnderTest {
  readonly machine: Machine;
  readonly heap: Heap;
  readonly model: TrainableWeights;
  readonly layout: Layout;
  readonly gradient: number;
  readonly arena: Arena;
}

/** A model with random weights, norms included, in one thread. */
export function randomModel(config: ModelConfig, seed = 1): ModelUnderTest {
  const memory = createMemory();
  const machine = createMachine(compileKernels(), memory);
  const heap = createHeap(memory);
  const layout = layoutOf(config);
  const [weights, transposed, gradient] = ['weights', 'transposes', 'gradient'].map((name) =>
    heap.allocateZeros(layout.bytes, name),
  ) as [number, number, number];
  const tableFloats = (config.contextTokens * config.headDim) / 2;
  const [cosines, sines] = [heap.allocate(4 * tableFloats, 'cosines'), heap.allocate(4 * tableFloats, 'sines')];
  const arena = createArena(heap.allocate(8e6, 'arena'), 8e6);
  const floats = machine.floats();
  const rng = makeRng(seed);
  const block = floats.subarray(weights / 4, (weights + layout.bytes) / 4);
  initialiseWeights(layout, block, rng);
  for (const { kind, offset, columns } of layout.parameters) {
    if (kind !== 'norm') continue;
    for (let i = 0; i < columns; i++) block[offset / 4 + i] = 0.5 + rng.next();
  }
  const table = (address: number): Float32Array => floats.subarray(address / 4, address / 4 + tableFloats);
  fillRopeTables(layout, table(cosines), table(sines));
  const model = { layout, weights, transposed, cosines, sines };
  refreshWeights(machine, model);
  return { machine, heap, model, layout, gradient, arena };
}
