import { WinnowError } from '../../core/index.ts';
import { fillRopeTables } from '../transformer/initialise.ts';
import type { Layout, Parameter } from '../transformer/layout.ts';
import type { Buffer } from './api.ts';
import type { Gpu } from './gpu.ts';

/** Numbers in the shape of a model's weights: a buffer for each parameter, so that no buffer has to hold a whole model. */
export interface Block {
  readonly buffers: readonly { readonly parameter: Parameter; readonly buffer: Buffer }[];
  /** The buffer of the parameter at an offset of the layout. */
  at(offset: number): Buffer;
}

/** A model's weights on the device, with what its passes need beside them. */
export interface GpuModel {
  readonly gpu: Gpu;
  readonly layout: Layout;
  readonly weights: Block;
  /** Rotary tables [contextTokens, headDim / 2]. */
  readonly cosines: Buffer;
  readonly sines: Buffer;
  free(): void;
}

export const sizeOf = ({ rows, columns }: Parameter): number => rows * columns;

/** A block of zeros. */
export function allocateBlock(gpu: Gpu, { parameters }: Layout): Block {
  const buffers = parameters.map((parameter) => ({
    parameter,
    buffer: gpu.allocate(sizeOf(parameter), parameter.name),
  }));
  const byOffset = new Map(buffers.map(({ parameter, buffer }) => [parameter.offset, buffer]));
  return {
    buffers,
    at(offset) {
      const buffer = byOffset.get(offset);
      if (buffer === undefined) throw new WinnowError('internal', `there is no parameter at ${offset}`);
      return buffer;
    },
  };
}

/** Values in the layout's order, as far as it is trainable. */
export function writeBlock(gpu: Gpu, { buffers }: Block, values: Float32Array): void {
  for (const { parameter, buffer } of buffers) {
    const start = parameter.offset / 4;
    gpu.write(buffer, values.subarray(start, start + sizeOf(parameter)));
  }
}

export async function readBlock(gpu: Gpu, { buffers }: Block, floats: number): Promise<Float32Array> {
  const values = new Float32Array(floats);
  for (const { parameter, buffer } of buffers) {
    values.set(await gpu.read(buffer, sizeOf(parameter)), parameter.offset / 4);
  }
  return values;
}

export function freeBlock(gpu: Gpu, { buffers }: Block): void {
  for (const { buffer } of buffers) gpu.free(buffer);
}

/** The widest head that attention's threads can share out among themselves. */
const WIDEST_HEAD = 256;

/** Puts weights (in the layout's order) on the device. */
export async function placeOnGpu(gpu: Gpu, layout: Layout, weights: Float32Array): Promise<GpuModel> {
  const model = await allocateModel(gpu, layout);
  const { contextTokens, headDim } = layout.config;
  const tables = [0, 1].map(() => new Float32Array((contextTokens * headDim) / 2)) as [Float32Array, Float32Array];
  fillRopeTables(layout, ...tables);
  gpu.write(model.cosines, tables[0]);
  gpu.write(model.sines, tables[1]);
  writeBlock(gpu, model.weights, weights);
  return model;
}

/** A second copy of a model, which later changes to the first do not reach. */
export async function copyOnGpu(source: GpuModel): Promise<GpuModel> {
  const { gpu, layout } = source;
  const model = await allocateModel(gpu, layout);
  gpu.copy(source.cosines, model.cosines);
  gpu.copy(source.sines, model.sines);
  for (const { parameter, buffer } of source.weights.buffers) gpu.copy(buffer, model.weights.at(parameter.offset));
  gpu.flush();
  return model;
}

async function allocateModel(gpu: Gpu, layout: Layout): Promise<GpuModel> {
  const { contextTokens, headDim } = layout.config;
  if (headDim > WIDEST_HEAD) {
    throw new WinnowError(
      'unsupported',
      `Heads of ${headDim} numbers; on a GPU the engine takes up to ${WIDEST_HEAD}.`,
      {
        hint: 'Use --device cpu.',
      },
    );
  }
  return gpu.withRoom('the model', () => {
    const table = (): Buffer => gpu.allocate((contextTokens * headDim) / 2, 'The table of positions');
    const [weights, cosines, sines] = [allocateBlock(gpu, layout), table(), table()];
    return {
      gpu,
      layout,
      weights,
      cosines,
      sines,
      free() {
        freeBlock(gpu, weights);
        gpu.free(cosines);
        gpu.free(sines);
      },
    };
  });
}
