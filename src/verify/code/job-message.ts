import { createHash } from 'node:crypto';
import type { Job } from './sandbox.ts';

export interface JobLimits {
  /** Bytes of standard output. */
  readonly output: number;
  /** Bytes of memory, where the sandbox sets them for each run. */
  readonly memory?: number;
}

/** The judge starts afresh whenever this changes: tests of one task never run where another's have run. */
export function freshKey(job: Job): string {
  return job.kind === 'tests'
    ? createHash('sha256')
        .update(JSON.stringify([job.tests, job.setup]))
        .digest('hex')
    : '';
}

/** A job as the judge reads it. */
export function jobMessage(job: Job, limits: JobLimits, fresh: string = freshKey(job)): string {
  const message = {
    kind: job.kind,
    program: job.program,
    library: job.library ?? false,
    setup: job.setup ?? '',
    fresh,
    limits: { ...limits, seconds: job.timeLimitMs / 1000 },
  };
  switch (job.kind) {
    case 'script':
      return JSON.stringify({ ...message, stdin: job.stdin });
    case 'call':
      return JSON.stringify({ ...message, name: job.name, arguments: job.arguments });
    case 'tests': {
      const { tests, helpers, entryPoint, stopAtFirst } = job;
      return JSON.stringify({ ...message, tests, helpers, entry_point: entryPoint, stop_at_first: stopAtFirst });
    }
    default:
      return job satisfies never;
  }
}
