import {
  type BindGroup,
  type BindGroupLayout,
  type Buffer,
  COMPUTE_STAGE,
  COPY_TARGET,
  type Device,
  type Pipeline,
  UNIFORM,
} from './api.ts';
import { isWritten, type Kernel, wgslOf } from './kernel.ts';

/** A kernel with its buffers, ready to be run. */
export interface Call {
  readonly pipeline: Pipeline;
  readonly group: BindGroup;
}

/** Compiled kernels, their bindings, and the parameters of the calls that were prepared and not yet sent. */
export interface Programs {
  /** Whether the parameters of one more call would not fit; then `grow` has to come first, with no call waiting. */
  isFull(): boolean;
  grow(): void;
  prepare(kernel: Kernel, buffers: readonly Buffer[], params: Readonly<Record<string, number>>): Call;
  /** Sends the waiting calls' parameters; those of call number i lie at i * PARAM_BYTES. */
  upload(): void;
  /** Drops bindings to a buffer that goes. */
  forget(buffer: Buffer): void;
}

/** Devices allow parameters at multiples of this many bytes; no kernel has more of them. */
export const PARAM_BYTES = 256;
const FIRST_CALLS = 64;
/** Bindings of steps that do not come again would otherwise pile up. */
const KEPT_GROUPS = 20_000;

interface Compiled {
  readonly pipeline: Pipeline;
  readonly layout: BindGroupLayout;
}

export function createPrograms(device: Device): Programs {
  const compiled = new Map<Kernel, Compiled>();
  const identities = new WeakMap<Buffer, number>();
  const groups = new Map<string, BindGroup>();
  let lastIdentity = 0;
  let params = new ArrayBuffer(FIRST_CALLS * PARAM_BYTES);
  let waiting = 0;
  const createBuffer = (): Buffer => device.createBuffer({ size: params.byteLength, usage: UNIFORM | COPY_TARGET });
  let paramBuffer = createBuffer();

  function compile(kernel: Kernel): Compiled {
    const found = compiled.get(kernel);
    if (found !== undefined) return found;
    const visibility = COMPUTE_STAGE;
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...Object.values(kernel.buffers).map((kind, i) => ({
          binding: i + 1,
          visibility,
          buffer: { type: isWritten(kind) ? ('storage' as const) : ('read-only-storage' as const) },
        })),
      ],
    });
    const module = device.createShaderModule({ code: wgslOf(kernel), label: kernel.name });
    const pipeline = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    const made = { pipeline, layout };
    compiled.set(kernel, made);
    return made;
  }

  function identityOf(buffer: Buffer): number {
    const known = identities.get(buffer);
    if (known !== undefined) return known;
    identities.set(buffer, ++lastIdentity);
    return lastIdentity;
  }

  /** Binding is most of the cost of a small call, and steps that repeat bind the same buffers. */
  function groupOf({ name }: Kernel, layout: BindGroupLayout, buffers: readonly Buffer[]): BindGroup {
    const key = `${buffers.map(identityOf).join()},${name}`;
    const found = groups.get(key);
    if (found !== undefined) return found;
    const parameters = { binding: 0, resource: { buffer: paramBuffer, size: PARAM_BYTES } };
    const entries = [parameters, ...buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))];
    const group = device.createBindGroup({ layout, entries });
    if (groups.size >= KEPT_GROUPS) groups.clear();
    groups.set(key, group);
    return group;
  }

  return {
    isFull: () => (waiting + 1) * PARAM_BYTES > params.byteLength,
    grow() {
      params = new ArrayBuffer(2 * params.byteLength);
      paramBuffer.destroy();
      paramBuffer = createBuffer();
      groups.clear();
    },
    prepare(kernel, buffers, values) {
      const { pipeline, layout } = compile(kernel);
      const view = new DataView(params, waiting * PARAM_BYTES, PARAM_BYTES);
      Object.entries(kernel.params).forEach(([field, type], i) => {
        const value = values[field] ?? 0;
        if (type === 'u32') view.setUint32(4 * i, value, true);
        else view.setFloat32(4 * i, value, true);
      });
      waiting++;
      return { pipeline, group: groupOf(kernel, layout, buffers) };
    },
    upload() {
      device.queue.writeBuffer(paramBuffer, 0, new Uint8Array(params), 0, waiting * PARAM_BYTES);
      waiting = 0;
    },
    forget(buffer) {
      const gone = `${identities.get(buffer)}`;
      for (const key of groups.keys()) if (key.split(',').includes(gone)) groups.delete(key);
    },
  };
}
