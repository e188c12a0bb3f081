import { WinnowError } from '../../core/index.ts';
import { assembleModule } from './assembler.ts';
import { layerFunctions } from './layer-kernels.ts';
import { memoryFunctions } from './memory-kernels.ts';
import { compileProducts } from './products.ts';
import { softmaxFunctions } from './softmax-kernels.ts';
import { compileNow, instantiate, MAXIMUM_PAGES, type SharedMemory, type WasmModule } from './wasm-host.ts';

export type Product = (
  c: number,
  a: number,
  b: number,
  m: number,
  n: number,
  k: number,
  strideA: number,
  strideB: number,
  strideC: number,
) => void;

/** The four matrix products. */
export interface Products {
  readonly matmul: Product;
  readonly matmulAdd: Product;
  readonly matmulLeftTransposed: Product;
  readonly matmulLeftTransposedAdd: Product;
}

/** The compiled kernels. Pointers and strides are in bytes, counts and widths in floats; what each does stands where it is written. */
export interface Kernels extends Products {
  rmsNorm(out: number, scale: number, x: number, weight: number, rows: number, width: number, epsilon: number): void;
  rmsNormGrad(
    dx: number,
    dweight: number,
    grad: number,
    scale: number,
    x: number,
    weight: number,
    rows: number,
    width: number,
  ): void;
  rope(
    x: number,
    positions: number,
    cosines: number,
    sines: number,
    rows: number,
    heads: number,
    headDim: number,
    direction: 1 | -1,
  ): void;
  swiglu(out: number, gate: number, up: number, count: number): void;
  swigluGrad(dgate: number, dup: number, grad: number, gate: number, up: number, count: number): void;
  softmax(x: number, rows: number, width: number, valid: number, growth: 0 | 1, scale: number): void;
  softmaxGrad(grad: number, p: number, rows: number, width: number, scale: number): void;
  exponentials(
    out: number,
    maxima: number,
    sums: number,
    x: number,
    rows: number,
    width: number,
    valid: number,
    sharpness: number,
  ): void;
  scaleRows(x: number, factors: number, rows: number, width: number): void;
  addScaled(out: number, x: number, count: number, factor: number): void;
  transpose(out: number, x: number, rows: number, columns: number, strideOut: number, strideX: number): void;
  gather(out: number, table: number, ids: number, rows: number, width: number): void;
  scatterAdd(table: number, x: number, ids: number, rows: number, width: number): void;
  scoreKeys(
    scores: number,
    query: number,
    keys: number,
    count: number,
    stride: number,
    headDim: number,
    heads: number,
    scoreStride: number,
  ): void;
  adamw(
    parameters: number,
    means: number,
    squares: number,
    gradient: number,
    count: number,
    gradientScale: number,
    beta1: number,
    beta2: number,
    stepSize: number,
    squareScale: number,
    epsilon: number,
    keep: number,
  ): void;
  sumSquares(x: number, count: number): number;
}

/** The compiled modules; they can be sent to a worker thread. */
export interface KernelModule {
  readonly products: WasmModule;
  readonly others: WasmModule;
}

let compiled: KernelModule | undefined;

/** Compiles the kernels, once for all who ask: modules hold no state. */
export function compileKernels(): KernelModule {
  const functions = [...layerFunctions, ...softmaxFunctions, ...memoryFunctions];
  try {
    compiled ??= { products: compileProducts(), others: compileNow(assembleModule(functions, MAXIMUM_PAGES)) };
    return compiled;
  } catch (cause) {
    throw new WinnowError('unsupported', `This Node (${process.version}) cannot compile the engine's kernels.`, {
      hint: 'The embedded engine needs WebAssembly with relaxed SIMD and threads: Node 22.18 or newer.',
      cause,
    });
  }
}

export function instantiateKernels({ products, others }: KernelModule, memory: SharedMemory): Kernels {
  return { ...instantiate(products, memory), ...instantiate(others, memory) } as Kernels;
}
