import type { PromptOverrides } from '../aggregate/index.ts';
import { type Candidate, makeRng, type Rng, type SelectionTask, WinnowError } from '../core/index.ts';
import type { Judgement, PoolGroup } from '../evaluate/index.ts';
import { type Reader, readCandidate } from '../verify/index.ts';
import { contrastSets, type SetLimits } from './contrast-sets.ts';
import { share } from './counts.ts';
import type { Overlap, OverlapFinder } from './decontaminate.ts';
import { distinctSets } from './distinct-sets.ts';
import { type Member, usableMembers } from './members.ts';
import { makePositionBalance, type PositionBalance } from './positions.ts';
import { DEFAULT_LENGTHS, emptyPromptTokens, type LengthLimits, makeTokenSum } from './prompt-length.ts';
import {
  makeSelectionTally,
  type SelectionDrop,
  type SelectionSummary,
  type SelectionTally,
  summariseSelection,
} from './selection-summary.ts';
import { openTaskPrompts, type TaskPrompts } from './task-prompts.ts';
import { problemFields } from './task-text.ts';
import { canJudge, verdictsOf } from './verdicts.ts';

/** Which problems and candidate sets become tasks; defaults from 2602.02143, section 3. */
export interface SelectionRules extends SetLimits {
  /** Most of a problem's judged samples that may be correct. */
  readonly maxPassRate: number;
  readonly tasksPerProblem: number;
}

export const SELECTION_RULES: SelectionRules = {
  minCandidates: 2,
  maxCandidates: 16,
  maxPassRate: 0.5,
  maxCorrectShare: 0.5,
  tasksPerProblem: 4,
};

export interface SelectionOptions {
  readonly judgement: Judgement;
  readonly rules?: Partial<SelectionRules>;
  readonly lengths?: Partial<LengthLimits>;
  /** Named in the tasks as their source. */
  readonly pool?: string;
  /** Leaves out the problems of evaluation sets. */
  readonly overlapOf?: OverlapFinder;
  readonly onRemoved?: (problemId: string, overlap: Overlap) => void | Promise<void>;
  readonly prompts?: PromptOverrides;
  readonly seed?: number;
  readonly read?: Reader;
  readonly signal?: AbortSignal;
  /** Called after each problem with the samples it had. */
  readonly onProblem?: (samples: number) => void;
  readonly onTask: (task: SelectionTask) => void | Promise<void>;
}

const NAMED = 20;

/**
 * Makes selection tasks of a pool's judged candidates (2602.02143), problem by problem; memory holds one problem.
 * The same pool, rules and seed give the same tasks. Returns what was kept and dropped; it is for the caller to say
 * that nothing was kept. How we differ: near-duplicates are removed, and positions balanced beyond a shuffle. Throws `wrong-use` for rules that can never hold.
 */
export async function synthesizeSelection(
  source: AsyncIterable<PoolGroup>,
  options: SelectionOptions,
): Promise<SelectionSummary> {
  const work: Work = {
    options,
    rules: checkRules({ ...SELECTION_RULES, ...options.rules }),
    lengths: { ...DEFAULT_LENGTHS, ...options.lengths },
    prompts: await openTaskPrompts(options.prompts === undefined ? {} : { prompts: options.prompts }),
    tally: makeSelectionTally(),
    balance: makePositionBalance(),
    rng: makeRng(options.seed ?? 0).split('select'),
  };
  const { tally, balance } = work;
  for await (const group of source) {
    options.signal?.throwIfAborted();
    tally.problems++;
    tally.candidates.read += group.samples.length;
    const made = await tasksOf(group, work);
    if (typeof made === 'string') tally.dropped[made]++;
    else {
      tally.kept++;
      for (const task of made) {
        count(task, tally);
        await options.onTask(task);
      }
    }
    options.onProblem?.(group.samples.length);
  }
  return summariseSelection(tally, balance.counts());
}

interface Work {
  readonly options: SelectionOptions;
  readonly rules: SelectionRules;
  readonly lengths: LengthLimits;
  readonly prompts: TaskPrompts;
  readonly tally: SelectionTally;
  readonly balance: PositionBalance;
  readonly rng: Rng;
}

async function tasksOf(group: PoolGroup, work: Work): Promise<SelectionTask[] | SelectionDrop> {
  const { options, rules, lengths, tally } = work;
  const { read = readCandidate, judgement, overlapOf, onRemoved, signal } = options;
  const { question } = group.problem;
  const overlap = overlapOf?.(question);
  if (overlap !== undefined) {
    await onRemoved?.(question.id, overlap);
    return 'contaminated';
  }
  if (!canJudge(group.problem, judgement)) {
    if (tally.withoutGold.length < NAMED) tally.withoutGold.push(question.id);
    return 'without_gold';
  }
  const known = new Array<Candidate | undefined>(group.samples.length);
  const candidateAt = (place: number): Candidate => {
    const sample = group.samples[place];
    if (sample === undefined) throw new WinnowError('internal', `there is no sample ${place}`);
    const candidate = known[place] ?? read(question, sample);
    known[place] = candidate;
    return candidate;
  };
  const verdicts = await verdictsOf(group, judgement, candidateAt, signal);
  let [correct, judged] = [0, 0];
  for (const verdict of verdicts) {
    if (verdict === 'correct') correct++;
    if (verdict === 'correct' || verdict === 'wrong') judged++;
  }
  tally.candidates.unknown += verdicts.length - judged;
  if (judged === 0) return 'unjudged';
  if (correct === 0) return 'never_solved';
  if (correct / judged > rules.maxPassRate) return 'too_easy';
  const members = usableMembers(question, verdicts, candidateAt, lengths, tally.candidates);
  return drawTasks(group, members, correct / judged, work);
}

function drawTasks(
  group: PoolGroup,
  members: readonly Member[],
  passRate: number,
  work: Work,
): SelectionTask[] | SelectionDrop {
  const { rules, lengths, prompts, balance, tally, options } = work;
  const problem = problemFields(group.problem);
  const correct = members.filter((member) => member.correct);
  const wrong = members.filter((member) => !member.correct);
  if (correct.length === 0 || wrong.length === 0) return 'no_contrast';
  const rng = work.rng.split(problem.problem_id);
  const room = lengths.maxPromptTokens - emptyPromptTokens(problem, prompts.select, lengths.countTokens);
  let tooLong = 0;
  let draw = contrastSets(correct, wrong, rules);
  const tokensOf = makeTokenSum(lengths.countTokens);
  const drawn = (): Member[] | undefined => draw(rng);
  const sets = distinctSets(drawn, rules.tasksPerProblem, (set) => {
    if (tokensOf(set) <= room) return true;
    // Where this many do not fit, fewer may; drawing as many again would waste the tries.
    draw = contrastSets(correct, wrong, { ...rules, maxCandidates: set.length - 1 });
    tooLong++;
    return false;
  });
  tally.setsTooLong += tooLong;
  if (sets.length === 0) return tooLong > 0 ? 'too_long' : 'too_few';
  const source = sourceOf(group, options.pool);
  return sets.map((set, place) => {
    const shown = balance.arrange(set, rng);
    return {
      id: `${problem.problem_id}#${place}`,
      ...problem,
      candidates: shown.map((member) => member.shown),
      correct: shown.map((member) => member.correct),
      source,
      pass_rate: share(passRate, 1),
    };
  });
}

/** Where a problem's samples come from; several models are named together. */
export function sourceOf(group: PoolGroup, pool: string | undefined): SelectionTask['source'] {
  const generator = [...new Set(group.samples.flatMap(({ model }) => model ?? []))].sort().join(', ');
  return { ...(pool === undefined ? {} : { pool }), ...(generator === '' ? {} : { generator }) };
}

function count(task: SelectionTask, tally: SelectionTally): void {
  const size = task.candidates.length;
  tally.tasks++;
  tally.shown += size;
  tally.correctShown += task.correct.filter(Boolean).length;
  tally.passRates += task.pass_rate;
  tally.sizes.set(size, (tally.sizes.get(size) ?? 0) + 1);
}

function checkRules(rules: SelectionRules): SelectionRules {
  const { minCandidates, maxCandidates, maxCorrectShare } = rules;
  if (maxCandidates < 2 || minCandidates > maxCandidates) {
    throw new WinnowError(
      'wrong-use',
      `a candidate set has 2 or more members, from the least to the most, but ${minCandidates} to ${maxCandidates} was asked for`,
      { hint: 'Give --min-candidates and --max-candidates the other way round, or larger.' },
    );
  }
  if (Math.floor(maxCandidates * maxCorrectShare + 1e-9) < 1) {
    throw new WinnowError(
      'wrong-use',
      `of ${maxCandidates} candidates at least one must be correct, but a correct share of ${maxCorrectShare} allows none`,
      { hint: `Allow --max-correct-share of ${1 / maxCandidates} or more.` },
    );
  }
  return rules;
}
