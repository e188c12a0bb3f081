import { WinnowError } from '../../core/index.ts';
import { type Adapter, type Buffer, COPY_SOURCE, COPY_TARGET, type Device, MAP_READ, STORAGE } from './api.ts';
import type { Grid, Kernel } from './kernel.ts';
import { type Call, createPrograms, PARAM_BYTES } from './programs.ts';

/** A GPU with compiled kernels. Work is recorded, sent with `flush` or the next `read`, and runs in the order of recording. */
export interface Gpu {
  readonly name: string;
  /** Whether it is a program that plays a GPU on the processor. */
  readonly isSoftware: boolean;
  /** The most floats that one buffer can hold. */
  readonly largestBuffer: number;
  /** A buffer of `floats` zeros. Throws `unsupported` beyond `largestBuffer`. */
  allocate(floats: number, purpose: string): Buffer;
  free(buffer: Buffer): void;
  write(buffer: Buffer, values: Float32Array | Uint32Array): void;
  run<B extends string, P extends string>(
    kernel: Kernel<B, P>,
    buffers: Readonly<Record<B, Buffer>>,
    params: Readonly<Record<P, number>>,
    grid: Grid,
  ): void;
  /** Copies floats, of the whole source unless told how many. */
  copy(from: Buffer, to: Buffer, floats?: number): void;
  clear(buffer: Buffer): void;
  flush(): void;
  /** The first `floats` of a buffer after all that was recorded. Throws what has gone wrong on the device by then. */
  read(buffer: Buffer, floats: number): Promise<Float32Array>;
  /** Does `work`; throws `unsupported` when the device has no room for what it allocates, which is then given back. */
  withRoom<T>(purpose: string, work: () => T): Promise<T>;
  close(): void;
}

type Command =
  | ({ readonly kind: 'run'; readonly grid: Grid } & Call)
  | { readonly kind: 'copy'; readonly from: Buffer; readonly to: Buffer; readonly bytes: number }
  | { readonly kind: 'clear'; readonly buffer: Buffer };

/** Opens an adapter with the largest buffers it allows. */
export async function openGpu(adapter: Adapter, name: string, isSoftware: boolean): Promise<Gpu> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  return gpuOn(device, Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4), name, isSoftware);
}

/** Takes a device over. */
export function gpuOn(device: Device, largestBuffer: number, name: string, isSoftware: boolean): Gpu {
  const programs = createPrograms(device);
  const spareReaders: Buffer[] = [];
  let commands: Command[] = [];
  let failure: WinnowError | undefined;
  /** What `withRoom` has to give back when there was no room. */
  let made: Buffer[] | undefined;

  device.onuncapturederror = ({ error }) => {
    // The interface tells its errors apart by class alone, and the classes are the package's.
    failure ??=
      error.constructor.name === 'GPUOutOfMemoryError'
        ? new WinnowError('unsupported', `${name} has no memory left: ${error.message}`, {
            hint: 'Use a smaller model, shorter sequences or fewer completions at once, or --device cpu.',
          })
        : new WinnowError('internal', `${name} refused what the engine asked: ${error.message}`);
  };
  void device.lost.then(({ message }) => {
    failure ??= new WinnowError('io', `${name} was lost: ${message}`, {
      hint: 'Go on from the last saved state; with --device cpu if it happens again.',
    });
  });

  function bytesFor(floats: number, purpose: string): number {
    if (floats <= largestBuffer) return Math.max(16, Math.ceil(floats / 4) * 16);
    throw new WinnowError(
      'unsupported',
      `${purpose} needs ${megabytes(floats)} MB in one piece; ${name} allows ${megabytes(largestBuffer)} MB.`,
      { hint: 'Use a smaller model, shorter sequences, or --device cpu.' },
    );
  }

  function flush(): void {
    if (commands.length === 0) return;
    programs.upload();
    const encoder = device.createCommandEncoder();
    let offset = 0;
    for (let next = 0; next < commands.length; ) {
      const command = commands[next];
      if (command?.kind === 'run') {
        const computing = encoder.beginComputePass();
        for (let run = commands[next]; run?.kind === 'run'; run = commands[++next]) {
          computing.setPipeline(run.pipeline);
          computing.setBindGroup(0, run.group, [offset]);
          computing.dispatchWorkgroups(...run.grid);
          offset += PARAM_BYTES;
        }
        computing.end();
        continue;
      }
      if (command?.kind === 'copy') encoder.copyBufferToBuffer(command.from, 0, command.to, 0, command.bytes);
      if (command?.kind === 'clear') encoder.clearBuffer(command.buffer);
      next++;
    }
    device.queue.submit([encoder.finish()]);
    commands = [];
  }

  async function read(buffer: Buffer, floats: number): Promise<Float32Array> {
    const bytes = 4 * floats;
    const spare = spareReaders.findIndex(({ size }) => size >= bytes && size <= 4 * bytes);
    const reader =
      spare >= 0
        ? (spareReaders.splice(spare, 1)[0] as Buffer)
        : device.createBuffer({ size: Math.max(256, Math.ceil(bytes / 16) * 16), usage: MAP_READ | COPY_TARGET });
    commands.push({ kind: 'copy', from: buffer, to: reader, bytes });
    flush();
    try {
      await reader.mapAsync(MAP_READ, 0, bytes);
    } catch (cause) {
      // The reason arrives as an event of its own, after the mapping has failed.
      await new Promise(setImmediate);
      throw failure ?? new WinnowError('internal', `${name} gave no answer: ${String(cause)}`, { cause });
    }
    if (failure !== undefined) throw failure;
    const values = new Float32Array(reader.getMappedRange(0, bytes).slice(0));
    reader.unmap();
    spareReaders.push(reader);
    if (spareReaders.length > SPARE_READERS) spareReaders.shift()?.destroy();
    return values;
  }

  return {
    name,
    isSoftware,
    largestBuffer,
    allocate(floats, purpose) {
      const size = bytesFor(floats, purpose);
      const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SOURCE | COPY_TARGET });
      made?.push(buffer);
      return buffer;
    },
    free(buffer) {
      // What was recorded may still use it.
      flush();
      buffer.destroy();
      programs.forget(buffer);
    },
    write(buffer, values) {
      flush();
      device.queue.writeBuffer(buffer, 0, values);
    },
    run(kernel, buffers, values, grid) {
      if (failure !== undefined) throw failure;
      if (programs.isFull()) {
        flush();
        programs.grow();
      }
      const inOrder = Object.keys(kernel.buffers).map((field) => buffers[field as keyof typeof buffers]);
      commands.push({ kind: 'run', ...programs.prepare(kernel, inOrder, values), grid });
    },
    copy: (from, to, floats) => {
      commands.push({ kind: 'copy', from, to, bytes: floats === undefined ? from.size : 4 * floats });
    },
    clear: (buffer) => {
      commands.push({ kind: 'clear', buffer });
    },
    flush,
    read,
    async withRoom(purpose, work) {
      const mine: Buffer[] = [];
      device.pushErrorScope('out-of-memory');
      made = mine;
      let outcome: { readonly result: ReturnType<typeof work> } | { readonly thrown: unknown };
      try {
        outcome = { result: work() };
      } catch (thrown) {
        outcome = { thrown };
      }
      made = undefined;
      const error = await device.popErrorScope().catch(() => null);
      if (failure !== undefined) throw failure;
      if ('result' in outcome && error === null) return outcome.result;
      for (const buffer of mine) buffer.destroy();
      if ('thrown' in outcome) throw outcome.thrown;
      throw new WinnowError('unsupported', `${name} has no room for ${purpose}: ${error?.message}`, {
        hint: 'Use a smaller model or --device cpu.',
      });
    },
    close() {
      failure ??= new WinnowError('wrong-use', `${name} was closed.`);
      device.destroy();
    },
  };
}

const SPARE_READERS = 4;
const megabytes = (floats: number): string => ((4 * floats) / 1e6).toFixed(0);
