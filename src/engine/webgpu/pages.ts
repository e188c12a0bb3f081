import { WinnowError } from '../../core/index.ts';
import type { ModelConfig } from '../transformer/config.ts';
import type { Buffer } from './api.ts';
import type { Gpu } from './gpu.ts';
import { PAGE } from './kernels/sampling-kernels.ts';

/** A model's caches of keys and values, in pages that are handed out in lists. */
export interface Pages {
  /** Of a layer: keys and values [pages * PAGE, keyValueHeads * headDim]. Not to be kept: they move when more pages come. */
  layer(index: number): { readonly keys: Buffer; readonly values: Buffer };
  /** The number of a new list with room for `tokens`. */
  allocate(tokens: number): number;
  /** Adds pages to a list until it has room for `tokens`. */
  grow(list: number, tokens: number): void;
  pagesOf(list: number): readonly number[];
  free(list: number): void;
  /** Pages in lists. */
  used(): number;
  release(): void;
}

const FIRST_PAGES = 64;

export function createPages(gpu: Gpu, { layers, keyValueHeads, headDim }: ModelConfig): Pages {
  const pageFloats = PAGE * keyValueHeads * headDim;
  const lists = new Map<number, number[]>();
  let caches: { keys: Buffer; values: Buffer }[] = [];
  let count = 0;
  let spare: number[] = [];
  let nextList = 1;

  /** Twice as many pages, the old ones first. */
  function extend(needed: number): void {
    const most = Math.floor(gpu.largestBuffer / pageFloats);
    const wanted = Math.min(most, Math.max(FIRST_PAGES, 2 * count, count + needed));
    if (wanted < count + needed) {
      throw new WinnowError(
        'unsupported',
        `The caches of what is being sampled need more than ${most * PAGE} tokens, all that one buffer of ${gpu.name} holds.`,
        { hint: 'Draw fewer or shorter completions at once.' },
      );
    }
    caches = Array.from({ length: layers }, (_, layer) => {
      const old = caches[layer];
      const moved = (from: Buffer | undefined): Buffer => {
        const buffer = gpu.allocate(wanted * pageFloats, 'The cache of completions');
        if (from === undefined) return buffer;
        gpu.copy(from, buffer, count * pageFloats);
        gpu.free(from);
        return buffer;
      };
      return { keys: moved(old?.keys), values: moved(old?.values) };
    });
    spare.push(...Array.from({ length: wanted - count }, (_, i) => wanted - 1 - i));
    count = wanted;
  }

  function found(list: number): number[] {
    const pages = lists.get(list);
    if (pages === undefined) throw new WinnowError('internal', `there is no list ${list} of pages`);
    return pages;
  }

  const pages: Pages = {
    layer(index) {
      const cache = caches[index];
      if (cache === undefined) throw new WinnowError('internal', `layer ${index} has no cache`);
      return cache;
    },
    allocate(tokens) {
      const list = nextList++;
      lists.set(list, []);
      try {
        pages.grow(list, tokens);
      } catch (error) {
        lists.delete(list);
        throw error;
      }
      return list;
    },
    grow(list, tokens) {
      const mine = found(list);
      const missing = Math.ceil(tokens / PAGE) - mine.length;
      if (missing > spare.length) extend(missing - spare.length);
      for (let i = 0; i < missing; i++) mine.push(spare.pop() ?? 0);
    },
    pagesOf: found,
    free(list) {
      spare.push(...found(list));
      lists.delete(list);
    },
    used: () => [...lists.values()].reduce((sum, { length }) => sum + length, 0),
    release() {
      for (const { keys, values } of caches) {
        gpu.free(keys);
        gpu.free(values);
      }
      caches = [];
      spare = [];
      count = 0;
    },
  };
  return pages;
}
