import path from 'node:path';
import type { Method, ProgramSandbox } from '../aggregate/index.ts';
import { WinnowError } from '../core/index.ts';
import type { PoolGroup, QuestionResult } from '../evaluate/index.ts';
import type { Model } from '../model/index.ts';
import type { CommandContext } from './command.ts';
import { type ModelOptions, openJudge, openModel } from './model-options.ts';

/**
 * The judge, its replies kept beside the pool, so that evaluating again asks nothing twice; where that cannot be written, they
 * are kept with the results, or not at all.
 */
export async function openCachedJudge(
  pool: string,
  options: ModelOptions & { readonly out?: string },
  context: CommandContext,
): Promise<{ readonly judge?: Model; readonly isKept: boolean }> {
  const judge = await openJudge(options, options.model === undefined ? undefined : await openModel(options));
  if (judge === undefined) return { isKept: false };
  const [{ cached }, { isWritable, poolFiles }] = await Promise.all([
    import('../model/index.ts'),
    import('../pool/index.ts'),
  ]);
  const folders = [
    ...(pool === '-' ? [] : [poolFiles(pool).folder]),
    ...(options.out === undefined ? [] : [options.out]),
  ];
  const directory = folders.map((folder) => path.join(folder, 'judge')).find(isWritable);
  if (directory !== undefined) return { judge: cached(judge, { directory }), isKept: true };
  if (pool !== '-') context.warn(`winnow: ${pool} cannot be written to, so what the judge says is not kept.`);
  return { judge, isKept: false };
}

/** A pool as it is read. */
export interface OpenPool {
  readonly groups: AsyncIterable<PoolGroup>;
  /** Names of the scores that the first problem's samples carry. */
  readonly scores: readonly string[];
  /** Remarks on the pool as a whole, once it has been read. */
  notes(): string[];
  badLines(): number;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/** Most bad lines that are named one by one. */
const NAMED_LINES = 20;

/** Opens a pool; bad lines are named and left out. */
export async function openPool(pool: string, context: CommandContext): Promise<OpenPool> {
  const { readPool } = await import('../pool/index.ts');
  const remarks: string[] = [];
  let bad = 0;
  const questions = readPool(pool, {
    onProblem: ({ line, problem }) => {
      bad += 1;
      if (bad <= NAMED_LINES) context.warn(`winnow: ${pool} line ${line}: ${problem}`);
    },
    onNote: (note) => {
      if (remarks.length < NAMED_LINES) remarks.push(note);
      context.note(note);
    },
  });
  const first = await questions.next();
  const scores = first.done === true ? [] : first.value.samples.flatMap(({ scores: named = {} }) => Object.keys(named));
  async function* groups(): AsyncGenerator<PoolGroup> {
    if (first.done !== true) yield first.value;
    yield* questions;
  }
  return {
    groups: groups(),
    scores: [...new Set(scores)],
    notes: () => (bad === 0 ? remarks : [`${bad} lines of the pool could not be used and are left out.`, ...remarks]),
    badLines: () => bad,
    close: async () => void (await questions.return(undefined)),
  };
}

/** The methods asked for. Throws `wrong-use` for a name that is none. */
export async function namedMethods(list: string): Promise<Method[]> {
  if (list.trim() === '') {
    throw new WinnowError('wrong-use', '--methods names no method.', {
      hint: 'E.g. --methods single,majority,oracle.',
    });
  }
  const { parseMethods } = await import('../aggregate/index.ts');
  return parseMethods(list);
}

/** Most scores that are tried without being asked for. */
const MAX_SCORES = 4;

/** The methods that need no judge, those that go by a score with each of these. */
export async function defaultMethods(scores: readonly string[]): Promise<Method[]> {
  const { bestOfN, majority, oracle, single, weighted } = await import('../aggregate/index.ts');
  const scored = scores.slice(0, MAX_SCORES).flatMap((score) => [weighted({ score }), bestOfN({ score })]);
  return [single(), majority(), ...scored, oracle()];
}

/** Where per-problem results go. */
export interface Results {
  write(result: QuestionResult): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** One row a problem: verdicts, answers by class, each method's expected accuracy by k. */
export async function openResults(out: string | undefined): Promise<Results> {
  if (out === undefined) return { write: async () => {}, close: async () => {}, abort: async () => {} };
  const [{ openRowWriter }, { resultRow }] = await Promise.all([
    import('../pool/index.ts'),
    import('../evaluate/index.ts'),
  ]);
  const writer = await openRowWriter(path.join(out, 'results.jsonl'));
  return {
    write: async (result) => writer.write(resultRow(result)),
    close: async () => void (await writer.close()),
    abort: async () => writer.abort(),
  };
}

/** A sandbox for the methods that run programs themselves; none where no method does. */
export async function openSandboxFor(
  methods: readonly Method[],
  { sandbox: kind }: { readonly sandbox: 'auto' | 'pyodide' | 'bubblewrap' },
): Promise<(ProgramSandbox & { close(): Promise<void> }) | undefined> {
  if (!methods.some(({ name }) => /^code-cluster(\[|$)/.test(name))) return undefined;
  const { openSandbox } = await import('../verify/index.ts');
  return openSandbox({ kind });
}
