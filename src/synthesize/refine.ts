import type { PromptOverrides } from '../aggregate/index.ts';
import {
  type Candidate,
  makeRng,
  type RefinementTask,
  type Rng,
  type TaskCandidate,
  type VerdictKind,
  WinnowError,
} from '../core/index.ts';
import type { Judgement, PoolGroup } from '../evaluate/index.ts';
import { type Reader, readCandidate } from '../verify/index.ts';
import type { Overlap, OverlapFinder } from './decontaminate.ts';
import { distinctSets } from './distinct-sets.ts';
import { DEFAULT_LENGTHS, emptyPromptTokens, isTooLong, type LengthLimits, makeTokenSum } from './prompt-length.ts';
import {
  kindOfSet,
  makeRefinementTally,
  type RefinementDrop,
  type RefinementSummary,
  type RefinementTally,
  summariseRefinement,
} from './refinement-summary.ts';
import { sourceOf } from './select.ts';
import type { TargetIndex } from './targets.ts';
import { openTaskPrompts, type TaskPrompts } from './task-prompts.ts';
import { problemFields, shownText } from './task-text.ts';
import { verdictsOf } from './verdicts.ts';

/** How refinement tasks are made; defaults from 2509.00084. */
export interface RefinementRules {
  /** Candidates a set; the paper's k. */
  readonly candidates: number;
  readonly tasksPerProblem: number;
  /** Direct-solving examples for each refinement example. Without a teacher there are none. */
  readonly directRatio: number;
  /** Leave out sets that are right altogether. All-wrong sets always stay. */
  readonly dropAllRight: boolean;
}

export const REFINEMENT_RULES: RefinementRules = {
  candidates: 4,
  tasksPerProblem: 1,
  directRatio: 1,
  dropAllRight: false,
};

export interface RefinementOptions {
  /** Says which candidates are right, for the tasks' `correct`. */
  readonly judgement: Judgement;
  /** The teacher's solutions; without them tasks have no target. */
  readonly targets?: TargetIndex;
  readonly rules?: Partial<RefinementRules>;
  readonly lengths?: Partial<LengthLimits>;
  readonly pool?: string;
  readonly overlapOf?: OverlapFinder;
  readonly onRemoved?: (problemId: string, overlap: Overlap) => void | Promise<void>;
  readonly prompts?: PromptOverrides;
  readonly seed?: number;
  readonly read?: Reader;
  readonly signal?: AbortSignal;
  readonly onProblem?: (samples: number) => void;
  readonly onTask: (task: RefinementTask) => void | Promise<void>;
}

/**
 * Makes refinement tasks (GSR, 2509.00084): k of the student's candidates, shown as they are, with a teacher's solution as the target; sets
 * that are all wrong stay in. Between them stand direct-solving examples with other solutions of the same problem
 * where the teacher has several. Memory holds one problem. The same pools, rules and seed give the same tasks.
 * How we differ: the paper's teacher reads the candidates before it writes; ours may be any pool of solutions.
 */
export async function synthesizeRefinement(
  source: AsyncIterable<PoolGroup>,
  options: RefinementOptions,
): Promise<RefinementSummary> {
  const work: Work = {
    options,
    rules: checkRules({ ...REFINEMENT_RULES, ...options.rules }),
    lengths: { ...DEFAULT_LENGTHS, ...options.lengths },
    prompts: await openTaskPrompts(options.prompts === undefined ? {} : { prompts: options.prompts }),
    tally: makeRefinementTally(),
    rng: makeRng(options.seed ?? 0).split('refine'),
  };
  const { tally } = work;
  for await (const group of source) {
    options.signal?.throwIfAborted();
    tally.problems++;
    tally.candidates.read += group.samples.length;
    const made = await tasksOf(group, work);
    if (typeof made === 'string') tally.dropped[made]++;
    else {
      tally.kept++;
      for (const task of made) await options.onTask(task);
    }
    options.onProblem?.(group.samples.length);
  }
  return summariseRefinement(tally, options.targets?.summary);
}

interface Work {
  readonly options: RefinementOptions;
  readonly rules: RefinementRules;
  readonly lengths: LengthLimits;
  readonly prompts: TaskPrompts;
  readonly tally: RefinementTally;
  readonly rng: Rng;
}

/** A candidate with what is known of it. */
interface Member {
  readonly place: number;
  readonly shown: TaskCandidate;
  readonly correct: boolean | null;
}

async function tasksOf(group: PoolGroup, work: Work): Promise<RefinementTask[] | RefinementDrop> {
  const { options, rules } = work;
  const { question } = group.problem;
  const overlap = options.overlapOf?.(question);
  if (overlap !== undefined) {
    await options.onRemoved?.(question.id, overlap);
    return 'contaminated';
  }
  const targets = options.targets?.targetsOf(question) ?? [];
  if (options.targets !== undefined && targets.length === 0) return 'without_target';
  const members = await showableMembers(group, work);
  if (members.length < rules.candidates) return 'too_few';
  const sets = drawSets(group, members, work);
  return typeof sets === 'string' ? sets : writeTasks(group, sets, targets, work);
}

async function showableMembers(group: PoolGroup, work: Work): Promise<Member[]> {
  const { options, lengths, tally } = work;
  const { read = readCandidate, judgement, signal } = options;
  const { problem, samples } = group;
  const candidates = samples.map((sample) => read(problem.question, sample));
  const candidateAt = (place: number): Candidate => candidates[place] as Candidate;
  const verdicts = await verdictsOf(group, judgement, candidateAt, signal);
  const members: Member[] = [];
  for (const [place, candidate] of candidates.entries()) {
    const { answer, sample } = candidate;
    const text = shownText(problem.question, candidate);
    const correct = correctness(verdicts[place]);
    if (correct === null) tally.candidates.unknown++;
    if (text === '') tally.candidates.unread++;
    else if (isTooLong(text, lengths)) tally.candidates.too_long++;
    else {
      tally.candidates.usable++;
      const shown = { text, ...(answer === undefined ? {} : { answer }), sample_index: sample.index };
      members.push({ place: members.length, shown, correct });
    }
  }
  return members;
}

function correctness(verdict: VerdictKind | undefined): boolean | null {
  return verdict === 'correct' ? true : verdict === 'wrong' ? false : null;
}

/** Distinct sets of k candidates that fit into the prompt. */
function drawSets(group: PoolGroup, members: readonly Member[], work: Work): Member[][] | RefinementDrop {
  const { rules, lengths, prompts, tally } = work;
  const problem = problemFields(group.problem);
  const rng = work.rng.split(problem.problem_id);
  const empty = emptyPromptTokens(problem, (task) => prompts.refine({ ...task, kind: 'refine' }), lengths.countTokens);
  let tooLong = 0;
  const draw = (): Member[] => rng.pick(members, rules.candidates);
  const tokensOf = makeTokenSum(lengths.countTokens);
  const sets = distinctSets(draw, rules.tasksPerProblem, (set) => {
    if (empty + tokensOf(set) > lengths.maxPromptTokens) tooLong++;
    else return !(rules.dropAllRight && set.every(({ correct }) => correct === true));
    return false;
  });
  tally.setsTooLong += tooLong;
  if (sets.length > 0) return sets;
  return tooLong > 0 ? 'too_long' : 'all_right';
}

function writeTasks(
  group: PoolGroup,
  sets: readonly Member[][],
  targets: readonly string[],
  work: Work,
): RefinementTask[] {
  const { options, rules, tally } = work;
  const { gold } = group.problem;
  const { teacher } = options.targets?.summary ?? {};
  const problem = problemFields(group.problem);
  const common = {
    ...problem,
    ...(gold?.kind === 'answer' ? { gold: gold.answer } : {}),
    ...(gold?.kind === 'tests' ? { tests: gold.task } : {}),
    source: { ...sourceOf(group, options.pool), ...(teacher === undefined ? {} : { teacher }) },
  };
  const target = (place: number): { target?: string } => {
    const text = targets[place % Math.max(1, targets.length)];
    return text === undefined ? {} : { target: text };
  };
  const refine = sets.map((set, place): RefinementTask => {
    const correct = set.map((one) => one.correct);
    tally.sets[kindOfSet(correct)]++;
    return {
      id: `${problem.problem_id}#${place}`,
      kind: 'refine',
      ...common,
      candidates: set.map(({ shown }) => shown),
      correct,
      ...target(place),
    };
  });
  if (targets.length > 0) tally.owed += refine.length * rules.directRatio;
  // A solution is a direct example once at most; what is still owed then falls to later problems.
  const count = Math.min(Math.floor(tally.owed + 1e-9), targets.length);
  const direct = Array.from(
    { length: count },
    (_, place): RefinementTask => ({
      id: `${problem.problem_id}#direct${place}`,
      kind: 'direct',
      ...common,
      candidates: [],
      correct: [],
      ...target(sets.length + place),
    }),
  );
  tally.owed -= count;
  tally.refine += refine.length;
  tally.direct += direct.length;
  tally.withTarget += targets.length === 0 ? 0 : refine.length + direct.length;
  return [...refine, ...direct];
}

function checkRules(rules: RefinementRules): RefinementRules {
  if (rules.candidates >= 1) return rules;
  throw new WinnowError('wrong-use', `a refinement shows at least 1 candidate, but ${rules.candidates} was asked for`);
}
