import path from 'node:path';
import type { Problem, RefinementTask, SelectionTask } from '../../core/index.ts';
import { readPool } from '../../pool/index.ts';
import {
  indexTargets,
  openRefinementWriter,
  openSelectionWriter,
  synthesizeRefinement,
  synthesizeSelection,
} from '../../synthesize/index.ts';
import type { Grader } from '../../verify/index.ts';
import { CANDIDATES, MEASURED_FROM, type Plan, REFINED_FROM } from './plan.ts';
import type { PoolName } from './pools.ts';

type Pools = Readonly<Record<PoolName, string>>;

/** What is learned from, and what is measured on. */
export interface Tasks {
  readonly select: readonly SelectionTask[];
  readonly refine: readonly RefinementTask[];
  /** Pick the best state while a run goes on. */
  readonly watched: { readonly select: readonly SelectionTask[]; readonly refine: readonly RefinementTask[] };
  /** Every problem of the test pools with its first candidates, whether or not any of them is right. */
  readonly test: {
    readonly problems: readonly Problem[];
    readonly select: readonly SelectionTask[];
    readonly transfer: readonly SelectionTask[];
    readonly multiStep: readonly SelectionTask[];
    readonly outOfDomain: readonly SelectionTask[];
    readonly refine: readonly RefinementTask[];
  };
}

/** Makes the tasks from the pools and writes those that `recipes/` names. */
export async function makeTasks(folder: string, pools: Pools, grade: Grader, plan: Plan): Promise<Tasks> {
  const judgement = { kind: 'grader', grade } as const;
  const seed = plan.seed;
  const contrasts = async (name: 'train' | 'watched'): Promise<SelectionTask[]> => {
    const tasks: SelectionTask[] = [];
    const rules = { maxCandidates: CANDIDATES };
    const onTask = (task: SelectionTask): void => void tasks.push(task);
    await synthesizeSelection(readPool(pools[name]), { judgement, seed, pool: name, rules, onTask });
    return tasks;
  };
  const targets = await indexTargets(readPool(pools.teacher), { judgement, verified: true });
  const refine: RefinementTask[] = [];
  for (const candidates of REFINED_FROM) {
    await synthesizeRefinement(readPool(pools.train), {
      judgement,
      targets,
      seed,
      pool: 'train',
      // Direct examples once, not with each number of candidates.
      rules: { candidates, directRatio: candidates === CANDIDATES ? 1 : 0 },
      onTask: (task) => void refine.push({ ...task, id: `${task.id}/${candidates}` }),
    });
  }
  targets.close();

  const setsOf = async (pool: string, candidates: number): Promise<RefinementTask[]> => {
    const tasks: RefinementTask[] = [];
    const onTask = (task: RefinementTask): void => void tasks.push({ ...task, id: `${task.id}/${candidates}` });
    await synthesizeRefinement(readPool(pool), { judgement, seed, rules: { candidates }, onTask });
    return tasks;
  };
  const selections = async (pool: string): Promise<SelectionTask[]> =>
    (await setsOf(pool, CANDIDATES)).flatMap(asSelection);
  const refined = await Promise.all(MEASURED_FROM.map((candidates) => setsOf(pools.test, candidates)));
  // A tenth of the training problems is kept back to watch the refiner's loss by.
  const isWatched = ({ problem_id: id }: RefinementTask): boolean => watchedIds.has(id);
  const ids = [...new Set(refine.map(({ problem_id: id }) => id))];
  const watchedIds = new Set(ids.slice(0, Math.ceil(ids.length / 10)));
  const tasks: Tasks = {
    select: await contrasts('train'),
    refine: refine.filter((task) => !isWatched(task)),
    watched: { select: await contrasts('watched'), refine: refine.filter(isWatched) },
    test: {
      problems: await problemsOf(pools.test),
      select: await selections(pools.test),
      transfer: await selections(pools.transfer),
      multiStep: await selections(pools['multi-step']),
      outOfDomain: await selections(pools['out-of-domain']),
      refine: refined.flat(),
    },
  };
  await writeTasks(folder, tasks);
  return tasks;
}

async function problemsOf(pool: string): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for await (const { problem } of readPool(pool)) problems.push(problem);
  return problems;
}

/** A set of candidates as something to choose from; none where it is not known of each whether it is right. */
function asSelection({ correct, candidates, source, ...task }: RefinementTask): SelectionTask[] {
  const { id, problem_id, problem, messages, domain } = task;
  if (correct.includes(null)) return [];
  const known = correct.map((one) => one === true);
  const passRate = known.filter(Boolean).length / known.length;
  const about = { id, problem_id, problem, ...(messages === undefined ? {} : { messages }), domain };
  return [{ ...about, candidates, correct: known, source, pass_rate: passRate }];
}

async function writeTasks(folder: string, { select, refine, watched }: Tasks): Promise<void> {
  const isDirect = ({ kind }: RefinementTask): boolean => kind === 'direct';
  const write = async <Task>(
    open: (
      file: string,
      options: { readonly format: 'winnow' },
    ) => Promise<{
      write(task: Task): Promise<void>;
      close(): Promise<unknown>;
    }>,
    name: string,
    tasks: readonly Task[],
  ): Promise<void> => {
    const writer = await open(path.join(folder, `${name}.jsonl`), { format: 'winnow' });
    for (const task of tasks) await writer.write(task);
    await writer.close();
  };
  await write(openSelectionWriter, 'select', select);
  await write(openSelectionWriter, 'select-held-out', watched.select);
  await write(openRefinementWriter, 'refine', refine);
  await write(openRefinementWriter, 'refine-held-out', watched.refine);
  await write(openRefinementWriter, 'direct', refine.filter(isDirect));
}
