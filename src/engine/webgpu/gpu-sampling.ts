import type { SamplingCompute } from '../sampling/sampling-compute.ts';
import { decode } from './decode.ts';
import type { GpuModel } from './gpu-model.ts';
import { createPages } from './pages.ts';
import { type Prompt, prefill } from './prefill.ts';
import { createScratch } from './scratch.ts';

/** Completions that run at the same time, where their logits fit into one buffer. */
const ROWS = 512;
/** Rows of prompts that are computed at once. */
const PROMPT_ROWS = 4096;

export interface GpuSampling extends SamplingCompute {
  /** Pages of the caches in use. */
  pagesInUse(): number;
  release(): void;
}

/** Sampling on the device, all completions in one set of rows. */
export function gpuSampling(model: GpuModel): GpuSampling {
  const { gpu, layout } = model;
  const pages = createPages(gpu, layout.config);
  const scratch = createScratch(gpu);
  return {
    config: layout.config,
    lanes: 1,
    rowsPerLane: Math.max(1, Math.min(ROWS, Math.floor(gpu.largestBuffer / layout.paddedVocab))),
    allocatePrefix: (length) => ({ address: pages.allocate(length), length }),
    async prefill(prompts) {
      for (const group of inGroups(prompts.filter(({ tokens }) => tokens.length > 0))) {
        prefill(model, scratch, pages, group);
      }
    },
    growTail({ address, capacity: old, length }, capacity) {
      if (old === 0) return { address: pages.allocate(capacity), capacity, length };
      pages.grow(address, capacity);
      return { address, capacity, length };
    },
    free: (address) => pages.free(address),
    decode: (rows, steps) => decode(model, scratch, pages, rows, steps),
    pagesInUse: () => pages.used(),
    release: () => {
      pages.release();
      scratch.clear();
    },
  };
}

function inGroups(prompts: readonly Prompt[]): readonly (readonly Prompt[])[] {
  const groups: Prompt[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const prompt of prompts) {
    if (rows + prompt.tokens.length > PROMPT_ROWS) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)?.push(prompt);
    rows += prompt.tokens.length;
  }
  return groups;
}
