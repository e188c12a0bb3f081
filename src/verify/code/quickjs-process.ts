/**
 * The process that runs JavaScript in QuickJS: one runtime for the candidate, and for tests a second one, the judge's,
 * that asks the first only for values. It is started with no environment and Node's permission model, and answers one
 * job at a time on descriptor 3. A job that breaks the WebAssembly module ends the process.
 */
import { getQuickJS, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten';
import { readFrame, say } from './process-line.ts';

const STACK_BYTES = 256 * 1024;

interface Answer {
  readonly outcome: string;
  readonly detail?: string;
  readonly stdout?: string;
  readonly value?: string;
  readonly records?: readonly { readonly outcome: string; readonly detail?: string }[];
  readonly why?: string;
  readonly how?: string;
}

interface Message {
  readonly kind: 'script' | 'call' | 'tests';
  readonly program: string;
  readonly setup: string;
  readonly stdin?: string;
  readonly name?: string;
  readonly arguments?: readonly string[];
  readonly tests?: readonly string[];
  readonly helpers?: string;
  readonly entry_point?: string;
  readonly stop_at_first?: boolean;
  readonly limits: { readonly output: number; readonly memory: number };
}

/** An exception inside a guest. */
class GuestError extends Error {
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface Guest {
  evaluate(code: string): unknown;
  /** Throws the SyntaxError of code that does not parse. */
  parse(code: string): void;
  define(name: string, run: (text: string) => string): void;
  /** Runs what was put off, to its end. Whether there was anything. */
  settle(): boolean;
  /** Evaluates code to its end: after `settleAll`, a promise that is its value must be fulfilled. */
  finish(code: string, settleAll: () => void): void;
  close(): void;
  readonly output: { text: string; full: boolean };
}

const quickjs = await getQuickJS();
const [guestCode, worldCode] = [readFrame().toString(), readFrame().toString()];

function openGuest(memory: number, outputLimit: number, stdin: string): Guest {
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(memory);
  runtime.setMaxStackSize(STACK_BYTES);
  const context = runtime.newContext();
  const output = { text: '', full: false };

  function evaluate(code: string, compileOnly = false): unknown {
    const result = context.evalCode(code, 'program.js', { type: 'global', compileOnly });
    return take(
      context,
      'error' in result && result.error !== undefined ? result.error : undefined,
      'value' in result ? result.value : undefined,
    );
  }

  function define(name: string, run: (text: string) => string): void {
    const handle = context.newFunction(name, (argument) => context.newString(run(context.getString(argument))));
    context.setProp(context.global, name, handle);
    handle.dispose();
  }

  function settle(): boolean {
    let ran = 0;
    do {
      const jobs = runtime.executePendingJobs();
      if (jobs.error !== undefined) take(context, jobs.error, undefined);
      else ran += jobs.value;
    } while (evaluate('__next()') === true && ++ran > 0);
    return ran > 0;
  }

  function finish(code: string, settleAll: () => void): void {
    const result = context.evalCode(code, 'program.js', { type: 'global' });
    if (result.error !== undefined) take(context, result.error, undefined);
    else
      result.value.consume((value) => {
        settleAll();
        const state = context.getPromiseState(value);
        if (state.type === 'pending') throw new GuestError('Error', 'the test waits for what never comes');
        if (state.type === 'rejected') take(context, state.error, undefined);
        if (state.type === 'fulfilled' && state.notAPromise !== true) state.value.dispose();
      });
  }

  define('__write', (text) => {
    output.full ||= output.text.length + text.length > outputLimit;
    if (output.full) throw new Error('the output limit is reached');
    output.text += text;
    return '';
  });
  context.setProp(context.global, '__stdin', context.newString(stdin));
  evaluate(guestCode);
  evaluate(worldCode);
  return {
    evaluate,
    parse: (code) => void evaluate(code, true),
    define,
    settle,
    finish,
    output,
    close() {
      context.dispose();
      runtime.dispose();
    },
  };
}

function take(context: QuickJSContext, error: QuickJSHandle | undefined, value: QuickJSHandle | undefined): unknown {
  if (error === undefined) return value === undefined ? undefined : dump(context, value);
  const dumped = dump(context, error);
  const { name, message } = (typeof dumped === 'object' && dumped !== null ? dumped : {}) as {
    name?: unknown;
    message?: unknown;
  };
  throw new GuestError(textOf(name ?? 'Error'), textOf(message ?? dumped));
}

/** The value as data. `dump` disposes of a promise itself. */
function dump(context: QuickJSContext, handle: QuickJSHandle): unknown {
  try {
    return context.dump(handle) as unknown;
  } finally {
    if (handle.alive) handle.dispose();
  }
}

/** A guest's data may have a `toString` that is no function. */
const textOf = (value: unknown): string => (typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value));

function failure(error: unknown): Answer {
  if (!(error instanceof GuestError)) throw error;
  const detail = `${error.kind}: ${error.message}`.slice(0, 1000);
  if (error.kind === 'AssertionError') return { outcome: 'failed', detail: error.message.slice(0, 1000) };
  return { outcome: error.message === 'out of memory' ? 'memory' : 'exception', detail };
}

function runJob(job: Message): Answer {
  const candidate = openGuest(job.limits.memory, job.limits.output, job.stdin ?? '');
  let answer: Answer;
  try {
    answer = runIn(candidate, job);
  } catch (error) {
    const code = exitOf(candidate);
    if (job.kind === 'script' && code === 0) answer = { outcome: 'passed' };
    else answer = code >= 0 ? { outcome: 'gone', how: `exit status ${code}` } : failure(error);
  }
  const { text, full } = candidate.output;
  candidate.close();
  return { ...answer, ...(job.kind === 'script' ? { stdout: text } : {}), why: full ? 'output-limit' : '' };
}

/** The status that the program left with; -1 where it did not, or says what is no number. */
function exitOf(candidate: Guest): number {
  try {
    return Number(candidate.evaluate('globalThis.__exit ?? -1'));
  } catch {
    return -1;
  }
}

/** `export` before a definition, and lists of names: a program is no module here. */
const EXPORT = /^export (?:default )?(?=(?:async )?function|class |const |let |var )|^export \{[^}]*\};?$/gm;

function runIn(candidate: Guest, job: Message): Answer {
  if (job.setup !== '') candidate.evaluate(job.setup);
  candidate.evaluate(job.program.replace(EXPORT, ''));
  candidate.settle();
  switch (job.kind) {
    case 'script':
      return { outcome: 'passed' };
    case 'call': {
      const list = (job.arguments ?? []).join(',');
      const name = JSON.stringify(job.name);
      const found = `(typeof Solution === 'function' && ${name} in Solution.prototype ? (s => s[${name}].bind(s))(new Solution()) : (module.exports[${name}] ?? (0, eval)(${name})))`;
      return { outcome: 'passed', value: String(candidate.evaluate(`JSON.stringify(${found}(${list})) ?? 'null'`)) };
    }
    case 'tests':
      return runTests(candidate, job);
    default:
      return job.kind satisfies never;
  }
}

function runTests(candidate: Guest, job: Message): Answer {
  const judge = openGuest(job.limits.memory, Number.MAX_SAFE_INTEGER, '');
  let asked = 0;
  judge.define('__ask', (text) => {
    asked += text.includes('["name"') ? 0 : 1;
    const reply = candidate.evaluate(`__winnow.answer(${JSON.stringify(text)})`);
    return String(reply);
  });
  candidate.define('__ask', (text) => String(judge.evaluate(`__winnow.callback(${JSON.stringify(text)})`)));
  const records: { readonly outcome: string; readonly detail?: string }[] = [];
  const settleAll = (): void => {
    while (candidate.settle() || judge.settle());
  };
  try {
    if (unparsed(judge, job.helpers ?? '') === undefined) judge.evaluate(job.helpers ?? '');
    if (job.setup !== '') judge.evaluate(job.setup);
    judge.evaluate('globalThis.__assert = __winnow.makeAssert(); globalThis.assert = __assert');
    for (const [index, test] of (job.tests ?? []).entries()) {
      const complaint = unparsed(judge, test);
      if (complaint !== undefined) return { outcome: 'task', detail: `test ${index + 1} does not parse: ${complaint}` };
      const names = [...new Set(test.match(/[A-Za-z_$][\w$]*/g) ?? [])].filter((name) => !RESERVED.has(name));
      const record = runTest(judge, test, names, job.entry_point, settleAll);
      records.push(record);
      if (record.outcome !== 'passed' && job.stop_at_first === true) break;
    }
  } finally {
    judge.close();
  }
  if (asked === 0 && records.every(({ outcome }) => outcome === 'passed'))
    return { outcome: 'task', detail: 'the tests run nothing' };
  return { outcome: 'passed', records };
}

function unparsed(judge: Guest, test: string): string | undefined {
  try {
    judge.parse(test);
    return undefined;
  } catch (error) {
    return error instanceof GuestError ? error.message : String(error);
  }
}

function runTest(
  judge: Guest,
  test: string,
  names: readonly string[],
  entryPoint: string | undefined,
  settleAll: () => void,
): Answer {
  try {
    judge.evaluate(`__winnow.bind(${JSON.stringify(names)})`);
    judge.finish(test, settleAll);
    if (entryPoint !== undefined && /\bfunction check\b|\bcheck\s*=/.test(test) && !/^\s*check\(/m.test(test)) {
      judge.finish(`__winnow.bind([${JSON.stringify(entryPoint)}]); check(${entryPoint})`, settleAll);
    }
    // An assertion that failed in a promise nobody waits for has no other way to be heard.
    const unheard = /\b(async|await|then|Promise)\b/.test(test) ? judge.evaluate('__winnow.failed()') : '';
    if (unheard !== '') throw new GuestError('AssertionError', String(unheard));
    return { outcome: 'passed' };
  } catch (error) {
    return failure(error);
  }
}

const RESERVED = new Set(
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static async await of undefined'.split(
    ' ',
  ),
);

say({ ready: true });
for (;;) {
  const job = JSON.parse(readFrame().toString()) as Message;
  const begun = process.cpuUsage();
  const answer = runJob(job);
  const used = process.cpuUsage(begun);
  say({ ...answer, ms: (used.user + used.system) / 1000 });
}
