/** What a saved state holds beside the model: the optimiser, the low-rank factors, and where training stood. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { WinnowError } from '../../core/index.ts';
import { type FileToWrite, recoverFolder } from '../checkpoint/atomic.ts';
import { readModel, textFile } from '../checkpoint/checkpoint.ts';
import { encodeTensors, openTensorFile } from '../checkpoint/safetensors.ts';
import type { Layout } from '../transformer/layout.ts';

const STATE_FILE = 'trainer.json';
const TENSOR_FILE = 'optimizer.safetensors';

export interface TrainingPosition {
  readonly step: number;
  readonly seed: number;
  /** Hash of the checkpoint that training began from. */
  readonly base: string;
}

/** What is trained: how many numbers, of which model, and how. */
export interface TrainedShape {
  readonly count: number;
  readonly model: { readonly layout: Layout };
  readonly lowRank: { readonly rank: number; readonly scale: number } | undefined;
}

/** The optimiser's state and, where those are trained, the factors; all in the order of the trained floats. */
export interface TrainedVectors {
  readonly means: Float32Array;
  readonly squares: Float32Array;
  readonly factors?: Float32Array;
}

/** The files to write beside the model's. */
export function trainerStateFiles(
  state: TrainedShape,
  vectors: TrainedVectors,
  position: TrainingPosition,
): readonly FileToWrite[] {
  const tensors = Object.entries(vectors).map(([name, values]) => ({ name, shape: [state.count], values }));
  const { rank, scale } = state.lowRank ?? {};
  const description = { format: 1, ...position, ...(rank === undefined ? {} : { lowRank: { rank, scale } }) };
  return [
    textFile(STATE_FILE, `${JSON.stringify(description, null, 2)}\n`),
    { name: TENSOR_FILE, pieces: encodeTensors(tensors) },
  ];
}

export interface SavedState {
  readonly step: number;
  readonly trained: Float32Array;
  readonly means: Float32Array;
  readonly squares: Float32Array;
}

/** Reads a saved state that fits the trainer. Without the optimiser, its means and squares are zero and the step is 0. */
export async function readTrainerState(
  folder: string,
  state: TrainedShape,
  base: string,
  withOptimizer: boolean,
): Promise<SavedState> {
  await recoverFolder(folder);
  const { z } = await import('zod');
  const file = path.join(folder, STATE_FILE);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WinnowError('not-found', `${folder} holds no saved state: there is no ${STATE_FILE}.`, { cause });
  });
  const lowRankSchema = z.object({ rank: z.int(), scale: z.number() });
  const schema = z.object({
    format: z.literal(1),
    step: z.int().min(0),
    base: z.string(),
    lowRank: lowRankSchema.optional(),
  });
  const parsed = schema.safeParse(parseJson(text, file));
  if (!parsed.success) throw new WinnowError('bad-input', `${file}: ${z.prettifyError(parsed.error)}`);
  const { lowRank, step } = parsed.data;
  if (lowRank?.rank !== state.lowRank?.rank || lowRank?.scale !== state.lowRank?.scale) {
    throw new WinnowError(
      'bad-input',
      `${folder} was saved with ${describe(lowRank)}, but this trainer has ${describe(state.lowRank)}.`,
    );
  }
  if (lowRank !== undefined && parsed.data.base !== base) {
    throw new WinnowError('bad-input', `The factors in ${folder} belong to another base checkpoint.`, {
      hint: 'Open the trainer on the checkpoint that training began from.',
    });
  }
  const vectors = await readVectors(folder, state, withOptimizer, lowRank !== undefined);
  if (vectors.factors !== undefined) return { step: withOptimizer ? step : 0, ...vectors, trained: vectors.factors };
  const model = await readModel(folder);
  if (!isDeepStrictEqual(model.layout.config, state.model.layout.config)) {
    throw new WinnowError('bad-input', `${folder} holds a model of another shape than the one being trained.`);
  }
  const trained = model.weights.subarray(0, state.count);
  return { step: withOptimizer ? step : 0, ...vectors, trained };
}

async function readVectors(
  folder: string,
  { count }: TrainedShape,
  optimizer: boolean,
  factors: boolean,
): Promise<TrainedVectors> {
  const file = await openTensorFile(path.join(folder, TENSOR_FILE));
  const read = async (name: string): Promise<Float32Array> => {
    const values = await file.read(name);
    if (values.length === count) return values;
    throw new WinnowError(
      'bad-input',
      `${file.path}: ${name} has ${values.length} numbers; this trainer needs ${count}.`,
    );
  };
  try {
    const zeros = (): Float32Array => new Float32Array(count);
    const means = optimizer ? await read('means') : zeros();
    const squares = optimizer ? await read('squares') : zeros();
    return { means, squares, ...(factors ? { factors: await read('factors') } : {}) };
  } finally {
    await file.close();
  }
}

const describe = (lowRank: { readonly rank: number } | undefined): string =>
  lowRank === undefined ? 'all weights in training' : `low-rank factors of rank ${lowRank.rank}`;

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WinnowError('bad-input', `${file} is not JSON: ${String(cause)}`, { cause });
  }
}
