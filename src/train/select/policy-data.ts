import type { Datum, Loss } from '../trainer.ts';
import { groupAdvantages } from './advantages.ts';
import type { Group, Rollout } from './policy-task.ts';
import type { SelectSettings } from './settings.ts';

/** One update's data, with the advantage of each token already divided so that the server's sum is the mean asked for. */
export interface MiniBatch {
  readonly data: readonly Datum[];
  /** For each datum the first position that is the completion's and counts in the loss. */
  readonly starts: readonly number[];
  /** Tokens that count in the loss. */
  readonly lossTokens: number;
}

/** The policy loss of the settings: clipped (clip-higher), or the plain ratio where clipping is off. */
export function policyLoss({ clipLow, clipHigh }: Pick<SelectSettings, 'clipLow' | 'clipHigh'>): Loss {
  return clipLow === null || clipHigh === null ? { name: 'importance_sampling' } : { name: 'ppo', clipLow, clipHigh };
}

/**
 * Splits groups into as many mini-batches as there are updates, in order, their sizes differing by at most one. One of which nothing
 * counts in the loss, e.g. because every reply was cut off, is left out.
 */
export function miniBatches(groups: readonly Group[], settings: SelectSettings): readonly MiniBatch[] {
  const count = Math.min(settings.updates, groups.length);
  const batches = Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * groups.length) / count);
    return miniBatch(groups.slice(from, Math.floor(((i + 1) * groups.length) / count)), settings);
  });
  return batches.filter(({ data }) => data.length > 0);
}

interface Valued {
  readonly prompt: readonly number[];
  readonly rollout: Rollout;
  readonly advantage: number;
}

function miniBatch(groups: readonly Group[], settings: SelectSettings): MiniBatch {
  const valued = groups.flatMap((group): Valued[] => {
    const advantages = groupAdvantages(group, settings);
    return group.rollouts.flatMap((rollout, i) => {
      const advantage = advantages[i];
      return advantage === undefined || rollout.tokens.length === 0
        ? []
        : [{ prompt: group.prompt, rollout, advantage }];
    });
  });
  const lossTokens = valued.reduce((sum, { rollout }) => sum + rollout.tokens.length, 0);
  const share = ({ rollout }: Valued): number =>
    settings.lossMean === 'token' ? 1 / lossTokens : 1 / (valued.length * rollout.tokens.length);
  return {
    data: valued.map((one) => policyDatum(one, share(one))),
    starts: valued.map(({ prompt }) => prompt.length - 1),
    lossTokens,
  };
}

function policyDatum({ prompt, rollout, advantage }: Valued, share: number): Datum {
  const all = [...prompt, ...rollout.tokens];
  const before = new Array<number>(prompt.length - 1).fill(0);
  return {
    tokens: all.slice(0, -1),
    targets: all.slice(1),
    logprobs: [...before, ...rollout.logprobs],
    advantages: [...before, ...rollout.tokens.map(() => advantage * share)],
  };
}

/**
 * Takes the divergence from a reference into the advantages: each token's falls by weight x (log p - log p_reference),
 * the estimate whose gradient is that of the divergence. `reference` holds the reference's log-probabilities.
 */
export function withDivergence(batch: MiniBatch, reference: readonly (readonly number[])[], weight: number): MiniBatch {
  const { data, starts, lossTokens } = batch;
  const changed = data.map((datum, i): Datum => {
    const { logprobs = [], advantages = [] } = datum;
    const start = starts[i] ?? 0;
    const penalty = (t: number): number => (weight / lossTokens) * ((logprobs[t] ?? 0) - (reference[i]?.[t] ?? 0));
    return { ...datum, advantages: advantages.map((value, t) => (t < start ? value : value - penalty(t))) };
  });
  return { ...batch, data: changed };
}
