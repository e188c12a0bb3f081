import type { TestRecord } from '../../core/index.ts';

export type SandboxKind = 'pyodide' | 'bubblewrap' | 'quickjs';
export type Language = 'python' | 'javascript';

interface AnyJob {
  readonly program: string;
  /** Processor time, and time spent waiting idle, that the run may take, in milliseconds of this sandbox. */
  readonly timeLimitMs: number;
  /** True for tasks whose graders import the usual library names first (LiveCodeBench, LeetCode). */
  readonly library?: boolean;
  /** Code that runs before the program, or after it where it needs the program's names. */
  readonly setup?: string;
}

/** A whole program that reads standard input; what it printed is judged outside. */
export interface ScriptJob extends AnyJob {
  readonly kind: 'script';
  readonly stdin: string;
}

/** One call of a function, or of a method of `Solution`, with JSON arguments; its value is judged outside. */
export interface CallJob extends AnyJob {
  readonly kind: 'call';
  readonly name: string;
  /** One JSON text an argument. */
  readonly arguments: readonly string[];
}

/** Assert-style tests, run by a judge of their own that asks the candidate only for values. */
export interface TestsJob extends AnyJob {
  readonly kind: 'tests';
  readonly tests: readonly string[];
  readonly entryPoint?: string;
  readonly stopAtFirst?: boolean;
  /** Code of the task that the tests see as their own, whatever the program makes of it. */
  readonly helpers?: string;
}

export type Job = ScriptJob | CallJob | TestsJob;

/** How a run ended. `passed` means that it ran to its end; `task` that the tests themselves cannot run. */
export interface RunResult {
  readonly outcome: TestRecord['outcome'] | 'task';
  readonly detail?: string;
  /** A script's standard output. */
  readonly stdout?: string;
  /** A call's value as JSON text. */
  readonly value?: string;
  /** One record a test that was run. */
  readonly records?: readonly TestRecord[];
  /** Processor time in milliseconds. */
  readonly ms: number;
}

/** A place to run programs that nobody trusts. It never throws for what a program does. */
export interface Sandbox {
  readonly kind: SandboxKind;
  readonly language: Language;
  readonly workers: number;
  /** How much longer than native Python a program may take here: limits are multiplied by it. */
  readonly slowness: number;
  /** Runs one job on the next free worker. The clock starts there; waiting in the queue is free. */
  run(job: Job, signal?: AbortSignal): Promise<RunResult>;
  close(): Promise<void>;
}

/** Tests and assets alone do not make an interpreter crash: where one did, the values that the program sent were made to. */
export const BROKE_JUDGE = 'what the program sent crashed the judge';

/** What a worker process says of a run, before it is read as a result. */
export interface RawAnswer {
  readonly outcome: RunResult['outcome'] | 'gone' | 'judge';
  readonly detail?: string;
  readonly stdout?: string;
  readonly value?: string;
  readonly records?: readonly TestRecord[];
  readonly ms?: number;
  /** Why the sandbox stopped the run, where it did. */
  readonly why?: '' | 'timeout' | 'output-limit';
  /** The worker's own process ended, perhaps through no fault of this job. */
  readonly died?: boolean;
  /** How the candidate's process ended of itself, where it did: an exit status or a signal. */
  readonly how?: string;
}

/** Reads a worker's answer. A run that was stopped, or that ended its own process, never counts as passed. */
export function readAnswer(raw: RawAnswer, job: Job): RunResult {
  const base = {
    ms: raw.ms ?? 0,
    ...(raw.records === undefined ? {} : { records: raw.records }),
    ...(job.kind === 'script' ? { stdout: raw.stdout ?? '' } : {}),
  };
  if (raw.why === 'timeout')
    return { ...base, outcome: 'timeout', detail: `stopped after ${seconds(job.timeLimitMs)}` };
  if (raw.why === 'output-limit') return { ...base, outcome: 'output-limit', detail: 'printed more than the limit' };
  if (raw.outcome === 'judge') return { ...base, outcome: 'infrastructure', detail: raw.detail ?? 'the judge failed' };
  if (raw.outcome === 'gone' || (raw.how ?? '') !== '') {
    // A script may leave by os._exit(0): its output is judged like any other's.
    if (job.kind === 'script' && raw.how === 'exit status 0') return { ...base, outcome: 'passed' };
    return {
      ...base,
      outcome: 'exception',
      detail: `the program ended its own process (${raw.how || 'closed its line'})`,
    };
  }
  return {
    ...base,
    outcome: raw.outcome,
    ...(raw.detail === undefined ? {} : { detail: raw.detail }),
    ...(raw.value === undefined ? {} : { value: raw.value }),
  };
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s of processor or idle time`;
