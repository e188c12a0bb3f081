/** The program of one worker thread: runs jobs in the order they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, WinnowError } from '../../core/index.ts';
import type { KernelModule } from '../kernels/kernels.ts';
import { createMachine } from '../kernels/machine.ts';
import type { SharedMemory } from '../kernels/wasm-host.ts';
import { JOBS, type JobName } from './jobs.ts';

interface Start {
  readonly module: KernelModule;
  readonly memory: SharedMemory;
}

/** What a job that threw says of it; a WinnowError keeps its code, which says whose fault it was. */
export interface JobError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

const { module, memory } = workerData as Start;
const machine = createMachine(module, memory);

parentPort?.on('message', ({ name, input }: { name: JobName; input: never }) => {
  try {
    parentPort?.postMessage({ output: JOBS[name](machine, input) });
  } catch (error) {
    parentPort?.postMessage({ error: described(error) });
  }
});

function described(error: unknown): JobError {
  if (!(error instanceof WinnowError)) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: 'internal', message: `The engine failed: ${said}` };
  }
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
