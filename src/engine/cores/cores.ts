import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { WinnowError } from '../../core/index.ts';
import { createHeap, type Heap } from '../kernels/heap.ts';
import { compileKernels } from '../kernels/kernels.ts';
import { createMachine, type Machine } from '../kernels/machine.ts';
import { createMemory } from '../kernels/wasm-host.ts';
import { JOBS, type JobInput, type JobName, type JobOutput, type Workspace } from './jobs.ts';
import type { JobError } from './worker.ts';

/** The threads that compute, and the memory they share. */
export interface Cores {
  /** How many jobs run at the same time. */
  readonly count: number;
  readonly heap: Heap;
  /** This thread's own access to the memory, for reading and writing values between jobs. */
  readonly machine: Machine;
  /** Runs a job on the next free core, in the order of the calls. */
  run<N extends JobName>(name: N, input: JobInput<N>): Promise<JobOutput<N>>;
  /** Runs a job with a workspace that is its own while it runs. */
  runIn<N extends JobName>(name: N, bytes: number, input: (workspace: Workspace) => JobInput<N>): Promise<JobOutput<N>>;
  close(): Promise<void>;
}

export interface CoresOptions {
  /** Worker threads; 0 computes in the calling thread. Default: one per processor core, at most 16. */
  readonly threads?: number;
}

interface Waiting {
  readonly name: JobName;
  readonly input: unknown;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the threads. They keep the process alive only while a job runs. */
export function createCores({ threads = Math.min(16, availableParallelism()) }: CoresOptions = {}): Cores {
  const memory = createMemory();
  const module = compileKernels();
  const machine = createMachine(module, memory);
  const heap = createHeap(memory);
  const queue: Waiting[] = [];
  const idle: Worker[] = [];
  const running = new Map<Worker, Waiting>();
  let failure: Error | undefined;

  function startWorker(): Worker {
    const url = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
    const worker = new Worker(url, { workerData: { module, memory } });
    worker.on('message', (reply: { output?: never; error?: JobError }) => finish(worker, reply));
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`it ended with code ${code}`)));
    worker.unref();
    return worker;
  }

  function next(): void {
    for (let worker = idle.at(-1); worker !== undefined && queue.length > 0; worker = idle.at(-1)) {
      const job = queue.shift();
      if (job === undefined) return;
      idle.pop();
      running.set(worker, job);
      worker.ref();
      worker.postMessage({ name: job.name, input: job.input });
    }
  }

  function finish(worker: Worker, { output, error }: { output?: never; error?: JobError }): void {
    const job = running.get(worker);
    running.delete(worker);
    idle.push(worker);
    worker.unref();
    if (error === undefined) job?.resolve(output as never);
    else job?.reject(new WinnowError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint }));
    next();
  }

  function fail(cause: Error): void {
    failure ??= new WinnowError('internal', `A thread of the engine broke: ${cause.message}`, { cause });
    for (const job of [...running.values(), ...queue.splice(0)]) job.reject(failure);
    running.clear();
  }

  async function run<N extends JobName>(name: N, input: JobInput<N>): Promise<JobOutput<N>> {
    if (failure !== undefined) throw failure;
    const job = JOBS[name] as (machine: Machine, input: unknown) => JobOutput<N>;
    if (workers.length === 0) return job(machine, input);
    return new Promise<JobOutput<N>>((resolve, reject) => {
      queue.push({ name, input, resolve, reject });
      next();
    });
  }

  const workers = Array.from({ length: threads }, startWorker);
  idle.push(...workers);
  return {
    count: Math.max(1, threads),
    heap,
    machine,
    run,
    async runIn(name, bytes, input) {
      const address = heap.allocate(bytes, 'The workspace');
      try {
        return await run(name, input({ address, bytes }));
      } finally {
        heap.free(address);
      }
    },
    async close() {
      failure ??= new WinnowError('wrong-use', 'The engine was closed.');
      fail(failure);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
