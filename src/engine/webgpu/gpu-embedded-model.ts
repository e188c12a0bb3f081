import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { type EmbeddedModel, type EmbeddedParts, modelOn } from '../embedded-model.ts';
import { samplerOn } from '../sampling/sampler.ts';
import { chunkOf } from '../training/training-pass.ts';
import type { Gpu } from './gpu.ts';
import { type GpuModel, placeOnGpu } from './gpu-model.ts';
import { gpuSampling } from './gpu-sampling.ts';
import { createScratch } from './scratch.ts';
import { trainingPass } from './training-pass.ts';

/** A checkpoint as a Model on a GPU. */
export async function createGpuModel(
  gpu: Gpu,
  { layout, weights, name, hash, tokenizer }: Checkpoint,
  parts: Partial<Pick<EmbeddedParts, 'name' | 'onClose'>> = {},
): Promise<EmbeddedModel> {
  return wrapGpuModel(await placeOnGpu(gpu, layout, weights), { name, hash, tokenizer, ...parts });
}

/** Wraps weights on a GPU as a Model; takes them over. */
export function wrapGpuModel(
  model: GpuModel,
  parts: Pick<EmbeddedParts, 'name' | 'hash' | 'tokenizer' | 'onClose'>,
): EmbeddedModel {
  const sampling = gpuSampling(model);
  const scratch = createScratch(model.gpu);
  return modelOn(
    {
      config: model.layout.config,
      sampler: samplerOn(sampling),
      async logprobs(tokens, targets) {
        const chunk = chunkOf([{ tokens, targets, weights: tokens.map(() => 0) }]);
        const { logprobs } = await trainingPass(model, scratch, chunk, { name: 'cross_entropy' }, undefined);
        return logprobs[0] ?? [];
      },
      release() {
        sampling.release();
        scratch.clear();
        model.free();
      },
    },
    parts,
  );
}
