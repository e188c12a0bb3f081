import { WinnowError } from '../../core/index.ts';
import { type Job, type RawAnswer, type RunResult, readAnswer } from './sandbox.ts';

/** One sandboxed process. A worker that has ended is thrown away. */
export interface Worker {
  /** Rejects when the process could not do it; the process is then of no more use. */
  run(job: Job): Promise<RawAnswer>;
  readonly alive: boolean;
  close(): Promise<void>;
}

/** Starts the worker of one place in the pool. */
export type StartWorker = (slot: number) => Promise<Worker>;

export interface Pool {
  run(job: Job, signal?: AbortSignal): Promise<RunResult>;
  close(): Promise<void>;
}

interface Waiting {
  readonly job: Job;
  resolve(result: RunResult): void;
  reject(error: unknown): void;
}

/** Keeps `size` workers, each with one job at a time; a worker that ended is replaced when there is work for it. */
export function makePool(size: number, start: StartWorker): Pool {
  const slots: (Worker | undefined)[] = Array.from({ length: size }, () => undefined);
  const free = slots.map((_, index) => index).reverse();
  const queue: Waiting[] = [];
  const busy = new Set<Promise<void>>();
  let closed = false;

  async function worker(slot: number): Promise<Worker> {
    const there = slots[slot];
    if (there?.alive) return there;
    await there?.close(); // of no more use, and perhaps not yet ended
    const made = await start(slot);
    slots[slot] = made;
    return made;
  }

  /** Tries twice: a worker that failed through no fault of the job must not cost it its verdict. */
  async function attempt(slot: number, job: Job): Promise<RunResult> {
    let trouble: unknown;
    for (let tries = 0; tries < 2; tries++) {
      try {
        const raw = await (await worker(slot)).run(job);
        const result = readAnswer(raw, job);
        const settled = result.outcome !== 'infrastructure' && raw.died !== true;
        if (settled || tries === 1) return result;
      } catch (error) {
        trouble = error;
        await slots[slot]?.close();
        slots[slot] = undefined;
      }
    }
    return { outcome: 'infrastructure', detail: trouble instanceof Error ? trouble.message : String(trouble), ms: 0 };
  }

  async function serve(slot: number, { job, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(await attempt(slot, job));
    } catch (error) {
      reject(error);
    }
    free.push(slot);
    next();
  }

  function next(): void {
    const waiting = free.length > 0 ? queue.shift() : undefined;
    if (waiting === undefined) return;
    const slot = free.pop() as number;
    const work = serve(slot, waiting).finally(() => busy.delete(work));
    busy.add(work);
  }

  return {
    run(job, signal) {
      if (closed) return Promise.reject(new WinnowError('wrong-use', 'the sandbox was closed before this run'));
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const done =
          <T>(then: (value: T) => void): ((value: T) => void) =>
          (value) => {
            signal?.removeEventListener('abort', giveUp);
            then(value);
          };
        const waiting = { job, resolve: done(resolve), reject: done(reject) };
        // A run in progress is left to its own end, which its time limit bounds; nobody waits for it.
        const giveUp = (): void => {
          const at = queue.indexOf(waiting);
          if (at >= 0) queue.splice(at, 1);
          waiting.reject(signal?.reason);
        };
        signal?.addEventListener('abort', giveUp);
        queue.push(waiting);
        next();
      });
    },
    async close() {
      closed = true;
      for (const { reject } of queue.splice(0)) reject(new WinnowError('wrong-use', 'the sandbox was closed'));
      await Promise.all(slots.map((there) => there?.close()));
      await Promise.all(busy);
      await Promise.all(slots.map((there) => there?.close()));
    },
  };
}
