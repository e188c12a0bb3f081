import { learningRateAt } from '../run/schedule.ts';
import type { AdamSettings, Datum, Loss, PassResult, Trainer, UpdateResult } from '../trainer.ts';
import { type MiniBatch, policyLoss, withDivergence } from './policy-data.ts';
import type { SelectSettings } from './settings.ts';

/** What one update did. */
export interface UpdateMetrics {
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm?: number;
  /** Share of the loss tokens whose ratio the clipping held back. */
  readonly clipped: number;
  /** Divergence of the policy from the one that drew the rollouts, a token (the k3 estimate: never negative, little noise). */
  readonly moved: number;
  /** Divergence from the reference, a token, where there is one. */
  readonly divergence?: number;
  readonly solveLoss?: number;
}

export interface UpdateContext {
  readonly settings: SelectSettings;
  readonly totalUpdates: number;
  /** Gives the log-probabilities that the divergence is measured against. */
  readonly reference?: Pick<Trainer, 'forward'>;
  /** Supervised data for an update; undefined where none is due. */
  readonly solveData?: (update: number) => readonly Datum[] | undefined;
}

const MEASURE: Loss = { name: 'cross_entropy' };

/** One update of the policy by one mini-batch; `update` counts from 0 over the whole run. */
export async function updatePolicy(
  trainer: Trainer,
  given: MiniBatch,
  update: number,
  context: UpdateContext,
): Promise<UpdateMetrics> {
  const { settings, totalUpdates } = context;
  const reference = await referenceLogprobs(given, context);
  const batch = reference === undefined ? given : withDivergence(given, reference, settings.klWeight);
  const solve = context.solveData?.(update);
  const adam = adamSettings(settings, learningRateAt(update, totalUpdates, settings));
  // Submitted together: a distant server goes from one to the next without waiting for us.
  const submitted: [Promise<PassResult>, Promise<PassResult> | undefined, Promise<UpdateResult>] = [
    trainer.forwardBackward(batch.data, policyLoss(settings)),
    solve === undefined ? undefined : trainer.forwardBackward(solve, MEASURE),
    trainer.optimStep(adam),
  ];
  const [pass, solved, stepped] = await Promise.all(submitted);
  const { gradientNorm } = stepped;
  return {
    loss: pass.loss,
    learningRate: adam.learningRate,
    ...(gradientNorm === undefined ? {} : { gradientNorm }),
    ...watch(batch, pass, settings),
    ...(reference === undefined ? {} : { divergence: sampledDivergence(batch, reference) }),
    ...(solved === undefined ? {} : { solveLoss: solved.loss / settings.solveWeight }),
  };
}

/** The optimiser's settings for one update. */
export function adamSettings(
  { beta1, beta2, epsilon, weightDecay, clipNorm }: Omit<AdamSettings, 'learningRate'>,
  learningRate: number,
): AdamSettings {
  return {
    learningRate,
    ...(beta1 === undefined ? {} : { beta1 }),
    ...(beta2 === undefined ? {} : { beta2 }),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  };
}

async function referenceLogprobs(
  { data }: MiniBatch,
  { reference }: UpdateContext,
): Promise<readonly (readonly number[])[] | undefined> {
  if (reference === undefined) return undefined;
  const unweighted = data.map(({ tokens, targets }): Datum => ({ tokens, targets, weights: targets.map(() => 0) }));
  return (await reference.forward(unweighted, MEASURE)).logprobs;
}

function watch(
  { data, starts, lossTokens }: MiniBatch,
  { logprobs }: PassResult,
  { clipLow, clipHigh }: SelectSettings,
): Pick<UpdateMetrics, 'clipped' | 'moved'> {
  let clipped = 0;
  let moved = 0;
  data.forEach((datum, i) => {
    for (let t = starts[i] ?? 0; t < datum.tokens.length; t++) {
      const step = (logprobs[i]?.[t] ?? 0) - (datum.logprobs?.[t] ?? 0);
      const ratio = Math.exp(step);
      moved += ratio - 1 - step;
      const advantage = datum.advantages?.[t] ?? 0;
      if (advantage > 0 && ratio > (clipHigh ?? Number.POSITIVE_INFINITY)) clipped++;
      if (advantage < 0 && ratio < (clipLow ?? 0)) clipped++;
    }
  });
  return { clipped: clipped / lossTokens, moved: moved / lossTokens };
}

/** The mean of k3 over the tokens of the policy that drew them. */
function sampledDivergence({ data, starts, lossTokens }: MiniBatch, reference: readonly (readonly number[])[]): number {
  let sum = 0;
  data.forEach((datum, i) => {
    for (let t = starts[i] ?? 0; t < datum.tokens.length; t++) {
      const step = (reference[i]?.[t] ?? 0) - (datum.logprobs?.[t] ?? 0);
      sum += Math.exp(step) - 1 - step;
    }
  });
  return sum / lossTokens;
}
