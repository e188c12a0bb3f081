import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { WinnowError } from '../../core/index.ts';
import { processFile } from './assets.ts';
import { watchTime } from './clock.ts';
import { type Frames, framesOver } from './frames.ts';
import { type JobLimits, jobMessage } from './job-message.ts';
import type { Worker } from './pool.ts';
import type { RawAnswer } from './sandbox.ts';

const SETPRIV = '/usr/bin/setpriv';
const FLAGS = ['--disallow-code-generation-from-strings', '--no-addons', '--no-warnings'];

/** A Node process under the permission model, with nothing of the environment and one line to here. */
export interface Confined {
  readonly child: ChildProcess;
  readonly frames: Frames;
}

/**
 * Starts one of this folder's process files. It may read itself, the code of its line and `readable`; it may write nothing, start nothing,
 * and compile no text.
 */
export function startConfined(
  name: Parameters<typeof processFile>[0],
  readable: readonly string[],
  flags: readonly string[],
): Confined {
  const file = processFile(name);
  const permissions = [
    '--permission',
    ...[file, processFile('process-line'), ...readable].map((path) => `--allow-fs-read=${path}`),
  ];
  const command = [process.execPath, ...permissions, ...FLAGS, ...flags, file];
  // Where there is setpriv (util-linux), the process dies with this one even in the middle of an endless loop.
  const [program = '', ...rest] = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', ...command] : command;
  const child = spawn(program, rest, { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  child.on('error', () => undefined); // seen as the end of the line
  return { child, frames: framesOver(child.stdio[3] as Duplex) };
}

/** Waits for what `ready` reads from the process; throws `internal` when it ends first. */
export async function whenReady<T>({ child, frames }: Confined, ready: (frames: Frames) => Promise<T>): Promise<T> {
  try {
    return await ready(frames);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new WinnowError('internal', 'a sandbox process ended before it was ready', { cause });
  }
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Ends a process for sure. Resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (ended(child) || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** One job at a time in a confined process, which is killed when a job runs out of time. */
export function processWorker({ child, frames }: Confined, limits: JobLimits): Worker {
  let killed = false;
  return {
    get alive() {
      return !killed && !ended(child);
    },
    async run(job): Promise<RawAnswer> {
      const stop = watchTime(child.pid ?? 0, job.timeLimitMs, () => {
        killed = true;
        child.kill('SIGKILL');
      });
      try {
        frames.write(jobMessage(job, limits));
        return JSON.parse((await frames.read()).toString()) as RawAnswer;
      } catch (error) {
        if (killed) return { outcome: 'gone', why: 'timeout', ms: job.timeLimitMs };
        if (!ended(child))
          await Promise.race([once(child, 'exit'), new Promise((resolve) => setTimeout(resolve, 1000))]);
        if (!ended(child)) throw error;
        return { outcome: 'gone', died: true, how: String(child.signalCode ?? `exit status ${child.exitCode}`) };
      } finally {
        stop();
      }
    },
    close: () => endProcess(child),
  };
}
