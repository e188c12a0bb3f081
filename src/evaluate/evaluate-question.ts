import type { AggregateContext, Method } from '../aggregate/index.ts';
import { costOf, type PriceTable, type Rng, type Sample, totalTokens, type VerdictKind } from '../core/index.ts';
import { type ComputedRule, expectedAccuracy } from './expected-accuracy.ts';
import type { GradedQuestion, Judgement } from './graded-question.ts';
import { gPassAtK } from './pass-at-k.ts';
import { type MethodRun, runMethod } from './run-method.ts';

/** One method at one k on one question. `undefined` tokens and costs are unknown. */
export interface Cell {
  /** NaN where the question has fewer than k samples, or the run failed. */
  readonly value: number;
  readonly error: number;
  readonly drawTokens: number | undefined;
  readonly judgeTokens: number | undefined;
  readonly cost: number | undefined;
  readonly runs: readonly MethodRun[];
  readonly failed?: string;
}

/** The small record that stays of a question once its samples are gone. */
export interface QuestionResult {
  readonly id: string;
  readonly samples: number;
  /** Samples without any text. */
  readonly empty: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly models: ReadonlyMap<string, { readonly samples: number; readonly correct: number }>;
  readonly methods: readonly string[];
  readonly ks: readonly number[];
  /** By method, then by k. */
  readonly cells: readonly (readonly Cell[])[];
  /** Samples that had what the method's rule asks for, by method. */
  readonly scored: readonly number[];
  /** By k, then by tau. */
  readonly gPass: readonly (readonly number[])[];
  readonly answers: readonly { readonly answer: string; readonly count: number; readonly credit: number }[];
}

/** Thresholds of G-Pass@k: half, three quarters, all of the k samples correct. */
export const TAUS = [0.5, 0.75, 1] as const;

export interface QuestionOptions {
  readonly methods: readonly Method[];
  readonly ks: readonly number[];
  readonly subsets: number;
  /** The question's stream of randomness. */
  readonly rngFor: () => Rng;
  readonly context: Omit<AggregateContext, 'rng'>;
  readonly judgement: Judgement;
  readonly prices: PriceTable;
}

/** Everything evaluation keeps of one question. */
export async function evaluateQuestion(question: GradedQuestion, options: QuestionOptions): Promise<QuestionResult> {
  const { methods, ks } = options;
  const samples = question.candidates.map(({ sample }) => sample);
  const n = samples.length;
  const correct = question.credits.reduce((sum, credit) => sum + credit, 0);
  const drawing = drawingOf(samples, options.prices);
  const cells: Cell[][] = [];
  const scored: number[] = [];
  for (const method of methods) {
    const { rule } = method;
    if (rule.kind === 'run') {
      const row: Cell[] = [];
      for (const k of ks) row.push(await runCell(method, question, k, drawing, options));
      cells.push(row);
      scored.push(n);
    } else {
      const rngFor = (k: number): Rng => options.rngFor().split(`${method.name} ${k}`);
      const expected = expectedAccuracy(rule, question, ks, rngFor);
      cells.push(expected.estimates.map((estimate, i) => computedCell(rule, estimate, ks[i] ?? 1, drawing)));
      scored.push(expected.scored);
    }
  }
  return {
    id: question.problem.question.id,
    samples: n,
    empty: samples.filter(({ text }) => text.trim() === '').length,
    verdicts: countKinds(question.kinds),
    models: countMakers(question),
    methods: methods.map(({ name }) => name),
    ks,
    cells,
    scored,
    gPass: ks.map((k) => TAUS.map((tau) => gPassAtK(n, correct, k, tau))),
    answers: answersOf(question),
  };
}

/** What drawing one sample of this question takes on average; unknown where it is for any of them. */
interface Drawing {
  readonly tokens: number | undefined;
  readonly cost: number | undefined;
}

function drawingOf(samples: readonly Sample[], prices: PriceTable): Drawing {
  return {
    tokens: meanKnown(samples.map(({ usage }) => (usage === undefined ? undefined : totalTokens(usage)))),
    cost: meanKnown(
      samples.map(({ usage, model }) => (usage === undefined ? undefined : costOf(usage, prices[model ?? '']))),
    ),
  };
}

function meanKnown(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return values.length === 0 ? undefined : sum / values.length;
}

const times = (count: number, value: number | undefined): number | undefined =>
  value === undefined ? undefined : count * value;
const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

function computedCell(
  rule: ComputedRule,
  { value, error }: { readonly value: number; readonly error: number },
  k: number,
  drawing: Drawing,
): Cell {
  const drawn = rule.kind === 'first' ? 1 : k;
  return {
    value,
    error,
    drawTokens: times(drawn, drawing.tokens),
    judgeTokens: 0,
    cost: times(drawn, drawing.cost),
    runs: [],
  };
}

async function runCell(
  method: Method,
  question: GradedQuestion,
  k: number,
  drawing: Drawing,
  { subsets, rngFor, context, judgement, prices }: QuestionOptions,
): Promise<Cell> {
  const { value, runs, usage, failed } = await runMethod(method, question, k, {
    subsets,
    rng: rngFor(),
    context,
    judgement,
  });
  const judgeTokens = totalTokens(usage);
  const judgeCost = judgeTokens === 0 ? 0 : costOf(usage, prices[context.judge?.name ?? '']);
  return {
    value,
    error: 0,
    drawTokens: times(k, drawing.tokens),
    judgeTokens: times(1 / Math.max(1, runs.length), judgeTokens),
    cost: plus(times(k, drawing.cost), times(1 / Math.max(1, runs.length), judgeCost)),
    runs,
    ...(failed === undefined ? {} : { failed }),
  };
}

function countKinds(kinds: readonly VerdictKind[]): Record<VerdictKind, number> {
  const counts = { correct: 0, wrong: 0, unparsed: 0, timeout: 0, error: 0 };
  for (const kind of kinds) counts[kind]++;
  return counts;
}

function countMakers({ makers, credits }: GradedQuestion): QuestionResult['models'] {
  const models = new Map<string, { samples: number; correct: number }>();
  makers.forEach((maker, i) => {
    if (maker === undefined) return;
    const counts = models.get(maker) ?? { samples: 0, correct: 0 };
    counts.samples++;
    counts.correct += credits[i] ?? 0;
    models.set(maker, counts);
  });
  return models;
}

/** Longest answer, and most classes, that the per-question results repeat. */
const MAX_ANSWER = 200;
const MAX_ANSWERS = 16;

function answersOf({ classes, classCredits, candidates }: GradedQuestion): QuestionResult['answers'] {
  const answers = classCredits.map((credit) => ({ answer: '', count: 0, credit }));
  classes.forEach((answerClass, i) => {
    const entry = answers[answerClass];
    if (entry === undefined) return;
    if (entry.count === 0) entry.answer = (candidates[i]?.answer ?? '').slice(0, MAX_ANSWER);
    entry.count++;
  });
  return answers.sort((a, b) => b.count - a.count).slice(0, MAX_ANSWERS);
}
