import { WinnowError } from '../../core/index.ts';
import { PAGE_BYTES, type SharedMemory } from './wasm-host.ts';

/** The owner of the shared memory: only one thread allocates, the others work in what they are given. */
export interface Heap {
  /** The address of `bytes` bytes at a multiple of 64, holding anything. Throws `unsupported` past 4 GiB. */
  allocate(bytes: number, purpose: string): number;
  /** The same, zeroed. */
  allocateZeros(bytes: number, purpose: string): number;
  free(address: number): void;
  /** Bytes handed out and not freed. */
  used(): number;
}

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** First fit over a list of free blocks in address order, neighbours joined. */
export function createHeap(memory: SharedMemory): Heap {
  const taken = new Map<number, number>();
  // Address 0 is never given out, so that no valid address is falsy.
  const free: Block[] = [{ start: 64, bytes: memory.buffer.byteLength - 64 }];

  function grow(bytes: number, purpose: string): void {
    const last = free.at(-1);
    const size = memory.buffer.byteLength;
    const open = last !== undefined && last.start + last.bytes === size ? last.bytes : 0;
    try {
      // Growing by an eighth more keeps the number of growths small.
      const wanted = bytes - open;
      const room = 65_536 * PAGE_BYTES - size;
      memory.grow(Math.ceil(Math.max(wanted, Math.min(room, wanted + size / 8)) / PAGE_BYTES));
    } catch (cause) {
      throw new WinnowError(
        'unsupported',
        `${purpose} needs ${megabytes(bytes)} MB, beyond the 4 GiB that the embedded engine can address.`,
        { hint: 'Use a smaller model, a shorter context or fewer rows at once, or serve the model with vLLM.', cause },
      );
    }
    release({ start: size, bytes: memory.buffer.byteLength - size });
  }

  function release(block: Block): void {
    const after = free.findIndex(({ start }) => start > block.start);
    const index = after < 0 ? free.length : after;
    const [before, behind] = [free[index - 1], free[index]];
    const joinsBefore = before !== undefined && before.start + before.bytes === block.start;
    const joinsBehind = behind !== undefined && block.start + block.bytes === behind.start;
    const start = joinsBefore ? before.start : block.start;
    const end = joinsBehind ? behind.start + behind.bytes : block.start + block.bytes;
    const from = joinsBefore ? index - 1 : index;
    free.splice(from, Number(joinsBefore) + Number(joinsBehind), { start, bytes: end - start });
  }

  const heap: Heap = {
    allocate(bytes, purpose) {
      const size = Math.max(64, Math.ceil(bytes / 64) * 64);
      if (!free.some((block) => block.bytes >= size)) grow(size, purpose);
      const index = free.findIndex((block) => block.bytes >= size);
      const block = free[index];
      if (block === undefined) throw new WinnowError('internal', `no room for ${purpose} after growing`);
      const rest = { start: block.start + size, bytes: block.bytes - size };
      free.splice(index, 1, ...(rest.bytes > 0 ? [rest] : []));
      taken.set(block.start, size);
      return block.start;
    },
    allocateZeros(bytes, purpose) {
      const address = heap.allocate(bytes, purpose);
      new Uint8Array(memory.buffer, address, bytes).fill(0);
      return address;
    },
    free(address) {
      const bytes = taken.get(address);
      if (bytes === undefined) throw new WinnowError('internal', `address ${address} was not allocated`);
      taken.delete(address);
      release({ start: address, bytes });
    },
    used: () => [...taken.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
  return heap;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
