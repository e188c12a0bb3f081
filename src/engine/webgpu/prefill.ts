import type { Prefix } from '../sampling/cache.ts';
import { type Batch, packBatch } from '../transformer/batch.ts';
import { attend, embed, finishLayer, type Pass, placeBatch, placeNumbers, project, takeLayer } from './forward.ts';
import type { GpuModel } from './gpu-model.ts';
import { elementwise } from './kernel.ts';
import { PAGE, storeCached } from './kernels/sampling-kernels.ts';
import type { Pages } from './pages.ts';
import type { Scratch } from './scratch.ts';

export interface Prompt {
  readonly tokens: Int32Array;
  readonly prefix: Prefix;
}

/** Runs the layers over prompts, packed together, and keeps keys and values in their pages. */
export function prefill(model: GpuModel, scratch: Scratch, pages: Pages, prompts: readonly Prompt[]): void {
  const batch = packBatch(prompts.map(({ tokens }) => tokens));
  const pass: Pass = { model, scratch: scratch.open(), rows: batch.tokens.length };
  try {
    fill(pass, pages, prompts, batch);
  } finally {
    model.gpu.flush();
    pass.scratch.release();
  }
}

function fill(pass: Pass, pages: Pages, prompts: readonly Prompt[], batch: Batch): void {
  const { gpu, layout } = pass.model;
  const { hiddenSize: D, keyValueHeads, headDim } = layout.config;
  const { positions, spans, ids } = placeBatch(pass, batch);
  // A row that prompts share goes into the pages of each.
  const sources = placeNumbers(pass, Uint32Array.from(batch.rowsOf.flatMap((rows) => [...rows])));
  const slotOfEach = prompts.flatMap(({ prefix, tokens }) => {
    const mine = pages.pagesOf(prefix.address);
    return Array.from(tokens, (_, i) => (mine[Math.floor(i / PAGE)] ?? 0) * PAGE + (i % PAGE));
  });
  const slots = placeNumbers(pass, Uint32Array.from(slotOfEach));
  const x_ND = pass.scratch.take(pass.rows * D);
  embed(pass, ids, x_ND);
  const tape = takeLayer(pass, x_ND);
  const [count, width] = [slotOfEach.length, keyValueHeads * headDim];
  layout.layers.forEach((layer, index) => {
    project(pass, layer, tape, positions);
    const buffers = { key: tape.key_NGd, value: tape.value_NGd, sources, slots };
    gpu.run(storeCached, { ...buffers, ...pages.layer(index) }, { count, width }, elementwise(count * width));
    if (index === layout.layers.length - 1) return;
    attend(pass, tape, spans);
    finishLayer(pass, layer, tape, x_ND);
  });
}
