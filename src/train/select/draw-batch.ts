import { isAbort, seedFor, WinnowError } from '../../core/index.ts';
import type { TrainedModel } from '../trainer.ts';
import { hasContrast, isKnown } from './advantages.ts';
import { drawGroup } from './draw-group.ts';
import type { Group, PolicyForm } from './policy-task.ts';
import type { SelectSettings } from './settings.ts';

/** What a step learns from. */
export interface Batch {
  readonly groups: readonly Group[];
  /** Place in the stream of tasks behind the last group that was looked at. */
  readonly next: number;
  readonly drawn: DrawnCounts;
}

/** Everything that was looked at for a batch, kept or not. */
export interface DrawnCounts {
  readonly groups: number;
  /** Groups without contrast: all right, all wrong, or nothing known. */
  readonly allRight: number;
  readonly allWrong: number;
  readonly unknown: number;
  /** Groups whose prompt the model refused, e.g. because it is too long. */
  readonly refused: number;
  readonly rollouts: number;
  readonly valid: number;
  readonly cut: number;
  readonly rewardSum: number;
  readonly rewarded: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Sum of the drawn tokens' -log p, an estimate of the policy's entropy where the temperature is 1. */
  readonly surprise: number;
}

export interface BatchSource<Task> {
  readonly taskAt: (position: number) => Task;
  readonly form: PolicyForm<Task>;
  readonly seed: number;
}

const NOTHING: DrawnCounts = {
  groups: 0,
  allRight: 0,
  allWrong: 0,
  unknown: 0,
  refused: 0,
  rollouts: 0,
  valid: 0,
  cut: 0,
  rewardSum: 0,
  rewarded: 0,
  promptTokens: 0,
  completionTokens: 0,
  surprise: 0,
};

/** A step gives up when so many times its groups were drawn, and at least so many groups, and none had contrast. */
const HOPELESS = 2;
const LEAST_HOPELESS = 64;

/**
 * Draws groups from one version of the policy until enough have contrast (dynamic sampling, 2503.14476 section 3.2), as many
 * at a time as the missing ones will probably take. Groups are taken in the stream's order, whichever is ready first, so a
 * batch depends on the seed alone. It may come out short, or empty, of groups; it never fails for want of contrast.
 */
export async function drawBatch<Task extends { readonly id: string }>(
  model: TrainedModel,
  source: BatchSource<Task>,
  from: number,
  settings: SelectSettings,
): Promise<Batch> {
  const { groups: wanted, dynamicSampling, overlong, concurrency } = settings;
  const limit = dynamicSampling ? wanted * settings.refillLimit : wanted;
  const enough = new AbortController();
  const underWay: Promise<Group | WinnowError>[] = [];
  const kept: Group[] = [];
  let drawn = NOTHING;
  const refusals: WinnowError[] = [];

  function launch(): void {
    const taken = drawn.groups;
    const rate = (kept.length + 1) / (taken + 1);
    const ahead = Math.min(Math.ceil((wanted - kept.length) / rate), limit - taken, concurrency);
    while (underWay.length < ahead) {
      const position = from + taken + underWay.length;
      const seed = seedFor(source.seed, 'rollouts', position);
      const task = source.taskAt(position);
      const group = drawGroup(model, source.form, task, settings, { seed, signal: enough.signal }).catch(asRefusal);
      group.catch(() => {}); // looked at when its turn comes
      underWay.push(group);
    }
  }

  try {
    while (kept.length < wanted && drawn.groups < limit) {
      if (kept.length === 0 && drawn.groups >= Math.max(HOPELESS * wanted, LEAST_HOPELESS)) break;
      launch();
      const group = await underWay.shift();
      if (group === undefined) break;
      if (group instanceof WinnowError) {
        refusals.push(group);
        drawn = { ...drawn, groups: drawn.groups + 1, refused: drawn.refused + 1 };
      } else {
        drawn = withGroup(drawn, group, settings);
        if (!dynamicSampling || hasContrast(group, overlong)) kept.push(group);
      }
    }
  } finally {
    enough.abort();
    await Promise.allSettled(underWay);
  }
  if (drawn.refused > 0 && drawn.refused === drawn.groups) throw refusals[0];
  return { groups: kept, next: from + drawn.groups, drawn };
}

/** A prompt that the model cannot take leaves its group out; anything else that goes wrong ends the run. */
export function asRefusal(error: unknown): WinnowError {
  if (!isAbort(error) && error instanceof WinnowError && ['bad-input', 'refused'].includes(error.code)) return error;
  throw error;
}

function withGroup(before: DrawnCounts, group: Group, { overlong }: SelectSettings): DrawnCounts {
  const { rollouts, prompt } = group;
  const sum = (of: (rollout: (typeof rollouts)[number]) => number): number =>
    rollouts.reduce((total, rollout) => total + of(rollout), 0);
  const known = rollouts.filter((rollout) => isKnown(rollout, overlong));
  const flat = !hasContrast(group, overlong);
  const right = (known[0]?.judged.reward ?? 0) > 0;
  return {
    groups: before.groups + 1,
    allRight: before.allRight + Number(flat && known.length > 0 && right),
    allWrong: before.allWrong + Number(flat && known.length > 0 && !right),
    unknown: before.unknown + Number(known.length === 0),
    refused: before.refused,
    rollouts: before.rollouts + rollouts.length,
    valid: before.valid + sum(({ judged }) => Number(judged.valid)),
    cut: before.cut + sum(({ cut }) => Number(cut)),
    rewardSum: before.rewardSum + sum(({ judged }) => judged.reward ?? 0),
    rewarded: before.rewarded + sum(({ judged }) => Number(judged.reward !== undefined)),
    promptTokens: before.promptTokens + prompt.length,
    completionTokens: before.completionTokens + sum(({ tokens }) => tokens.length),
    surprise: before.surprise - sum(({ logprobs }) => logprobs.reduce((total, logprob) => total + logprob, 0)),
  };
}
