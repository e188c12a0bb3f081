/** The closed set of reasons a winnow call can throw. A failed sample or verdict is data, not an error. */
export type ErrorCode =
  | 'wrong-use' // an argument or option that can never work
  | 'bad-input' // a file, row or field that is not what was expected
  | 'not-found' // a file, model, method or endpoint that is not there
  | 'unreachable' // the service cannot be connected to, or the connection broke
  | 'timeout' // the service, or a limit of ours, ran out of time
  | 'rate-limited' // the service said "later" (429, 503)
  | 'refused' // the service answered with a lasting error (other 4xx)
  | 'service-failed' // the service answered with a passing error (5xx)
  | 'bad-response' // the service answered, but not in its protocol
  | 'budget-spent' // the caller's limit of tokens or money is reached
  | 'unsupported' // the model, engine or machine cannot do this
  | 'io' // the disk or the operating system failed
  | 'internal'; // our own fault

export interface ErrorDetails {
  /** What the caller can do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** Seconds the service asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The one error class. The message says what was expected and what came; `hint` says what to do. */
export class WinnowError extends Error {
  override readonly name = 'WinnowError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for an error that says the caller gave up (AbortSignal), which must always propagate. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** Fewest letters that may stand for a name they begin. */
const MIN_PREFIX = 2;

/** The known name that was probably meant by `word`: one that is near enough, or the only one that it begins or that begins it. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(lower, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best ?? sharedBeginning(lower, known);
}

function sharedBeginning(word: string, known: readonly string[]): string | undefined {
  const names = known.filter((name) => {
    const [shorter, longer] = word.length < name.length ? [word, name.toLowerCase()] : [name.toLowerCase(), word];
    return shorter.length >= MIN_PREFIX && longer.startsWith(shorter);
  });
  return names.length === 1 ? names[0] : undefined;
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
