import { type ErrorCode, isAbort, WinnowError } from '../core/index.ts';

/** The exit code of the contract for each error code. */
const EXIT_CODES: Readonly<Record<ErrorCode, 1 | 2 | 3>> = {
  'wrong-use': 2,
  'bad-input': 2,
  'not-found': 2,
  unsupported: 2,
  io: 2,
  unreachable: 3,
  timeout: 3,
  'rate-limited': 3,
  refused: 3,
  'service-failed': 3,
  'bad-response': 3,
  'budget-spent': 1,
  internal: 1,
};

export interface Failure {
  readonly exitCode: 1 | 2 | 3 | 130;
  readonly code: ErrorCode | 'interrupted';
  readonly message: string;
  readonly hint?: string;
}

/** Turns whatever was thrown into what the user is told. */
export function describeFailure(error: unknown, interrupted: boolean): Failure {
  if (interrupted && (isAbort(error) || error === 'interrupted')) {
    return { exitCode: 130, code: 'interrupted', message: 'Interrupted.' };
  }
  if (error instanceof WinnowError) {
    const { code, message, hint } = error;
    return { exitCode: EXIT_CODES[code], code, message, ...(hint === undefined ? {} : { hint }) };
  }
  const system = systemFailure(error);
  if (system !== undefined) return system;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: 1,
    code: 'internal',
    message,
    hint: 'This is a fault in winnow; please report it with the text above.',
  };
}

/** Errors of the operating system by code: what is said of the path, and what to do. */
const SYSTEM: Readonly<Record<string, readonly [said: string, hint: string]>> = {
  ENOENT: ['is not there', 'Check the path.'],
  EACCES: ['may not be used by this user', 'Check the rights on that path.'],
  EPERM: ['may not be used by this user', 'Check the rights on that path.'],
  EROFS: ['cannot be written: that file system is read-only', 'Choose another place with --out.'],
  EISDIR: ['is a folder, and a file was expected', 'Name a file.'],
  ENOTDIR: ['lies below a file, and a folder was expected', 'Check the path.'],
  ENAMETOOLONG: ['is too long a name', 'Choose a shorter one.'],
  ELOOP: ['is a link that leads in a circle', 'Check the path.'],
};

/** Errors that have no path to speak of. */
const PATHLESS: Readonly<Record<string, readonly [said: string, hint: string]>> = {
  ENOSPC: ['The disk is full.', 'Free some space and run the same command again.'],
  EMFILE: ['Too many files are open.', 'Lower --concurrency, or raise the limit (ulimit -n).'],
};

/** Errors of the operating system that nobody put into words before: a full disk, a missing right. */
function systemFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const code = String(error.code);
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const known = SYSTEM[code];
  if (path !== undefined && known !== undefined) {
    return { exitCode: 2, code: 'io', message: `${path} ${known[0]} (${code}).`, hint: known[1] };
  }
  const [message, hint] = PATHLESS[code] ?? [error.message, known?.[1]];
  return { exitCode: 2, code: 'io', message, ...(hint === undefined ? {} : { hint }) };
}
