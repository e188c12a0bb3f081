import path from 'node:path';
import { type Problem, WinnowError } from '../../core/index.ts';
import type { EmbeddedModel } from '../../engine/index.ts';
import { drawPool } from '../../pool/index.ts';
import {
  drawProblems,
  type Family,
  OUT_OF_DOMAIN_FAMILIES,
  TRAINING_FAMILIES,
  toProblem,
} from '../../synthesize/index.ts';
import type { CommandContext } from '../command.ts';
import { MEASURED_FROM, type Plan } from './plan.ts';

/** The pools of a run, by the name of their folder. */
export type PoolName = 'train' | 'teacher' | 'watched' | 'test' | 'transfer' | 'multi-step' | 'out-of-domain';

interface PoolPlan {
  readonly name: PoolName;
  readonly families: readonly Family[];
  readonly split: 'train' | 'held-out';
  /** Pools with the same word draw from the same problems. */
  readonly problems: string;
  readonly count: number;
  readonly n: number;
  readonly by: 'student' | 'stronger';
}

/** Longest solution of a family with its end, and some room to go wrong in. */
export const MAX_TOKENS = 24;

/** Learned from together; the multi-step family is measured by itself. */
const MULTI_STEP = TRAINING_FAMILIES.filter(({ name }) => name === 'chain');
const MIXED = TRAINING_FAMILIES.filter(({ name }) => name !== 'chain');

export function poolPlans({ problems, draws, watched, tested, other }: Plan): readonly PoolPlan[] {
  const learned = { families: TRAINING_FAMILIES, split: 'train', problems: 'train', count: problems } as const;
  const held = { families: MIXED, split: 'held-out', n: draws } as const;
  const test = { ...held, problems: 'test', count: tested } as const;
  return [
    { name: 'train', ...learned, n: draws, by: 'student' },
    { name: 'teacher', ...learned, n: 4, by: 'stronger' },
    { name: 'watched', ...held, problems: 'watched', count: watched, by: 'student' },
    { name: 'test', ...test, n: Math.max(...MEASURED_FROM), by: 'student' },
    { name: 'transfer', ...test, by: 'stronger' },
    { name: 'multi-step', ...test, families: MULTI_STEP, problems: 'steps', count: other, by: 'student' },
    { name: 'out-of-domain', ...test, families: OUT_OF_DOMAIN_FAMILIES, problems: 'odd', count: other, by: 'student' },
  ];
}

/** Of all candidates: warm enough to err, each draw in its own way. */
const TEMPERATURE = 1;

/** The problems of a pool: no question twice, and none that an earlier pool of the split has. */
function problemsOf({ families, split, problems, count }: PoolPlan, seed: number, taken: Set<string>): Problem[] {
  const found: Problem[] = [];
  for (const problem of drawProblems(families, { seed: `quickstart/${seed}/${problems}`, split })) {
    if (!taken.has(problem.question)) found.push(toProblem(problem));
    taken.add(problem.question);
    if (found.length === count) break;
  }
  return found;
}

/** Draws all pools into `folder`, or what of them is missing. */
export async function drawPools(
  folder: string,
  plan: Plan,
  models: Readonly<Record<PoolPlan['by'], EmbeddedModel>>,
  context: CommandContext,
): Promise<Readonly<Record<PoolName, string>>> {
  const plans = poolPlans(plan);
  const total = plans.reduce((sum, { count, n }) => sum + count * n, 0);
  const taken = new Set<string>();
  const drawnProblems = new Map<string, Problem[]>();
  const progress = context.progress('drawing', { total, unit: 'samples' });
  const places: [PoolName, string][] = [];
  for (const one of plans) {
    const problems = drawnProblems.get(one.problems) ?? problemsOf(one, plan.seed, taken);
    drawnProblems.set(one.problems, problems);
    const pool = path.join(folder, one.name);
    progress.say(one.name);
    const { failures } = await drawPool(pool, problems, {
      model: models[one.by],
      n: one.n,
      seed: plan.seed,
      sampling: { temperature: TEMPERATURE, maxTokens: MAX_TOKENS },
      concurrency: 256,
      signal: context.signal,
      onStart: ({ already }) => progress.add(already),
      onSamples: (samples) => progress.add(samples.length),
    });
    const [failure] = failures;
    if (failure !== undefined) throw new WinnowError('unreachable', `${one.name}: ${failure.message}`);
    places.push([one.name, pool]);
  }
  progress.end();
  return Object.fromEntries(places) as Record<PoolName, string>;
}
