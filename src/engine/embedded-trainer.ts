import { createHash } from 'node:crypto';
import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import {
  type AdamSettings,
  checkDatum,
  type Datum,
  type Loss,
  type PassResult,
  type Trainer,
  type UpdateResult,
} from '../train/protocol/index.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { writeCheckpoint } from './checkpoint/checkpoint.ts';
import type { Cores } from './cores/cores.ts';
import type { EmbeddedModel } from './embedded-model.ts';
import { processorTraining } from './processor-training.ts';
import type { LowRankSettings } from './training/low-rank.ts';
import { readTrainerState, trainerStateFiles } from './training/saved-state.ts';
import type { TrainingCompute } from './training/training-compute.ts';
import type { ModelConfig } from './transformer/config.ts';

export interface EmbeddedTrainerOptions {
  /** Where `save` puts its folders. */
  readonly folder: string;
  /** Train low-rank factors instead of all weights. */
  readonly lowRank?: LowRankSettings;
  /** Seed of the factors' initialisation; default 0. */
  readonly seed?: number;
}

export interface EmbeddedTrainer extends Trainer {
  readonly config: ModelConfig;
  /** Updates applied so far. */
  readonly step: () => number;
  publish(): Promise<EmbeddedModel>;
  /** Writes the model as it is now as a Hugging Face folder, without the optimiser; default F32. */
  exportModel(folder: string, options?: { readonly type?: 'F32' | 'BF16' }): Promise<void>;
}

/** Trains a checkpoint's model on the processor's cores. The checkpoint itself is not changed. */
export async function createEmbeddedTrainer(
  cores: Cores,
  checkpoint: Checkpoint,
  options: EmbeddedTrainerOptions,
): Promise<EmbeddedTrainer> {
  const { lowRank, seed = 0 } = options;
  return trainerOn(await processorTraining(cores, checkpoint, lowRank, seed), checkpoint, options);
}

/** A trainer of a checkpoint's model, wherever that is computed. */
export function trainerOn(
  compute: TrainingCompute,
  checkpoint: Checkpoint,
  { folder, seed = 0 }: EmbeddedTrainerOptions,
): EmbeddedTrainer {
  const { layout, name, tokenizer, tokenizerFiles } = checkpoint;
  let step = 0;
  let last: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;

  /** Runs one thing after the other, in the order of the calls. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (closed !== undefined) return Promise.reject(new WinnowError('wrong-use', `The trainer of ${name} was closed.`));
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function checkedPass(data: readonly Datum[], loss: Loss, withGradient: boolean): Promise<PassResult> {
    const result = await compute.pass(data, loss, withGradient);
    if (Number.isFinite(result.loss)) return result;
    if (withGradient) compute.clearGradients();
    const datum = result.logprobs.findIndex((logprobs) => !logprobs.every(Number.isFinite));
    const where = datum < 0 ? '' : `; the log-probabilities of datum ${datum} are no finite numbers`;
    throw new WinnowError('bad-input', `The loss ${loss.name} after ${step} updates is ${result.loss}${where}.`, {
      hint: 'The waiting gradient was dropped. Load the last good state and lower the learning rate, or look at the data.',
    });
  }

  function check(data: readonly Datum[], loss: Loss): void {
    if (data.length === 0) throw new WinnowError('bad-input', 'The batch has no data; expected at least one datum.');
    for (const [index, datum] of data.entries()) {
      checkDatum(loss, datum, index);
      checkTokens(datum, index, layout.config);
    }
  }

  const written = async (): Promise<Parameters<typeof writeCheckpoint>[1]> => ({
    layout,
    weights: await compute.weights(),
    tokenizerFiles,
    endTokens: tokenizer.endTokens,
  });

  return {
    name,
    tokenizer,
    config: layout.config,
    step: () => step,
    async forwardBackward(data, loss) {
      check(data, loss);
      return inTurn(() => checkedPass(data, loss, true));
    },
    async forward(data, loss) {
      check(data, loss);
      return inTurn(() => checkedPass(data, loss, false));
    },
    async optimStep(settings: AdamSettings): Promise<UpdateResult> {
      checkSettings(settings);
      return inTurn(async () => {
        const { gradientNorm, applied } = await compute.update(settings, step + 1);
        if (applied) step++;
        else {
          throw new WinnowError(
            'bad-input',
            `The gradient's norm after ${step} updates is ${gradientNorm}; nothing was changed.`,
            {
              hint: 'The gradient was dropped. Look at advantages and ratios, or lower the learning rate.',
            },
          );
        }
        return { gradientNorm };
      });
    },
    publish: () =>
      inTurn(async () => {
        const hash = createHash('sha256')
          .update(await compute.weights())
          .digest('hex');
        return compute.publish(`${name}@${step}`, hash);
      }),
    save: (saveName) =>
      inTurn(async () => {
        const target = path.join(folder, checkedName(saveName));
        const position = { step, seed, base: checkpoint.hash };
        const files = trainerStateFiles(compute.shape, await compute.vectors(), position);
        await writeCheckpoint(target, { ...(await written()), files });
        return target;
      }),
    load: (from, { optimizer = true } = {}) =>
      inTurn(async () => {
        const saved = await readTrainerState(from, compute.shape, checkpoint.hash, optimizer);
        compute.clearGradients();
        await compute.restore(saved);
        step = saved.step;
      }),
    exportModel: (target, { type = 'F32' } = {}) =>
      inTurn(async () => writeCheckpoint(target, { ...(await written()), type })),
    close() {
      closed ??= last.then(() => compute.release());
      return closed;
    },
  };
}

function checkTokens({ tokens, targets }: Datum, index: number, { vocabSize, contextTokens }: ModelConfig): void {
  if (tokens.length > contextTokens) {
    throw new WinnowError(
      'bad-input',
      `Datum ${index} has ${tokens.length} tokens; the model's context holds ${contextTokens}.`,
    );
  }
  const outside = [...tokens, ...targets].find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
  if (outside !== undefined) {
    throw new WinnowError(
      'bad-input',
      `Datum ${index} holds the token ${outside}; the vocabulary has 0 to ${vocabSize - 1}.`,
    );
  }
}

function checkSettings({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.95,
  epsilon = 1e-12,
  weightDecay = 0,
  clipNorm = 0,
}: AdamSettings): void {
  const limits: readonly [string, number, boolean, string][] = [
    ['learningRate', learningRate, learningRate >= 0, '0 or more'],
    ['beta1', beta1, beta1 >= 0 && beta1 < 1, 'from 0 to below 1'],
    ['beta2', beta2, beta2 >= 0 && beta2 < 1, 'from 0 to below 1'],
    ['epsilon', epsilon, epsilon > 0, 'more than 0'],
    ['weightDecay', weightDecay, weightDecay >= 0, '0 or more'],
    ['clipNorm', clipNorm, clipNorm >= 0, '0 or more'],
  ];
  for (const [name, value, fits, expected] of limits) {
    if (!fits || !Number.isFinite(value))
      throw new WinnowError('bad-input', `${name} is ${value}; expected ${expected}.`);
  }
}

/** A name for a saved state becomes a folder of that name, nothing else. */
export function checkedName(name: string): string {
  if (/^[\w][\w.-]{0,127}$/.test(name)) return name;
  throw new WinnowError('bad-input', `"${name}" cannot name a saved state.`, {
    hint: 'Use up to 128 letters, digits, dots, dashes and underscores.',
  });
}
