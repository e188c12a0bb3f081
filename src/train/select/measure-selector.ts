import { makeRng, type SelectionTask } from '../../core/index.ts';
import { comparePaired, makeBootstrap, type PairedComparison } from '../../evaluate/index.ts';
import type { TrainedModel } from '../trainer.ts';
import { type Baseline, baselineOf } from './baselines.ts';
import { type EvaluationSettings, evaluatePolicy, type SelectionScores, summariseScores } from './evaluate-policy.ts';
import type { PolicyForm } from './policy-task.ts';

/** A selector beside the baselines on the same tasks, task by task and as shares. */
export interface MeasuredSelector extends SelectionScores {
  /** In the order of the tasks: 1 for a right choice, else 0. */
  readonly greedyByTask: Float64Array;
  readonly votedByTask: Float64Array;
  /** Ties are shared; where no candidate has an answer to vote with, the random choice stands in. */
  readonly majorityByTask: Float64Array;
  readonly against: {
    readonly majority: { readonly greedy: PairedComparison; readonly voted: PairedComparison };
    readonly tokenwise: { readonly greedy: PairedComparison; readonly voted: PairedComparison };
  };
}

/** Lets a model choose on every task, greedily and by a vote of drawn choices, and compares both with voting over the candidates. */
export async function measureSelector(
  model: TrainedModel,
  form: PolicyForm<SelectionTask>,
  tasks: readonly SelectionTask[],
  settings: EvaluationSettings,
): Promise<MeasuredSelector> {
  const scores = await evaluatePolicy(model, form, tasks, settings);
  const baselines = tasks.map(baselineOf);
  const [greedy, voted] = [Float64Array.from(scores, (s) => s.greedy), Float64Array.from(scores, (s) => s.voted)];
  const without = ({ random }: Baseline): number => random;
  const majority = Float64Array.from(baselines, (one) => one.majority ?? without(one));
  const tokenwise = Float64Array.from(baselines, (one) => one.tokenwise ?? without(one));
  const rng = makeRng(settings.seed).split('measure selector');
  const against = (baseline: Float64Array, name: string) => ({
    greedy: comparePaired(greedy, baseline, makeBootstrap(rng.split(`${name} greedy`)), rng.split(`${name} g`)),
    voted: comparePaired(voted, baseline, makeBootstrap(rng.split(`${name} voted`)), rng.split(`${name} v`)),
  });
  return {
    ...summariseScores(scores, baselines),
    greedyByTask: greedy,
    votedByTask: voted,
    majorityByTask: majority,
    against: { majority: against(majority, 'majority'), tokenwise: against(tokenwise, 'tokenwise') },
  };
}
