import { WinnowError } from '../../core/index.ts';
import type { Adapter, GpuApi } from './api.ts';
import { type Gpu, openGpu } from './gpu.ts';

/** The package that reaches the GPU, at the version that is tested. */
export const WEBGPU_PACKAGE = 'webgpu@0.6.2';

/** What was found on this machine. */
export type GpuSearch =
  | {
      readonly found: true;
      readonly name: string;
      /** A program that plays a GPU on the processor: right for tests, slower than the engine's own kernels. */
      readonly isSoftware: boolean;
      open(): Promise<Gpu>;
    }
  | { readonly found: false; readonly reason: string; readonly mend: string };

const WANTED = { powerPreference: 'high-performance' } as const;

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|softpipe|basic render|software/i;

/** Looks for a GPU. Never throws: without the package, a driver or a GPU it says so. */
export async function findGpu(): Promise<GpuSearch> {
  const missing = (reason: string, mend: string): GpuSearch => ({ found: false, reason, mend });
  let api: GpuApi;
  try {
    api = await loadApi();
  } catch (error) {
    const absent = (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const reason = absent
      ? 'the package webgpu is not installed'
      : `the package webgpu does not load: ${String(error)}`;
    return missing(reason, `To compute on a GPU: npm install ${WEBGPU_PACKAGE}`);
  }
  const mend = 'A driver for Vulkan, Metal or Direct3D 12 is needed.';
  try {
    const adapter = await api.requestAdapter(WANTED);
    if (adapter === null) return missing('no GPU was found', mend);
    return describe(api, adapter);
  } catch (error) {
    return missing(`looking for a GPU failed: ${String(error)}`, mend);
  }
}

function describe(api: GpuApi, adapter: Adapter): GpuSearch {
  const { info } = adapter;
  const name = info.description || info.device || info.vendor || 'a GPU without a name';
  const isSoftware = info.isFallbackAdapter === true || SOFTWARE.test(`${name} ${info.device} ${info.architecture}`);
  return {
    found: true,
    name,
    isSoftware,
    async open() {
      try {
        // An adapter gives one device, so each opening asks for its own.
        const own = await api.requestAdapter(WANTED);
        if (own === null) throw new Error('it is gone');
        return await openGpu(own, name, isSoftware);
      } catch (cause) {
        throw new WinnowError('unsupported', `${name} cannot be opened: ${String(cause)}`, {
          hint: 'Use --device cpu.',
          cause,
        });
      }
    },
  };
}

let loaded: Promise<GpuApi> | undefined;

/** One instance for the process: each one is a connection to the driver of its own. */
export function loadApi(): Promise<GpuApi> {
  // Not written out in the import, since types of a package that may be absent cannot be resolved.
  const name: string = 'webgpu';
  loaded ??= import(name).then(({ create }: { create(options: readonly string[]): GpuApi }) => create([]));
  return loaded;
}
