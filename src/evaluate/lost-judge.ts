import { WinnowError } from '../core/index.ts';
import type { Model } from '../model/index.ts';

/** A judge under watch, and the signal that ends an evaluation when it is lost. */
export interface WatchedJudge {
  readonly judge: Model | undefined;
  readonly signal: AbortSignal;
  /** Why the judge counts as lost. */
  lost(): WinnowError | undefined;
}

/** Failures in a row, without one reply between them, after which the judge counts as lost. */
const MAX_FAILURES = 20;
/** The same for a judge that has never replied: each failure stands for all its retries, and may have taken several time limits. */
const MAX_FIRST_FAILURES = 3;
const FAILURES = new Set<string>(['timeout', 'rate-limited', 'service-failed', 'bad-response']);

/**
 * A method falls back when one reply fails. A server that cannot be reached any more would so turn a whole evaluation into
 * fallbacks: once the judge, with its own retries, is unreachable, has failed 20 times in a row, or 3 times before its first reply, the
 * evaluation ends; what was judged is in its cache.
 */
export function watchJudge(
  judge: Model | undefined,
  outer: AbortSignal | undefined,
  onFailure?: (message: string) => void,
): WatchedJudge {
  const controller = new AbortController();
  const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]);
  let failure: WinnowError | undefined;
  let inARow = 0;
  let hasReplied = false;
  if (judge === undefined) return { judge, signal, lost: () => failure };
  const generate: Model['generate'] = async (request, options) => {
    try {
      const generation = await judge.generate(request, options);
      // A reply from the cache has asked the judge nothing, so it says nothing of the judge.
      if (generation.usage.requests === 0) return generation;
      inARow = 0;
      hasReplied = true;
      return generation;
    } catch (error) {
      if (error instanceof WinnowError && !signal.aborted) {
        if (FAILURES.has(error.code)) {
          inARow++;
          onFailure?.(`the judge failed ${inARow} times in a row (${error.code})`);
        }
        if (error.code === 'unreachable') failure = error;
        else if (inARow >= (hasReplied ? MAX_FAILURES : MAX_FIRST_FAILURES))
          failure = givenUp(error, inARow, hasReplied);
        if (failure !== undefined) controller.abort(failure);
      }
      throw error;
    }
  };
  return { judge: { ...judge, generate }, signal, lost: () => failure };
}

function givenUp(cause: WinnowError, failures: number, hasReplied: boolean): WinnowError {
  const code = cause.code === 'timeout' ? 'timeout' : 'service-failed';
  const times = hasReplied ? `failed ${failures} times in a row` : `has not replied once, and failed ${failures} times`;
  const slow = cause.code === 'timeout' ? 'If it is only slow, give it more time with --timeout. ' : '';
  return new WinnowError(code, `the judge ${times}; the last: ${cause.message}`, {
    hint: `${slow}What it said before is kept: mend the service and run the same command again.`,
    cause,
  });
}
