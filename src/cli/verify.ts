import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type Verdict, type VerdictKind, WinnowError } from '../core/index.ts';
import type { CommandContext, DefineCommand, StartCommand } from './command.ts';
import { oneOf } from './model-options.ts';
import { integer, number } from './options.ts';
import { mapOrdered } from './ordered.ts';

interface VerifyOptions {
  readonly in: string;
  readonly out: string;
}
interface MathOptions extends VerifyOptions {
  readonly policy: 'default' | 'math' | 'math-verify';
}
interface CodeOptions extends VerifyOptions {
  readonly sandbox: 'auto' | 'pyodide' | 'bubblewrap';
  readonly workers?: number;
  readonly timeout?: number;
}

type Row = Readonly<Record<string, unknown>>;
type GradeRow = (row: Row) => Promise<Verdict>;

const MATH_EXAMPLES = `
A row is {"gold": "1/2", "pred": "0.5"} or {"gold": "1/2", "completion": "... \\\\boxed{0.5}"}; other fields pass through.
The rows that come out also have verdict (correct, wrong, unparsed, timeout, error), answer, detail and ms;
an answer of the row's own is kept as given_answer.

Examples:
  winnow verify math --in pairs.jsonl --out graded.jsonl
  zcat outputs.jsonl.gz | winnow verify math --in - --out - --quiet | head
  winnow verify math --in pairs.parquet --out graded.parquet --policy math-verify --json
`;

const CODE_EXAMPLES = `
A row is {"completion" or "program": "...", "task": {"prompt", "entry_point", "tests" or "stdin_tests", ...}}; other fields pass through.
The rows that come out also have verdict, detail, ms and, per test, what happened.

Examples:
  winnow verify code --in samples.jsonl --out graded.jsonl
  winnow verify code --in samples.jsonl --out graded.jsonl --sandbox pyodide --json
`;

export const define: DefineCommand = (command, start) => {
  defineMath(command.command('math').description('grade math answers against their golds'), start);
  defineCode(command.command('code').description('run programs against their tests in a sandbox'), start);
};

function fileOptions(command: Command): Command {
  return command
    .requiredOption('--in <file>', 'rows to grade: .jsonl, .json, .parquet, .gz and .zst; "-" is standard input')
    .option('--out <file>', 'where the graded rows go; "-" is standard output', '-');
}

function defineMath(command: Command, start: StartCommand): void {
  fileOptions(command)
    .option(
      '--policy <name>',
      'default, math or math-verify: whose conventions decide',
      oneOf(['default', 'math', 'math-verify']),
      'default',
    )
    .addHelpText('after', MATH_EXAMPLES)
    .action(async (options: MathOptions) => {
      const { closeMathWorkers, gradeMath, gradeMathAnswer, MATH_POLICIES } = await import('../verify/index.ts');
      const policy = MATH_POLICIES.get(options.policy);
      const grade: GradeRow = async (row) => {
        const gold = textField(row, 'gold');
        if (gold === undefined) throw missing('gold');
        const pred = textField(row, 'pred');
        if (pred !== undefined) return gradeMathAnswer(gold, pred, policy);
        const completion = textField(row, 'completion');
        if (completion === undefined) throw missing('pred" or "completion');
        return gradeMath(gold, completion, policy);
      };
      try {
        await verifyRows(options, start({ ...options }), 1, grade);
      } finally {
        await closeMathWorkers();
      }
    });
}

function defineCode(command: Command, start: StartCommand): void {
  fileOptions(command)
    .option('--sandbox <kind>', 'auto, pyodide or bubblewrap', oneOf(['auto', 'pyodide', 'bubblewrap']), 'auto')
    .option('--workers <n>', 'programs that run at once (default: the cores)', integer(1))
    .option('--timeout <seconds>', 'for one test, from when the program starts', number(0.01))
    .addHelpText('after', CODE_EXAMPLES)
    .action(async (options: CodeOptions) => {
      const { gradeCode, openSandboxes } = await import('../verify/index.ts');
      const workers = options.workers ?? availableParallelism();
      const sandboxes = openSandboxes({ kind: options.sandbox, workers });
      const limits = options.timeout === undefined ? {} : { timeLimitMs: options.timeout * 1000 };
      const grade: GradeRow = async (row) => {
        const task = taskOf(row);
        const program = textField(row, 'program') ?? textField(row, 'solution') ?? textField(row, 'submission');
        const text = program ?? textField(row, 'completion');
        if (text === undefined) throw missing('completion" or "program');
        const sandbox = await sandboxes.forLanguage(textField(task, 'language'));
        return gradeCode(task, text, sandbox, { ...limits, from: program === undefined ? 'completion' : 'program' });
      };
      try {
        await verifyRows(options, start({ ...options }), workers * 2, grade);
      } finally {
        await sandboxes.close();
      }
    });
}

/** Fields of which a row has one that is itself a task: ours, and those of HumanEval, MBPP and LiveCodeBench. */
const TASK_FIELDS = ['tests', 'stdin_tests', 'test', 'test_list', 'public_test_cases'] as const;

/** The row's task; rows that carry the task's fields themselves are understood too. */
function taskOf(row: Row): Row {
  const { task } = row;
  if (typeof task === 'object' && task !== null && !Array.isArray(task)) return { ...task };
  if (task === undefined && TASK_FIELDS.some((field) => row[field] !== undefined)) return row;
  throw new WinnowError('bad-input', 'the row has no "task" with "tests" or "stdin_tests".');
}

/** Most rows that are named one by one. */
const NAMED_LINES = 20;

/**
 * Grades every row in order. A row that is not what was expected gets the verdict `error` and makes the exit code 2; one
 * whose task or sandbox failed makes it 1. Both are named.
 */
async function verifyRows(
  options: VerifyOptions,
  context: CommandContext,
  width: number,
  grade: GradeRow,
): Promise<void> {
  if (context.json && options.out === '-') {
    throw new WinnowError('wrong-use', '--json and --out - would both write to standard output.', {
      hint: 'Name a file with --out.',
    });
  }
  const { openRowWriter, readRows } = await import('../pool/index.ts');
  const counts: Record<VerdictKind, number> = { correct: 0, wrong: 0, unparsed: 0, timeout: 0, error: 0 };
  const writer = await openRowWriter(options.out);
  const progress = context.progress('verifying', { unit: 'rows' });
  let bad = 0;
  let rows = 0;
  let named = 0;
  const name = (line: number, message: string): void => {
    named += 1;
    if (named <= NAMED_LINES) context.warn(`winnow: ${options.in} line ${line}: ${message}`);
  };

  const graded = mapOrdered(readRows(options.in), width, async (item) => {
    context.signal.throwIfAborted();
    if ('problem' in item) return { line: item.line, complaint: item.problem };
    try {
      return { line: item.line, row: item.row, verdict: await grade(item.row) };
    } catch (error) {
      if (!(error instanceof WinnowError) || error.code !== 'bad-input') throw error;
      const verdict: Verdict = { kind: 'error', detail: error.message, ms: 0 };
      return { line: item.line, row: item.row, verdict, complaint: error.message };
    }
  });
  try {
    for await (const { line, row, verdict, complaint } of graded) {
      if (complaint !== undefined) bad += 1;
      const trouble = complaint ?? (verdict?.kind === 'error' ? verdict.detail : undefined);
      if (trouble !== undefined) name(line, trouble);
      if (row === undefined || verdict === undefined) continue;
      rows += 1;
      counts[verdict.kind] += 1;
      const given = row.answer === undefined ? {} : { given_answer: row.answer };
      await writer.write({ ...row, ...given, ...verdictFields(verdict) });
      progress.add(1);
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  progress.end();
  if (named > NAMED_LINES) context.warn(`winnow: ${named - NAMED_LINES} further rows could not be graded.`);
  if (named > 0) context.exitWith(bad > 0 ? 2 : 1);
  context.emit({ rows, bad_rows: bad, ...counts, out: options.out });
  const summary = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  context.note(`${rows} rows: ${summary.join(', ')}${bad > 0 ? `; ${bad} could not be graded for what they are` : ''}`);
}

function verdictFields({ kind, answer, detail, ms, tests }: Verdict): Row {
  return {
    verdict: kind,
    answer: answer ?? null,
    detail,
    ms: Number(ms.toFixed(3)),
    ...(tests === undefined ? {} : { tests }),
  };
}

function textField(row: Row, name: string): string | undefined {
  const value = row[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new WinnowError('bad-input', `"${name}" must be text, not ${Array.isArray(value) ? 'a list' : typeof value}.`);
}

function missing(name: string): WinnowError {
  return new WinnowError('bad-input', `the row has no "${name}".`);
}
