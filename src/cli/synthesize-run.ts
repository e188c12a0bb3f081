import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Problem, WinnowError } from '../core/index.ts';
import type { Judgement } from '../evaluate/index.ts';
import type {
  EvaluationSet,
  ExportFormat,
  LengthLimits,
  Overlap,
  OverlapFinder,
  TaskWriter,
} from '../synthesize/index.ts';
import type { Grader } from '../verify/index.ts';
import type { CommandContext } from './command.ts';
import { type OpenPool, openPool } from './evaluate-inputs.ts';

/** The options of both task-making commands. */
export interface TaskOptions {
  readonly out: string;
  readonly format: ExportFormat;
  readonly labels?: string;
  readonly sandbox: 'auto' | 'pyodide' | 'bubblewrap';
  readonly tasksPerProblem: number;
  readonly maxPromptTokens: number;
  readonly maxCandidateTokens: number;
  readonly tokenizer?: string;
  readonly decontaminate?: readonly string[];
  readonly teacher?: string;
}

/** What making tasks works with. */
export interface TaskRun<Task> {
  readonly groups: OpenPool['groups'];
  readonly grade: Grader;
  readonly settings: {
    readonly judgement: Judgement;
    readonly lengths: Partial<LengthLimits>;
    readonly pool: string;
    readonly seed: number;
    readonly signal: AbortSignal;
    readonly overlapOf?: OverlapFinder;
    readonly onRemoved: (problemId: string, overlap: Overlap) => void;
    readonly onProblem: (samples: number) => void;
  };
  readonly onTask: (task: Task) => Promise<void>;
}

/** One of the two commands. */
export interface TaskMaking<Task> {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly openWriter: () => Promise<TaskWriter<Task>>;
  readonly make: (run: TaskRun<Task>) => Promise<{ readonly summary: object; readonly text: string }>;
}

/** Right and wrong from a recorded label, or from the grader. */
export function judgementOf(label: string | undefined, grade: Grader): Judgement {
  return label === undefined ? { kind: 'grader', grade } : { kind: 'label', name: label };
}

/** Makes the tasks of a pool and writes them with their summary; nothing is left behind when it fails. */
export async function writeTasks<Task>(
  pool: string,
  options: TaskOptions,
  context: CommandContext,
  { rules, openWriter, make }: TaskMaking<Task>,
): Promise<void> {
  await checkPlaces(pool, options, context);
  const lengths = await readLengths(options);
  const overlapOf = await readEvaluationSets(options.decontaminate ?? [], context);
  const { openGrader } = await import('../verify/index.ts');
  const source = await openPool(pool, context);
  const { grade, close } = openGrader({ sandbox: { kind: options.sandbox } });
  const writer = await openWriter();
  const removed = removedProblems(options);
  const progress = context.progress('synthesizing', { unit: 'samples' });
  context.onInterrupt('Nothing was written; run the same command again.');
  try {
    const { summary, text } = await make({
      groups: source.groups,
      grade,
      settings: {
        judgement: judgementOf(options.labels, grade),
        lengths,
        pool: pool === '-' ? 'standard input' : path.basename(pool),
        seed: context.seed,
        signal: context.signal,
        ...(overlapOf === undefined ? {} : { overlapOf }),
        onRemoved: removed.add,
        onProblem: (samples) => progress.add(samples),
      },
      onTask: writer.write,
    });
    progress.end();
    const files = [...(await writer.close()), ...(await removed.write())];
    if (source.badLines() > 0) context.exitWith(2);
    const report = { ...summary, rules, removed: removed.all.slice(0, NAMED), notes: source.notes() };
    await tell(pool, options, context, { report, text, files });
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    await Promise.all([source.close(), close()]);
  }
}

/** Most removed problems that the summary names; all are in the file beside it. */
const NAMED = 20;

/** Refuses an output that would take the place of what is read. */
async function checkPlaces(pool: string, options: TaskOptions, { json }: CommandContext): Promise<void> {
  const { out, teacher, decontaminate = [] } = options;
  if (out === '-' && json) {
    throw new WinnowError('wrong-use', 'standard output can hold the tasks or the --json document, but not both', {
      hint: 'Name a file with --out.',
    });
  }
  const { poolFiles } = await import('../pool/index.ts');
  for (const input of [pool, ...(teacher === undefined ? [] : [teacher]), ...decontaminate]) {
    if (out === '-' || input === '-') continue;
    const { rows, journal, manifest, problems } = poolFiles(input);
    if (![input, rows, journal, manifest, problems].some((file) => path.resolve(file) === path.resolve(out))) continue;
    throw new WinnowError('wrong-use', `--out ${out} is, or is a part of, ${input}, which would be lost`, {
      hint: 'Name another file.',
    });
  }
}

async function readLengths(options: TaskOptions): Promise<Partial<LengthLimits>> {
  const { maxPromptTokens, maxCandidateTokens, tokenizer } = options;
  if (tokenizer === undefined) return { maxPromptTokens, maxCandidateTokens };
  const { tokenCounter } = await import('../synthesize/index.ts');
  return { maxPromptTokens, maxCandidateTokens, countTokens: await tokenCounter(tokenizer) };
}

/** Evaluation sets from files of problems, or from the hub by name. */
async function readEvaluationSets(
  names: readonly string[],
  { signal, note }: CommandContext,
): Promise<OverlapFinder | undefined> {
  if (names.length === 0) return undefined;
  const { datasetProblems, isDatasetName, makeOverlapFinder } = await import('../synthesize/index.ts');
  const sets: EvaluationSet[] = [];
  for (const name of names) {
    const problems = isDatasetName(name) ? await datasetProblems(name, { signal }) : await problemsAt(name);
    note(`${name}: ${problems.length} problems to leave out.`);
    sets.push({ name, problems });
  }
  return makeOverlapFinder(sets);
}

/** The problems of a file of problems, or of a pool's folder. */
async function problemsAt(name: string): Promise<readonly Problem[]> {
  const { isRowFileName, readPool, readProblems } = await import('../pool/index.ts');
  if (isRowFileName(name)) return readProblems(name);
  const problems: Problem[] = [];
  for await (const { problem } of readPool(name)) problems.push(problem);
  return problems;
}

/** The problems that were removed, each with the evaluation problem it is too close to. */
interface RemovedProblems {
  readonly all: RemovedProblem[];
  readonly add: (problemId: string, overlap: Overlap) => void;
  write(): Promise<readonly string[]>;
}

interface RemovedProblem {
  readonly problem_id: string;
  readonly evaluation_set: string;
  readonly evaluation_problem_id: string;
  readonly rule: Overlap['rule'];
  readonly evidence: string;
}

function removedProblems({ out, decontaminate }: TaskOptions): RemovedProblems {
  const all: RemovedProblem[] = [];
  return {
    all,
    add: (problem_id, { set, problem_id: evaluation_problem_id, rule, evidence }) =>
      void all.push({ problem_id, evaluation_set: set, evaluation_problem_id, rule, evidence }),
    async write() {
      if (decontaminate === undefined || out === '-') return [];
      const { writeFileWhole } = await import('../pool/index.ts');
      const file = `${out}.removed.jsonl`;
      await writeFileWhole(file, all.map((problem) => `${JSON.stringify(problem)}\n`).join(''));
      return [file];
    },
  };
}

interface Told {
  readonly report: object;
  readonly text: string;
  readonly files: readonly string[];
}

/** Writes the summary beside the tasks, and prints it. */
async function tell(
  pool: string,
  { out, format, labels }: TaskOptions,
  context: CommandContext,
  { report, text, files }: Told,
): Promise<void> {
  const [{ promptHashes }, { hashFile, poolFiles, winnowVersion, writeFileWhole }] = await Promise.all([
    import('../aggregate/index.ts'),
    import('../pool/index.ts'),
  ]);
  const { rows } = poolFiles(pool);
  const summary = {
    ...report,
    format,
    command: ['winnow', ...context.commandLine].join(' '),
    winnow: winnowVersion(),
    seed: context.seed,
    verifier: labels === undefined ? { policy: 'default' } : { labels },
    prompts: promptHashes(),
    data:
      pool === '-' || !existsSync(rows) ? {} : { [path.basename(rows)]: { sha256: await hashFile(rows), path: rows } },
  };
  const file = `${out}.summary.json`;
  if (out !== '-') await writeFileWhole(file, `${JSON.stringify(summary, null, 2)}\n`);
  if (out === '-') context.note(text);
  else context.print(text);
  const written = out === '-' ? files : [...files, file];
  if (written.length > 0) context.note(`Written: ${written.join(', ')}.`);
  context.emit({ out, ...summary, files: written });
}
