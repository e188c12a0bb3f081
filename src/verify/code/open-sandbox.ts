import { availableParallelism } from 'node:os';
import { WinnowError } from '../../core/index.ts';
import { bubblewrapWorkers } from './bubblewrap-worker.ts';
import { makePool, type StartWorker } from './pool.ts';
import { probeBubblewrap } from './probe.ts';
import { provenWorkers } from './prove.ts';
import { pyodideWorkers, type WorkerLimits } from './pyodide-worker.ts';
import { quickjsWorkers } from './quickjs-worker.ts';
import type { Sandbox, SandboxKind } from './sandbox.ts';

export interface SandboxOptions {
  /** `auto` takes bubblewrap where a probe proves that it isolates, else pyodide. */
  readonly kind?: SandboxKind | 'auto';
  /** Processes; one a core unless said otherwise. */
  readonly workers?: number;
  /** Memory of one program in MiB. */
  readonly memoryMb?: number;
  /** Standard output of one program in MiB. */
  readonly outputMb?: number;
}

/** WebAssembly runs Python two to four times slower than the machine does. */
const SLOWNESS = { bubblewrap: 1, pyodide: 3, quickjs: 3 } as const;

/** Opens a sandbox. Workers start with the first runs. Throws `unsupported` when a named kind does not work here. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { kind = 'auto', workers = availableParallelism(), memoryMb = 1024, outputMb = 16 } = options;
  const chosen = kind === 'auto' ? ((await probeBubblewrap()).native === undefined ? 'pyodide' : 'bubblewrap') : kind;
  const language = chosen === 'quickjs' ? 'javascript' : 'python';
  const slowness = SLOWNESS[chosen];
  const start = provenWorkers(await workersOf(chosen, { memoryMb, outputMb }), language, slowness);
  return { kind: chosen, language, workers, slowness, ...makePool(workers, start) };
}

async function workersOf(kind: SandboxKind, limits: WorkerLimits): Promise<StartWorker> {
  switch (kind) {
    case 'pyodide':
      return pyodideWorkers(limits);
    case 'quickjs':
      return quickjsWorkers(limits);
    case 'bubblewrap': {
      const { native, detail, mend } = await probeBubblewrap();
      if (native === undefined)
        throw new WinnowError(
          'unsupported',
          `bubblewrap does not work here: ${detail}`,
          mend === undefined ? {} : { hint: mend },
        );
      return bubblewrapWorkers(native, limits);
    }
    default:
      return kind satisfies never;
  }
}
