/** The pre-flight of a run: what a small probe says about what it will draw, take and cost, before anything is spent. */
import { costOf, makeRng, type Price, type SelectionTask, seedFor, WinnowError } from '../../core/index.ts';
import { type Interval, wilson } from '../../evaluate/index.ts';
import { mapLimited } from '../run/map-limited.ts';
import type { Trainer } from '../trainer.ts';
import { hasContrast, isKnown } from './advantages.ts';
import { asRefusal } from './draw-batch.ts';
import { drawGroup } from './draw-group.ts';
import { miniBatches } from './policy-data.ts';
import type { Group, PolicyForm, Rollout } from './policy-task.ts';
import type { SelectSettings } from './settings.ts';

export interface ProbeOptions {
  readonly form: PolicyForm<SelectionTask>;
  readonly settings: SelectSettings;
  /** Held-out tasks, on which the run will be evaluated; default none. */
  readonly heldOut?: number;
  readonly seed?: number;
  /** Tasks that are probed; default 32. */
  readonly tasks?: number;
  /** Money per million tokens drawn. */
  readonly price?: Price;
  /** Money per million tokens trained on. */
  readonly trainPrice?: number;
}

/** What a run is expected to be. */
export interface Forecast {
  readonly probed: { readonly tasks: number; readonly rollouts: number };
  /** Share of the groups from which something can be learned. */
  readonly contrast: Interval & { readonly value: number };
  readonly allRight: number;
  readonly allWrong: number;
  /** Share of the groups of which no reply's reward is known, and of the tasks whose prompt the model refused. */
  readonly unknown: number;
  readonly refused: number;
  readonly valid: number;
  readonly cut: number;
  readonly reward: number;
  /** Tokens: of a prompt, of a completion, and the longest of both together. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly longest: number;
  /** Groups drawn for one step. */
  readonly groupsPerStep: number;
  /** Passes over the tasks. */
  readonly passes: number;
  /** Replies that the evaluations draw. */
  readonly evaluationReplies: number;
  /** Of the steps and the evaluations. */
  readonly drawnTokens: { readonly prompt: number; readonly completion: number };
  readonly trainedTokens: number;
  readonly seconds: { readonly drawing: number; readonly training: number };
  readonly cost?: number;
  readonly warnings: readonly string[];
}

/** A backward pass takes about twice a forward pass. */
const PASSES_PER_UPDATE = 3;

/** Draws groups for some tasks from the model as it is, and reckons from them. Nothing is trained. */
export async function probeSelection(
  trainer: Trainer,
  tasks: readonly SelectionTask[],
  options: ProbeOptions,
): Promise<Forecast> {
  const probe = await runProbe(trainer, tasks, options);
  const { settings, heldOut = 0 } = options;
  const seen = sharesOf(probe, settings);
  const { contrast, promptTokens, completionTokens } = seen;
  const groupsPerStep = groupsFor(contrast.value, settings);
  const drawnGroups = groupsPerStep * settings.steps;
  const evaluationReplies = heldOut * repliesATask(settings);
  const drawn = {
    promptTokens: (drawnGroups + evaluationReplies) * promptTokens,
    completionTokens: (drawnGroups * settings.rollouts + evaluationReplies) * completionTokens,
  };
  const learned = Math.min(settings.groups, groupsPerStep * contrast.value) * settings.rollouts;
  const trainedTokens = settings.steps * settings.epochs * learned * (promptTokens + completionTokens);
  const rollouts = seen.probed.rollouts;
  const forecast = {
    ...seen,
    groupsPerStep,
    passes: drawnGroups / tasks.length,
    evaluationReplies,
    drawnTokens: { prompt: drawn.promptTokens, completion: drawn.completionTokens },
    trainedTokens,
    seconds: {
      drawing: probe.drawSeconds * share(drawn.completionTokens, rollouts * completionTokens),
      training:
        PASSES_PER_UPDATE * probe.passSeconds * share(trainedTokens, rollouts * (promptTokens + completionTokens)),
    },
    ...costField(options, drawn, trainedTokens),
  };
  return { ...forecast, warnings: warningsFor(forecast, settings) };
}

interface Probe {
  readonly groups: readonly Group[];
  /** Prompts that the model cannot take; a run leaves them out. */
  readonly refused: number;
  readonly drawSeconds: number;
  /** For one forward pass over all rollouts. */
  readonly passSeconds: number;
}

async function runProbe(
  trainer: Trainer,
  tasks: readonly SelectionTask[],
  { form, settings, seed = 0, tasks: wanted = 32 }: ProbeOptions,
): Promise<Probe> {
  const probed = makeRng(seed).split('probe').pick(tasks, wanted);
  const policy = await trainer.publish();
  const drawStart = performance.now();
  const drawn = await mapLimited(probed, settings.concurrency, (task) =>
    drawGroup(policy, form, task, settings, { seed: seedFor(seed, 'probe', task.id) }).catch(asRefusal),
  ).finally(() => policy.close?.());
  const groups = drawn.flatMap((group) => (group instanceof WinnowError ? [] : [group]));
  const refusal = drawn.find((group) => group instanceof WinnowError);
  if (groups.length === 0 && refusal !== undefined) throw refusal;
  const passStart = performance.now();
  const [batch] = miniBatches(groups, { ...settings, updates: 1 });
  const data = batch?.data.map((datum) => ({ ...datum, weights: datum.targets.map(() => 0) })) ?? [];
  if (data.length > 0) await trainer.forward(data, { name: 'cross_entropy' });
  return {
    groups,
    refused: drawn.length - groups.length,
    drawSeconds: (passStart - drawStart) / 1000,
    passSeconds: (performance.now() - passStart) / 1000,
  };
}

function sharesOf({ groups, refused }: Probe, { overlong }: SelectSettings) {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const count = (keep: (rollout: Rollout) => boolean): number => share(rollouts.filter(keep).length, rollouts.length);
  const mean = <T>(items: readonly T[], of: (item: T) => number): number =>
    share(
      items.reduce((sum, item) => sum + of(item), 0),
      items.length,
    );
  const flat = groups.filter((group) => !hasContrast(group, overlong));
  const rewards = flat.map((group) => group.rollouts.find((rollout) => isKnown(rollout, overlong))?.judged.reward);
  const those = (is: (reward: number | undefined) => boolean): number =>
    share(rewards.filter(is).length, groups.length);
  const contrast = 1 - share(flat.length, groups.length);
  return {
    probed: { tasks: groups.length, rollouts: rollouts.length },
    contrast: { value: contrast, ...wilson(contrast, groups.length) },
    allRight: those((reward) => reward !== undefined && reward > 0),
    allWrong: those((reward) => reward !== undefined && reward <= 0),
    unknown: those((reward) => reward === undefined),
    refused: share(refused, groups.length + refused),
    valid: count(({ judged }) => judged.valid),
    cut: count(({ cut }) => cut),
    reward: mean(rollouts, ({ judged }) => judged.reward ?? 0),
    promptTokens: mean(groups, ({ prompt }) => prompt.length),
    completionTokens: mean(rollouts, ({ tokens }) => tokens.length),
    longest: groups.reduce(
      (most, group) => Math.max(most, ...group.rollouts.map(({ tokens }) => group.prompt.length + tokens.length)),
      0,
    ),
  };
}

/** Replies that the evaluations of a run draw for a task: greedy and voting ones before and after, greedy and one drawn between. */
function repliesATask({ steps, evaluateEvery, votes }: SelectSettings): number {
  const between = evaluateEvery > 0 ? Math.ceil(steps / evaluateEvery) : 1;
  return 2 * (1 + votes) + 2 * between;
}

function share(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}

function groupsFor(contrast: number, { groups, dynamicSampling, refillLimit }: SelectSettings): number {
  if (!dynamicSampling) return groups;
  return Math.min(groups * refillLimit, contrast === 0 ? Number.POSITIVE_INFINITY : groups / contrast);
}

function costField(
  { price, trainPrice }: ProbeOptions,
  drawn: { readonly promptTokens: number; readonly completionTokens: number },
  trainedTokens: number,
): { readonly cost?: number } {
  if (price === undefined && trainPrice === undefined) return {};
  return { cost: (costOf(drawn, price) ?? 0) + (trainedTokens * (trainPrice ?? 0)) / 1e6 };
}

function warningsFor(
  { contrast, valid, cut, allRight, allWrong, unknown, refused, passes, groupsPerStep }: Omit<Forecast, 'warnings'>,
  { groups, refillLimit, dynamicSampling }: SelectSettings,
): readonly string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const warnings: string[] = [];
  if (valid < 0.5) {
    warnings.push(
      `Only ${percent(valid)} of the replies name a candidate: teach the form first, or look at the prompt.`,
    );
  }
  if (refused > 0)
    warnings.push(`${percent(refused)} of the prompts are refused and will be left out: are they too long?`);
  if (cut > 0.1) warnings.push(`${percent(cut)} of the replies are cut off at max_tokens; raise it.`);
  if (contrast.value < 0.3) {
    const most = Math.max(allRight, allWrong, unknown);
    const why =
      most === unknown
        ? 'of most nothing is known, since every reply is cut off'
        : most === allRight
          ? 'most are all right: take harder tasks'
          : 'most are all wrong: take easier tasks';
    warnings.push(`Only ${percent(contrast.value)} of the groups have contrast (${why}, or raise the temperature).`);
  }
  if (dynamicSampling && groupsPerStep >= groups * refillLimit) {
    warnings.push(`Steps will be short of groups: refill_limit ends them after ${groups * refillLimit} groups.`);
  }
  if (passes > 20) warnings.push(`The tasks are passed ${passes.toFixed(0)} times; more tasks would teach more.`);
  return warnings;
}
