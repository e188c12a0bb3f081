import { createHash } from 'node:crypto';
import { type TestRecord, type Verdict, WinnowError } from '../../core/index.ts';
import { type CodeTaskRow, readTask, type Suite } from './code-task.ts';
import { compareOutput, compareValues, parseExact } from './compare.ts';
import { helpersOf, type ReadProgramOptions, readProgram } from './read-program.ts';
import type { Job, RunResult, Sandbox } from './sandbox.ts';

export interface GradeCodeOptions {
  /** Whether the text is a completion, from which the program is read first, or the program itself. */
  readonly from?: 'completion' | 'program';
  /** Time a test may take on native Python, in milliseconds; slower sandboxes get more. 10 s for stdin tests, else 5 s. */
  readonly timeLimitMs?: number;
  /** Ends at the first test that is not passed, for rewards that only ask whether all are. */
  readonly stopAtFirst?: boolean;
  readonly signal?: AbortSignal;
}

const SCRIPT_MS = 10_000;
const TESTS_MS = 5_000;

/** After these, running the other tests would only cost the same time again. */
const ENDING: readonly TestRecord['outcome'][] = ['timeout', 'memory', 'output-limit', 'infrastructure'];

interface Run {
  readonly suite: Suite;
  readonly program: string;
  readonly sandbox: Sandbox;
  readonly options: GradeCodeOptions;
}

/**
 * Runs a program against a task's tests. `correct` when all pass, `wrong` when one fails by the program's fault,
 * `timeout` when one ran out of time and none failed, `unparsed` when there is no program, `error` when the task or
 * the sandbox is at fault: also when the task brings a solution that fails as well. Never throws for what a completion
 * or a task holds; throws for a closed sandbox, and abort.
 */
export async function gradeCode(
  task: CodeTaskRow,
  text: string,
  sandbox: Sandbox,
  options: GradeCodeOptions = {},
): Promise<Verdict> {
  const suite = readSuite(task, sandbox);
  if (typeof suite === 'string') return { kind: 'error', detail: `task: ${suite}`, ms: 0 };
  const reading = options.from === 'program' ? { program: text } : readProgram(text, readingOf(suite));
  const program = reading.program?.replace(/^\uFEFF/, '');
  if (program === undefined)
    return { kind: 'unparsed', detail: ('unread' in reading ? reading.unread : undefined) ?? 'no program', ms: 0 };
  const verdict = await runSuite({ suite, program, sandbox, options });
  if (suite.solution === undefined || (verdict.kind !== 'wrong' && verdict.kind !== 'timeout')) return verdict;
  const fault = await ownFault(task, suite.solution, sandbox, options);
  return fault === undefined ? verdict : { ...verdict, kind: 'error', detail: fault };
}

const readingOf = ({ language, prompt, entryPoint }: Suite): ReadProgramOptions => ({
  language,
  ...(prompt === undefined ? {} : { prompt }),
  ...(entryPoint === undefined ? {} : { entryPoint }),
});

/** What is the matter with tasks by their content, asked once for each, of each sandbox. */
const faults = new WeakMap<Sandbox, Map<string, Promise<string | undefined>>>();

function ownFault(
  task: CodeTaskRow,
  solution: string,
  sandbox: Sandbox,
  options: GradeCodeOptions,
): Promise<string | undefined> {
  const { signal: _, ...settings } = options;
  const { canonical_solution: _own, ...bare } = task;
  const key = createHash('sha256')
    .update(JSON.stringify([task, settings]))
    .digest('hex');
  const known = faults.get(sandbox) ?? new Map<string, Promise<string | undefined>>();
  faults.set(sandbox, known);
  const asked =
    known.get(key) ??
    checkTask(bare, solution, sandbox, { ...settings, from: 'completion' }).then(({ kind, detail }) =>
      kind === 'error' && detail.startsWith('task: ') ? detail : undefined,
    );
  known.set(key, asked);
  return asked;
}

function readSuite(task: CodeTaskRow, sandbox: Sandbox): Suite | string {
  try {
    const suite = readTask(task);
    if (suite.language !== sandbox.language)
      return `it is in ${suite.language}, and the ${sandbox.kind} sandbox runs ${sandbox.language}`;
    return suite;
  } catch (error) {
    if (error instanceof WinnowError) return error.message;
    throw error;
  }
}

async function runSuite(run: Run): Promise<Verdict> {
  const records: TestRecord[] = [];
  let total = 0;
  let ms = 0;
  const groups = [assertTests, callTests, scriptTests];
  for (const group of groups) {
    for (const { count, work } of group(run)) {
      total += count;
      if (stopped(records, run.options)) continue;
      const result = await work();
      ms += result.ms;
      if (result.task !== undefined) return { kind: 'error', answer: run.program, detail: `task: ${result.task}`, ms };
      records.push(...result.records);
    }
  }
  return { ...summary(records, total), answer: run.program, ms: Math.round(ms * 10) / 10, tests: records };
}

const stopped = (records: readonly TestRecord[], { stopAtFirst = false }: GradeCodeOptions): boolean =>
  records.some(({ outcome }) => (stopAtFirst ? outcome !== 'passed' : ENDING.includes(outcome)));

function summary(records: readonly TestRecord[], total: number): Pick<Verdict, 'kind' | 'detail'> {
  const bad = records.findIndex(({ outcome }) => outcome !== 'passed');
  if (bad < 0) return { kind: 'correct', detail: `${total} of ${total} tests passed` };
  const left = total - records.length;
  const faults = records.filter(({ outcome }) => outcome !== 'passed').map(({ outcome }) => outcome);
  const own = faults.find((outcome) => outcome !== 'timeout' && outcome !== 'infrastructure');
  const kind = own !== undefined ? 'wrong' : faults.includes('infrastructure') ? 'error' : 'timeout';
  const { outcome, detail } = records[bad] as TestRecord;
  const rest = left > 0 ? `; ${left} not run` : '';
  return { kind, detail: `test ${bad + 1} of ${total}: ${outcome}${detail ? `: ${detail}` : ''}${rest}` };
}

interface Step {
  readonly count: number;
  work(): Promise<{ readonly records: readonly TestRecord[]; readonly ms: number; readonly task?: string }>;
}

function settings({ suite, program, sandbox, options }: Run, limit: number) {
  const timeLimitMs = (options.timeLimitMs ?? limit) * sandbox.slowness;
  return { program, timeLimitMs, library: suite.library, setup: suite.setup };
}

function assertTests(run: Run): Step[] {
  const { asserts, entryPoint, language, prompt = '' } = run.suite;
  if (asserts.length === 0) return [];
  const stopAtFirst = run.options.stopAtFirst ?? false;
  const job: Job = {
    kind: 'tests',
    ...settings(run, TESTS_MS),
    tests: asserts,
    stopAtFirst,
    helpers: helpersOf(prompt, entryPoint, language),
    ...(entryPoint === undefined ? {} : { entryPoint }),
  };
  return [
    {
      count: asserts.length,
      async work() {
        const result = await run.sandbox.run(job, run.options.signal);
        const { records = [], ms } = result;
        if (result.outcome === 'task') return { records, ms, task: result.detail ?? 'its tests cannot run' };
        return { ms, records: result.outcome === 'passed' ? records : [...records, recordOf(result)] };
      },
    },
  ];
}

function callTests(run: Run): Step[] {
  const { calls, tolerance } = run.suite;
  return calls.map(({ name, arguments: values, expected }) => ({
    count: 1,
    async work() {
      const job: Job = { kind: 'call', ...settings(run, TESTS_MS), name, arguments: values };
      const result = await run.sandbox.run(job, run.options.signal);
      const difference =
        result.outcome === 'passed' ? valueDifference(result.value ?? '', expected, tolerance) : undefined;
      return { ms: result.ms, records: [recordOf(result, difference)] };
    },
  }));
}

function valueDifference(value: string, expected: unknown, tolerance: number | undefined): string | undefined {
  try {
    return compareValues(parseExact(value), expected, tolerance);
  } catch {
    return `got ${value.slice(0, 120)}, which is not JSON`;
  }
}

function scriptTests(run: Run): Step[] {
  const { scripts, tolerance, checker } = run.suite;
  return scripts.map(({ input, output }) => ({
    count: 1,
    async work() {
      const job: Job = { kind: 'script', ...settings(run, SCRIPT_MS), stdin: input };
      const result = await run.sandbox.run(job, run.options.signal);
      if (result.outcome !== 'passed') return { ms: result.ms, records: [recordOf(result)] };
      const got = result.stdout ?? '';
      if (checker !== undefined) return check(run, checker, [input, got, output], result);
      return { ms: result.ms, records: [recordOf(result, compareOutput(got, output, tolerance))] };
    },
  }));
}

/**
 * Asks the task's checker, in a run of its own where the candidate's program is not. One that fails at the output and
 * not at the expected one has refused it: a program must not buy an `error` with garbage.
 */
async function check(
  run: Run,
  checker: string,
  [input, got, expected]: readonly [string, string, string],
  result: RunResult,
): ReturnType<Step['work']> {
  const { timeLimitMs } = settings(run, SCRIPT_MS);
  const ask = (output: string): Promise<RunResult> => {
    const texts = [input, output, expected].map((text) => JSON.stringify(text));
    const job: Job = { kind: 'call', program: checker, timeLimitMs, name: 'check', arguments: texts };
    return run.sandbox.run(job, run.options.signal);
  };
  const said = await ask(got);
  const ms = result.ms + said.ms;
  if (said.outcome !== 'passed') {
    const why = `${said.outcome}: ${said.detail ?? ''}`;
    const sound = said.outcome !== 'infrastructure' && (await ask(expected)).outcome === 'passed';
    if (!sound) return { ms, records: [], task: `its checker: ${why}` };
    return { ms, records: [recordOf(result, `the checker refused the output (${why})`)] };
  }
  const accepted = said.value !== undefined && !['false', 'null', '0', '0.0', '""', '[]', '{}'].includes(said.value);
  return { ms, records: [recordOf(result, accepted ? undefined : 'the checker refused the output')] };
}

function recordOf({ outcome, detail, ms }: RunResult, difference?: string): TestRecord {
  if (outcome === 'passed' && difference !== undefined) return { outcome: 'failed', detail: difference, ms };
  return { outcome: outcome === 'task' ? 'infrastructure' : outcome, ...(detail === undefined ? {} : { detail }), ms };
}

/**
 * Whether a task is sound: its own solution must pass its tests. Anything else is the task's fault and comes back as
 * an `error` that says so.
 */
export async function checkTask(
  task: CodeTaskRow,
  solution: string,
  sandbox: Sandbox,
  options: GradeCodeOptions = {},
): Promise<Verdict> {
  const verdict = await gradeCode(task, solution, sandbox, options);
  if (verdict.kind === 'correct' || verdict.kind === 'error') return verdict;
  return {
    ...verdict,
    kind: 'error',
    detail: `task: its own solution is not accepted (${verdict.kind}: ${verdict.detail})`,
  };
}
