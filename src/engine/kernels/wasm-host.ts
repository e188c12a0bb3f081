/** The part of the host's WebAssembly that is used; neither Node's types nor the es2023 library declare it. */
import { setFlagsFromString } from 'node:v8';

/** The address space is 32 bits wide: 65,536 pages of 64 KiB are 4 GiB. */
export const MAXIMUM_PAGES = 65_536;
export const PAGE_BYTES = 65_536;

interface WebAssemblyHost {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
}
declare const WebAssembly: WebAssemblyHost;

/** Memory that all threads see. `buffer` is replaced when it grows. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; it can be sent to a worker thread. */
export type WasmModule = object & { readonly __brand?: 'WasmModule' };

export function createMemory(): SharedMemory {
  return new WebAssembly.Memory({ initial: 16, maximum: MAXIMUM_PAGES, shared: true });
}

export function instantiate(module: WasmModule, memory: SharedMemory): object {
  return new WebAssembly.Instance(module, { host: { memory } }).exports;
}

/** Compiles all of a module with the optimising compiler at once, so that nothing is compiled again while it runs. */
export function compileNow(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  return withFlags(['no-liftoff', 'no-wasm-lazy-compilation'], () => new WebAssembly.Module(bytes));
}

/** Runs `work` with flags of V8 turned over; they are back before anything else is compiled. */
export function withFlags<T>(flags: readonly string[], work: () => T): T {
  for (const flag of flags) setFlagsFromString(`--${flag}`);
  try {
    return work();
  } finally {
    for (const flag of flags) setFlagsFromString(flag.startsWith('no-') ? `--${flag.slice(3)}` : `--no-${flag}`);
  }
}
