import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { WinnowError } from '../core/index.ts';
import { cannotWrite } from './io/folders.ts';
import { isRow } from './io/read-rows.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When that process began, where the system says so; a process id may be given out again. */
  readonly began: string;
}

/**
 * Takes a lock that only one process has. The lock of a process that is no more is taken over. Returns its release.
 * Throws `wrong-use` while another process has it.
 */
export function takeLock(file: string, what: string): () => void {
  const own: Holder = { pid: process.pid, host: hostname(), began: beginningOf(process.pid) };
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(own));
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
  try {
    // A link appears with its content or not at all; a file being written could be seen empty.
    while (!tryLink(draft, file)) removeStale(file, what);
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  return () => {
    // A second release must not remove the lock that another has taken since.
    if (held) rmSync(file, { force: true });
    held = false;
  };
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock when its holder is gone. It is moved aside first, so that of two who try only one removes it. */
function removeStale(file: string, what: string): void {
  const text = readText(file);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && isAlive(holder)) throw locked(file, what, holder);
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  // In the meantime another process may have taken over the stale lock: then this is its new one.
  if (readText(aside) !== text) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function locked(file: string, what: string, { pid, host }: Holder): WinnowError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new WinnowError('wrong-use', `${what} is being written by another process (${pid}${where}).`, {
    hint: `Wait for it to end. If it runs no more, delete ${file}.`,
  });
}

function isAlive({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true; // nothing can be known of another machine
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return beginningOf(pid) === began;
}

/** The 22nd field of Linux's /proc/PID/stat; the 2nd may hold spaces but ends at the last bracket. Elsewhere empty. */
function beginningOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRow(value) && typeof value.pid === 'number' ? (value as unknown as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
