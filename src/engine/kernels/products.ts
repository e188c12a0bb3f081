/**
 * Which form of the matrix products runs on this machine. WebAssembly's vectors have four lanes; an option of V8 that is still
 * experimental joins neighbours into the eight lanes of AVX, which doubles the speed. It is turned on for these four functions
 * alone, and what comes out is used only where it gives the same bits as the plain form and takes less time.
 */
import { makeRng } from '../../core/index.ts';
import { assembleModule } from './assembler.ts';
import type { Product, Products } from './kernels.ts';
import { matmulFunctions } from './matmul.ts';
import { compileNow, createMemory, instantiate, MAXIMUM_PAGES, type WasmModule, withFlags } from './wasm-host.ts';

/** The products as this machine runs them best. */
export function compileProducts(): WasmModule {
  const narrow = narrowProducts();
  const wide = wideProducts();
  return wide !== undefined && isBetter(wide, narrow) ? wide : narrow;
}

export function narrowProducts(): WasmModule {
  return compileNow(assembleModule(matmulFunctions(2), MAXIMUM_PAGES));
}

/** The products in vectors of eight lanes; undefined where V8 is not one that the option is known in. */
export function wideProducts(): WasmModule | undefined {
  const known = process.arch === 'x64' && process.versions.v8.startsWith('13.');
  if (!known) return undefined;
  const bytes = assembleModule(matmulFunctions(4), MAXIMUM_PAGES);
  return withFlags(['experimental-wasm-revectorize'], () => compileNow(bytes));
}

/** Rows, columns and depth with every kind of tile and remainder. */
const [M, N, K] = [6 + 4 + 2 + 1, 16 + 8 + 4, 7];
/** Long enough to be timed, short enough not to be noticed. */
const TIMED = 96;

/** Whether a form gives the bits of the other one, faster. A processor without AVX runs the wide tiles, but slowly. */
function isBetter(form: WasmModule, plain: WasmModule): boolean {
  const memory = createMemory();
  const floats = new Float32Array(memory.buffer);
  const [ours, theirs] = [instantiate(form, memory) as Products, instantiate(plain, memory) as Products];
  const [c, a, b] = [64, 64 + 4 * TIMED ** 2, 64 + 8 * TIMED ** 2];
  const rng = makeRng('products');

  function bitsOf(product: Product, seen: Float32Array): Int32Array {
    floats.set(seen);
    product(c, a, b, M, N, K, 4 * M, 4 * N, 4 * N);
    return new Int32Array(floats.slice(0, b / 4).buffer);
  }
  const seen = Float32Array.from({ length: b / 4 + TIMED ** 2 }, () => 2 * rng.next() - 1);
  for (const name of Object.keys(theirs) as (keyof Products)[]) {
    const [one, other] = [bitsOf(ours[name], seen), bitsOf(theirs[name], seen)];
    if (one.some((bits, i) => bits !== other[i])) return false;
  }

  function shortest({ matmul }: Products): number {
    const times = Array.from({ length: 6 }, () => {
      const started = performance.now();
      matmul(c, a, b, TIMED, TIMED, TIMED, 4 * TIMED, 4 * TIMED, 4 * TIMED);
      return performance.now() - started;
    });
    return Math.min(...times);
  }
  return shortest(ours) < shortest(theirs);
}
