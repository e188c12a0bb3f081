import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { WinnowError } from '../../core/index.ts';
import { type Assets, asset, loadAssets, PYTHON_SOURCES } from './assets.ts';
import { type Frames, framesOver } from './frames.ts';
import { freshKey, type JobLimits, jobMessage } from './job-message.ts';
import type { StartWorker, Worker } from './pool.ts';
import { endProcess } from './process-worker.ts';
import type { WorkerLimits } from './pyodide-worker.ts';
import { BROKE_JUDGE, type RawAnswer } from './sandbox.ts';
import { seccompFilters } from './seccomp.ts';

const run = promisify(execFile);
const SOURCES = [...PYTHON_SOURCES, 'native_judge.py', 'core.py', 'supervisor.py'];
/** "nobody": inside always, and outside too when winnow itself runs as root. */
const NOBODY = 65534;
/** Where the first worker's core is: so that several programs on one machine do not all take the first cores. */
const OFFSET = randomInt(1024);
const [FILTER_FD, FIRST_SOURCE_FD] = [4, 5];

/** What the start-up probe found on this machine. */
export interface NativePython {
  readonly bubblewrap: string;
  readonly python: string;
  /** Folders of the interpreter outside /usr. */
  readonly prefixes: readonly string[];
  readonly version: string;
}

/** Runs as nobody where winnow runs as root: files of uid 0 stay out of reach whatever goes wrong inside. */
const identity = (): { uid?: number; gid?: number } => (process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {});

/** The interpreter's true path and folders, asked of itself: a pyenv shim would cost 80 ms a launch. */
export async function findPython(python: string): Promise<Omit<NativePython, 'bubblewrap'>> {
  const code =
    'import sys,json;print(json.dumps([sys._base_executable,[sys.base_prefix,sys.base_exec_prefix],sys.version.split()[0]]))';
  const { stdout } = await run(python, ['-I', '-c', code], { env: {}, timeout: 10_000 });
  const [executable, prefixes, version] = JSON.parse(stdout) as [string, string[], string];
  const outside = [...new Set(prefixes)].filter((folder) => folder !== '/usr' && !folder.startsWith('/usr/'));
  return { python: executable, prefixes: outside, version };
}

/** bwrap's arguments: an empty world with the system's libraries and the interpreter, all read-only. */
export function bubblewrapArguments(native: NativePython, command: readonly string[]): string[] {
  const folders = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache', ...native.prefixes].filter((path) =>
    existsSync(path),
  );
  return [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--uid',
    String(NOBODY),
    '--gid',
    String(NOBODY),
    '--hostname',
    'sandbox',
    '--clearenv',
    '--setenv',
    'PATH',
    '/usr/bin:/bin',
    '--setenv',
    'HOME',
    '/tmp',
    '--setenv',
    'LANG',
    'C.UTF-8',
    '--setenv',
    'PYTHONHASHSEED',
    '0',
    '--setenv',
    'PYTHONDONTWRITEBYTECODE',
    '1',
    ...folders.flatMap((path) => ['--ro-bind', path, path]),
    '--dev',
    '/dev',
    '--size',
    String(64 * 1024 * 1024),
    '--tmpfs',
    '/tmp',
    '--size',
    String(1024 * 1024),
    '--tmpfs',
    '/dev/shm',
    ...SOURCES.flatMap((name, index) => ['--ro-bind-data', String(FIRST_SOURCE_FD + index), `/winnow/${name}`]),
    '--remount-ro',
    '/dev',
    '--remount-ro',
    '/',
    '--chdir',
    '/tmp',
    '--seccomp',
    String(FILTER_FD),
    '--',
    ...command,
  ];
}

/** Makes workers: each a sandbox with a supervisor, one judge, and a fresh fork for each candidate. */
export function bubblewrapWorkers(
  native: NativePython,
  options: WorkerLimits,
  assets: Assets = loadAssets(),
): StartWorker {
  const limits = { output: options.outputMb * 1024 * 1024, memory: options.memoryMb * 1024 * 1024 };
  return async function startWorker(slot) {
    const filters = seccompFilters();
    if (filters === undefined) throw new WinnowError('unsupported', `no system call filter for ${process.arch}`);
    const numbers = [limits.memory, limits.output, OFFSET + slot].map(String);
    const command = [
      native.python,
      '-s',
      '-S',
      '/winnow/supervisor.py',
      filters.candidate.toString('base64'),
      ...numbers,
    ];
    const pipes = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...SOURCES.map(() => 'pipe' as const)] as const;
    const child = spawn(native.bubblewrap, bubblewrapArguments(native, command), {
      env: {},
      stdio: [...pipes],
      ...identity(),
    });
    let complaint = '';
    child.on('error', (error) => {
      complaint = error.message;
    });
    (child.stderr as Readable).on('data', (text: Buffer) => {
      complaint = (complaint + text.toString()).slice(-2000);
    });
    const texts = SOURCES.map((name) => asset(assets, name));
    for (const [index, content] of [filters.everyone, ...texts].entries()) {
      const pipe = child.stdio[FILTER_FD + index] as Writable;
      pipe.on('error', () => undefined);
      pipe.end(content);
    }
    const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.value !== 'ready') {
      child.kill('SIGKILL');
      throw new WinnowError(
        'unsupported',
        `bubblewrap did not start: ${complaint.trim() || 'it ended without a word'}`,
      );
    }
    return bubblewrapWorker(child, framesOver(child.stdio[3] as Duplex), lines, limits);
  };
}

function bubblewrapWorker(
  child: ChildProcess,
  frames: Frames,
  lines: AsyncIterator<string>,
  limits: JobLimits,
): Worker {
  let last = '';
  let broken = false;
  /** The supervisor's next word: `fresh` when asked for, otherwise that it had to replace the judge. */
  let word = lines.next();
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;

  async function hear(): Promise<string> {
    const { value, done } = await word;
    word = lines.next();
    if (done === true) throw new Error('the supervisor ended');
    return value;
  }

  async function renewJudge(): Promise<void> {
    (child.stdin as Writable).write('f');
    while ((await hear()) !== 'fresh');
  }

  return {
    get alive() {
      return !broken && !ended();
    },
    async run(job): Promise<RawAnswer> {
      try {
        const fresh = freshKey(job);
        if (fresh !== last) await renewJudge();
        last = fresh;
        frames.write(jobMessage(job, limits, fresh));
        const answer = await Promise.race([frames.read(), word.then(() => undefined)]);
        if (answer !== undefined) return JSON.parse(answer.toString()) as RawAnswer;
        broken = true; // its judge was replaced in the middle: start anew rather than guess what is still on the line
        const why = await hear();
        if (why === 'timeout') return { outcome: 'gone', why, ms: job.timeLimitMs };
        if (why === 'crashed') return { outcome: 'exception', detail: BROKE_JUDGE };
        return { outcome: 'judge', detail: `the judge ${why}` };
      } catch (error) {
        broken = true;
        throw error;
      }
    },
    close: () => endProcess(child),
  };
}
