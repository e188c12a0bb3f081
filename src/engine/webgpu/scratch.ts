import type { Buffer } from './api.ts';
import type { Gpu } from './gpu.ts';

/** Buffers that are used again from pass to pass, so that a steady state allocates nothing. */
export interface Scratch {
  /** Opens a set of buffers that are given back together. */
  open(): ScratchSet;
  /** Frees all that lies unused. */
  clear(): void;
}

export interface ScratchSet {
  /** A buffer of at least `floats`, holding anything. */
  take(floats: number, purpose?: string): Buffer;
  /** Gives one buffer back early. */
  giveBack(buffer: Buffer): void;
  release(): void;
}

/** A buffer up to twice as long as asked for will do; passes of falling size would otherwise keep a set for every size. */
const SLACK = 2;
/** Buffers that lie unused are freed when there is more in them than this many times what a pass used. */
const KEPT = 2;

export function createScratch(gpu: Gpu): Scratch {
  let spare: Buffer[] = [];
  let inUse = 0;
  let spareBytes = 0;

  function find(bytes: number): Buffer | undefined {
    const fitting = spare.filter(({ size }) => size >= bytes && size <= SLACK * bytes);
    const best = fitting.reduce<Buffer | undefined>((a, b) => (a === undefined || b.size < a.size ? b : a), undefined);
    if (best === undefined) return undefined;
    spare.splice(spare.indexOf(best), 1);
    spareBytes -= best.size;
    return best;
  }

  function keep(buffer: Buffer): void {
    spare.push(buffer);
    spareBytes += buffer.size;
  }

  function clear(): void {
    for (const buffer of spare) gpu.free(buffer);
    spare = [];
    spareBytes = 0;
  }

  return {
    clear,
    open() {
      const taken = new Set<Buffer>();
      let used = 0;
      let most = 0;
      inUse++;
      return {
        take(floats, purpose = 'An intermediate result') {
          const buffer = find(Math.max(16, 4 * floats)) ?? gpu.allocate(floats, purpose);
          taken.add(buffer);
          used += buffer.size;
          most = Math.max(most, used);
          return buffer;
        },
        giveBack(buffer) {
          if (!taken.delete(buffer)) return;
          used -= buffer.size;
          keep(buffer);
        },
        release() {
          for (const buffer of taken) keep(buffer);
          taken.clear();
          inUse--;
          if (inUse === 0 && spareBytes > KEPT * most) clear();
        },
      };
    },
  };
}
