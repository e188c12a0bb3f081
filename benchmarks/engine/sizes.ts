/** The models of the engine's benchmarks, and one step of training them. */
import { makeRng } from '../../src/core/index.ts';
import {
  type Checkpoint,
  type Cores,
  createEmbeddedTrainer,
  type EmbeddedTrainer,
  newCheckpoint,
} from '../../src/engine/index.ts';
import type { Datum, Trainer } from '../../src/train/index.ts';

const COMMON = { headDim: 32, ropeTheta: 1e4, normEpsilon: 1e-6, contextTokens: 256, tied: true };
export const SIZES = {
  '0.2M': { ...COMMON, hiddenSize: 64, layers: 4, heads: 4, keyValueHeads: 2, feedForward: 128 },
  '0.3M': { ...COMMON, hiddenSize: 96, layers: 3, heads: 3, keyValueHeads: 3, feedForward: 256 },
  '1M': { ...COMMON, hiddenSize: 128, layers: 5, heads: 4, keyValueHeads: 2, feedForward: 384 },
  '4M': { ...COMMON, hiddenSize: 256, layers: 6, heads: 8, keyValueHeads: 4, feedForward: 512 },
  '30M': { ...COMMON, headDim: 64, hiddenSize: 512, layers: 10, heads: 8, keyValueHeads: 4, feedForward: 1536 },
} as const;
export type SizeName = keyof typeof SIZES;
/** Those that a processor steps through in seconds. */
export const SMALL_SIZES = ['0.2M', '0.3M', '1M', '4M'] as const;

export const VOCABULARY = 72;
export const SEQUENCES = 64;
export const LENGTH = 64;
export const LEARNING_RATE = 1e-4;

export interface TrainingUnderTest {
  readonly checkpoint: Checkpoint;
  readonly trainer: EmbeddedTrainer;
  /** Forward, backward and AdamW of one batch; resolves with its tokens. */
  step(): Promise<number>;
}

/** A checkpoint of random weights. */
export async function checkpointOf(name: SizeName): Promise<Checkpoint> {
  const pieces = Array.from({ length: VOCABULARY - 1 }, (_, i) => String.fromCodePoint(0x100 + i));
  const vocabulary = { pieces, special: ['<|end|>'], chatTemplate: '' };
  return newCheckpoint({ name, config: SIZES[name], vocabulary, seed: 1 });
}

export async function trainingOf(name: SizeName, cores: Cores): Promise<TrainingUnderTest> {
  const checkpoint = await checkpointOf(name);
  const trainer = await createEmbeddedTrainer(cores, checkpoint, { folder: '/nonexistent' });
  return { checkpoint, trainer, step: trainingStep(trainer, name, SEQUENCES) };
}

/** A step on one batch of random tokens, the same for a size. */
export function trainingStep(trainer: Trainer, name: SizeName, sequences: number): () => Promise<number> {
  const rng = makeRng(name);
  const weight = 1 / (sequences * LENGTH);
  const batch = Array.from({ length: sequences }, (): Datum => {
    const tokens = Array.from({ length: LENGTH + 1 }, () => rng.int(VOCABULARY));
    return { tokens: tokens.slice(0, -1), targets: tokens.slice(1), weights: tokens.slice(1).map(() => weight) };
  });
  return async () => {
    const passed = trainer.forwardBackward(batch, { name: 'cross_entropy' });
    await Promise.all([passed, trainer.optimStep({ learningRate: LEARNING_RATE })]);
    return sequences * LENGTH;
  };
}
