/** The models that the engine's benchmarks train, and one step of their training. */
import { makeRng } from '../../src/core/index.ts';
import {
  type Checkpoint,
  type Cores,
  createEmbeddedTrainer,
  type EmbeddedTrainer,
  newCheckpoint,
} from '../../src/engine/index.ts';
import type { Datum } from '../../src/train/index.ts';

const COMMON = { headDim: 32, ropeTheta: 1e4, normEpsilon: 1e-6, contextTokens: 256, tied: true };
export const SIZES = {
  '0.2M': { ...COMMON, hiddenSize: 64, layers: 4, heads: 4, keyValueHeads: 2, feedForward: 128 },
  '0.3M': { ...COMMON, hiddenSize: 96, layers: 3, heads: 3, keyValueHeads: 3, feedForward: 256 },
  '1M': { ...COMMON, hiddenSize: 128, layers: 5, heads: 4, keyValueHeads: 2, feedForward: 384 },
  '4M': { ...COMMON, hiddenSize: 256, layers: 6, heads: 8, keyValueHeads: 4, feedForward: 512 },
} as const;
export type SizeName = keyof typeof SIZES;

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

export async function trainingOf(name: SizeName, cores: Cores): Promise<TrainingUnderTest> {
  const pieces = Array.from({ length: VOCABULARY - 1 }, (_, i) => String.fromCodePoint(0x100 + i));
  const vocabulary = { pieces, special: ['<|end|>'], chatTemplate: '' };
  const checkpoint = await newCheckpoint({ name, config: SIZES[name], vocabulary, seed: 1 });
  const trainer = await createEmbeddedTrainer(cores, checkpoint, { folder: '/nonexistent' });
  const rng = makeRng(name);
  const weight = 1 / (SEQUENCES * LENGTH);
  const batch = Array.from({ length: SEQUENCES }, (): Datum => {
    const tokens = Array.from({ length: LENGTH + 1 }, () => rng.int(VOCABULARY));
    return { tokens: tokens.slice(0, -1), targets: tokens.slice(1), weights: tokens.slice(1).map(() => weight) };
  });
  return {
    checkpoint,
    trainer,
    async step() {
      const passed = trainer.forwardBackward(batch, { name: 'cross_entropy' });
      await Promise.all([passed, trainer.optimStep({ learningRate: LEARNING_RATE })]);
      return SEQUENCES * LENGTH;
    },
  };
}
