import { instantiateKernels, type KernelModule, type Kernels } from './kernels.ts';
import type { SharedMemory } from './wasm-host.ts';

/** One thread's access to the shared memory: the kernels and typed views of it, indexed by byte address / 4. */
export interface Machine {
  readonly kernels: Kernels;
  readonly floats: () => Float32Array;
  readonly integers: () => Int32Array;
}

export function createMachine(module: KernelModule, memory: SharedMemory): Machine {
  let views = { floats: new Float32Array(memory.buffer), integers: new Int32Array(memory.buffer) };
  // Memory grows by getting a new, longer buffer; a view made before does not see the new part.
  function current(): typeof views {
    const { buffer } = memory;
    if (views.floats.byteLength !== buffer.byteLength) {
      views = { floats: new Float32Array(buffer), integers: new Int32Array(buffer) };
    }
    return views;
  }
  return {
    kernels: instantiateKernels(module, memory),
    floats: () => current().floats,
    integers: () => current().integers,
  };
}

/** Hands out pieces of one region in order; `mark` and `release` give back what came after. */
export interface Arena {
  /** The address of `count` floats, at a multiple of 64 bytes. */
  take(count: number): number;
  mark(): number;
  release(mark: number): void;
  /** Bytes in use. */
  used(): number;
  /** The most bytes ever in use. */
  peak(): number;
}

export function createArena(start: number, bytes: number): Arena {
  let next = start;
  let highest = start;
  return {
    take(count) {
      const address = next;
      next = address + Math.ceil(count / 16) * 64;
      if (next > start + bytes) throw new RangeError(`the workspace of ${bytes} bytes is too small`);
      highest = Math.max(highest, next);
      return address;
    },
    mark: () => next,
    release: (mark) => {
      next = mark;
    },
    used: () => next - start,
    peak: () => highest - start,
  };
}
