import { WinnowError } from '../core/index.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { type Cores, type CoresOptions, createCores } from './cores/cores.ts';
import { createEmbeddedModel, type EmbeddedModel, type EmbeddedParts } from './embedded-model.ts';
import { createEmbeddedTrainer, type EmbeddedTrainer, type EmbeddedTrainerOptions } from './embedded-trainer.ts';
import { placeModel } from './memory-model.ts';
import { parameterCount } from './transformer/config.ts';
import { findGpu, type GpuSearch } from './webgpu/find-gpu.ts';

/** Where to compute; `auto` takes a GPU where there is one and the model is large enough to be worth it. */
export type DeviceChoice = 'auto' | 'cpu' | 'webgpu';

export interface ComputeOptions extends CoresOptions {
  /** Default auto. */
  readonly device?: DeviceChoice;
}

/** The processor's cores or a GPU, with the same models and trainers. */
export interface Compute {
  readonly device: 'cpu' | 'webgpu';
  /** What computes, in words. */
  readonly name: string;
  openModel(checkpoint: Checkpoint, options?: Partial<Pick<EmbeddedParts, 'name' | 'onClose'>>): Promise<EmbeddedModel>;
  openTrainer(checkpoint: Checkpoint, options: EmbeddedTrainerOptions): Promise<EmbeddedTrainer>;
  close(): Promise<void>;
}

/**
 * From how many parameters on `auto` takes a GPU. Smaller models train on the processor in minutes, and give the same bits on
 * every machine of a kind. Not measured on a GPU.
 */
export const AUTO_PARAMETERS = 4_000_000;

/** Whether `auto` takes what was found, for a model large enough: programs that play a GPU are slower than the engine's own kernels. */
export const isWorthTaking = (search: GpuSearch): boolean => search.found && !search.isSoftware;

/** Opens what computes for a model like this checkpoint's. Throws `unsupported` when `webgpu` is asked for and there is none. */
export async function openCompute(
  { layout: { config } }: Checkpoint,
  { device = 'auto', ...options }: ComputeOptions = {},
): Promise<Compute> {
  const parameters = parameterCount(config);
  // Looking for a GPU loads a large package, so that is left out where the answer is known.
  if (device === 'cpu' || (device === 'auto' && parameters < AUTO_PARAMETERS))
    return processorCompute(createCores(options));
  const search = await findGpu();
  if (device === 'auto' && !isWorthTaking(search)) return processorCompute(createCores(options));
  if (search.found) return onGpu(search);
  throw new WinnowError('unsupported', `There is no GPU to compute on: ${search.reason}.`, { hint: search.mend });
}

/** Computes on cores; closing it closes them. */
export function processorCompute(cores: Cores): Compute {
  return {
    device: 'cpu',
    name: cores.count === 1 ? 'one core' : `${cores.count} cores`,
    async openModel(checkpoint, parts) {
      const placed = await placeModel(cores, checkpoint.layout, checkpoint.weights);
      const { name, hash, tokenizer } = checkpoint;
      return createEmbeddedModel({ cores, placed, name, hash, tokenizer, ...parts });
    },
    openTrainer: (checkpoint, trainerOptions) => createEmbeddedTrainer(cores, checkpoint, trainerOptions),
    close: () => cores.close(),
  };
}

async function onGpu(search: GpuSearch & { readonly found: true }): Promise<Compute> {
  const [gpu, { createGpuModel }, { createGpuTrainer }] = await Promise.all([
    search.open(),
    import('./webgpu/gpu-embedded-model.ts'),
    import('./webgpu/gpu-training.ts'),
  ]);
  return {
    device: 'webgpu',
    name: gpu.name,
    openModel: (checkpoint, parts) => createGpuModel(gpu, checkpoint, parts),
    openTrainer: (checkpoint, options) => createGpuTrainer(gpu, checkpoint, options),
    close: async () => gpu.close(),
  };
}
