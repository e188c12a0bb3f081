import { makeRng } from '../../core/index.ts';
import type { Datum, PassResult } from '../../train/protocol/index.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { type EmbeddedTrainer, type EmbeddedTrainerOptions, trainerOn } from '../embedded-trainer.ts';
import type { LowRankSettings } from '../training/low-rank.ts';
import { splitBatch } from '../training/split.ts';
import type { TrainingCompute } from '../training/training-compute.ts';
import { chunkOf } from '../training/training-pass.ts';
import type { Layout } from '../transformer/layout.ts';
import type { Gpu } from './gpu.ts';
import { wrapGpuModel } from './gpu-embedded-model.ts';
import {
  allocateBlock,
  type Block,
  copyOnGpu,
  freeBlock,
  type GpuModel,
  placeOnGpu,
  readBlock,
  sizeOf,
} from './gpu-model.ts';
import { createLowRank } from './low-rank.ts';
import { allocateNorm, applyUpdate } from './optimizer.ts';
import { createScratch } from './scratch.ts';
import { allocateTrained, freeTrained, readTrained, type Trained, writeTrained } from './trained.ts';
import { trainingPass } from './training-pass.ts';

/** Rows that are computed at once: enough to fill a device, and their activations fit beside a model of moderate size. */
const ROWS = 8192;

/** Trains a checkpoint's model on a GPU. The checkpoint itself is not changed. */
export async function createGpuTrainer(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: EmbeddedTrainerOptions,
): Promise<EmbeddedTrainer> {
  return trainerOn(await gpuTraining(gpu, checkpoint, options.lowRank, options.seed ?? 0), checkpoint, options);
}

/** Training on a GPU: weights, gradients and the optimiser's state stay on it. */
async function gpuTraining(
  gpu: Gpu,
  { layout, weights, tokenizer }: Checkpoint,
  settings: LowRankSettings | undefined,
  seed: number,
): Promise<TrainingCompute> {
  const model = await placeOnGpu(gpu, layout, weights);
  const scratch = createScratch(gpu);
  const { gradient, lowRank, trained, norm } = await gpu
    .withRoom("the gradient and the optimiser's state", () => {
      const block = allocateBlock(gpu, layout);
      const factors = settings && createLowRank(model, settings, makeRng(seed).split('low-rank'));
      const all = factors?.trained ?? trainedWeights(model, block);
      return { gradient: block, lowRank: factors, trained: all, norm: allocateNorm(gpu, all) };
    })
    .catch((error: unknown) => {
      model.free();
      throw error;
    });
  const count = lowRank?.plan.floats ?? layout.trainable;
  const rowsAtOnce = Math.min(ROWS, Math.floor(gpu.largestBuffer / widestRow(layout)));
  const clearGradients = (): void => {
    for (const { buffer } of gradient.buffers) gpu.clear(buffer);
  };

  return {
    shape: { count, model: { layout }, lowRank: lowRank?.plan },
    clearGradients,
    async pass(data, loss, withGradient) {
      const results: PassResult[] = [];
      for (const indices of splitBatch(data, rowsAtOnce)) {
        const chunk = chunkOf(indices.map((index) => data[index] as Datum));
        results.push(await trainingPass(model, scratch, chunk, loss, withGradient ? gradient : undefined));
      }
      return {
        loss: results.reduce((sum, result) => sum + result.loss, 0),
        logprobs: results.flatMap(({ logprobs }) => logprobs),
      };
    },
    async update(adam, step) {
      lowRank?.project(gradient);
      const output = await applyUpdate(gpu, trained, norm, adam, step);
      if (lowRank !== undefined) {
        if (output.applied) lowRank.merge();
        clearGradients();
      }
      return output;
    },
    weights: () => readBlock(gpu, model.weights, layout.bytes / 4),
    vectors: async () => ({
      means: await readTrained(gpu, trained, 'means', count),
      squares: await readTrained(gpu, trained, 'squares', count),
      ...(lowRank === undefined ? {} : { factors: await readTrained(gpu, trained, 'weights', count) }),
    }),
    async restore(saved) {
      writeTrained(gpu, trained, 'weights', saved.trained);
      writeTrained(gpu, trained, 'means', saved.means);
      writeTrained(gpu, trained, 'squares', saved.squares);
      lowRank?.merge();
    },
    publish: async (name, hash) => wrapGpuModel(await copyOnGpu(model), { name, hash, tokenizer }),
    release() {
      freeTrained(gpu, trained);
      lowRank?.free();
      freeBlock(gpu, gradient);
      gpu.free(norm.sums);
      gpu.free(norm.norm);
      scratch.clear();
      model.free();
    },
  };
}

const trainedWeights = ({ gpu, weights }: GpuModel, gradient: Block): readonly Trained[] =>
  weights.buffers.map(({ parameter, buffer }) => {
    const { offset } = parameter;
    return allocateTrained(gpu, buffer, gradient.at(offset), offset / 4, sizeOf(parameter));
  });

/** Floats of the widest intermediate result of one row. */
function widestRow({ config, paddedVocab }: Layout): number {
  const { feedForward, heads, headDim, hiddenSize } = config;
  return Math.max(paddedVocab, feedForward, heads * headDim, hiddenSize);
}
