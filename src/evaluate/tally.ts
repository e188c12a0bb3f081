import type { Method } from '../aggregate/index.ts';
import type { VerdictKind } from '../core/index.ts';
import { type Column, makeColumn } from './column.ts';
import { type DiagnosticsTally, makeDiagnosticsTally } from './diagnostics.ts';
import { type Cell, type QuestionResult, TAUS } from './evaluate-question.ts';
import { makeMean, type RunningMean } from './running-mean.ts';

/** One method at one k over all questions. */
export interface CellTally {
  /** One value a question, in the order of the pool; NaN where there is none. */
  readonly values: Column;
  readonly drawTokens: RunningMean;
  readonly judgeTokens: RunningMean;
  readonly cost: RunningMean;
  readonly diagnostics: DiagnosticsTally;
  /** Sum of squared Monte Carlo errors. */
  errorSquares: number;
  failed: number;
  firstFailure: string | undefined;
}

/** Everything that is kept while a pool streams by: a few numbers a question, whatever the number of samples. */
export interface Tally {
  questions: number;
  samples: number;
  /** Samples without any text. */
  empty: number;
  largest: { id: string; samples: number };
  readonly verdicts: Record<VerdictKind, number>;
  readonly models: Map<string, { samples: number; readonly shares: Column }>;
  /** Samples of models beyond the number that is kept apart. */
  otherModels: number;
  readonly cells: readonly (readonly CellTally[])[];
  readonly scored: number[];
  /** By k, then by tau. */
  readonly gPass: readonly (readonly Column[])[];
}

/** A pool may name a model per sample; beyond this many they are not kept apart. */
const MAX_MODELS = 100;

export function makeTally(methods: readonly Method[], ks: readonly number[]): Tally {
  return {
    questions: 0,
    samples: 0,
    empty: 0,
    largest: { id: '', samples: 0 },
    verdicts: { correct: 0, wrong: 0, unparsed: 0, timeout: 0, error: 0 },
    models: new Map(),
    otherModels: 0,
    cells: methods.map(() => ks.map(makeCellTally)),
    scored: methods.map(() => 0),
    gPass: ks.map(() => TAUS.map(makeColumn)),
  };
}

function makeCellTally(): CellTally {
  return {
    values: makeColumn(),
    drawTokens: makeMean(),
    judgeTokens: makeMean(),
    cost: makeMean(),
    diagnostics: makeDiagnosticsTally(),
    errorSquares: 0,
    failed: 0,
    firstFailure: undefined,
  };
}

export function addToTally(tally: Tally, result: QuestionResult): void {
  tally.questions++;
  tally.samples += result.samples;
  tally.empty += result.empty;
  if (result.samples > tally.largest.samples) tally.largest = { id: result.id, samples: result.samples };
  for (const [kind, count] of Object.entries(result.verdicts)) tally.verdicts[kind as VerdictKind] += count;
  result.cells.forEach((row, m) => {
    tally.scored[m] = (tally.scored[m] ?? 0) + (result.scored[m] ?? 0);
    row.forEach((cell, i) => {
      const into = tally.cells[m]?.[i];
      if (into !== undefined) addCell(into, cell, result.id);
    });
  });
  result.gPass.forEach((row, i) => {
    row.forEach((value, t) => {
      tally.gPass[i]?.[t]?.push(value);
    });
  });
  for (const [model, { samples, correct }] of result.models) addModel(tally, model, samples, correct);
}

function addCell(into: CellTally, cell: Cell, id: string): void {
  into.values.push(cell.value);
  into.diagnostics.add(cell);
  if (cell.failed !== undefined) {
    into.failed++;
    into.firstFailure ??= `${id}: ${cell.failed}`;
  }
  if (Number.isNaN(cell.value)) return;
  into.errorSquares += cell.error ** 2;
  into.drawTokens.add(cell.drawTokens);
  into.judgeTokens.add(cell.judgeTokens);
  into.cost.add(cell.cost);
}

function addModel(tally: Tally, model: string, samples: number, correct: number): void {
  const known = tally.models.get(model);
  if (known === undefined && tally.models.size >= MAX_MODELS) {
    tally.otherModels += samples;
    return;
  }
  const entry = known ?? { samples: 0, shares: makeColumn() };
  entry.samples += samples;
  entry.shares.push(correct / samples);
  tally.models.set(model, entry);
}
