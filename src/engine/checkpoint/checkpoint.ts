/** Checkpoints in Hugging Face format: config.json, model.safetensors (or shards with an index), tokenizer files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WinnowError } from '../../core/index.ts';
import type { Tokenizer } from '../../train/protocol/index.ts';
import { type Layout, layoutOf, type Parameter } from '../transformer/layout.ts';
import { type FileToWrite, recoverFolder, writeFolder } from './atomic.ts';
import { configFile, readConfig } from './config-file.ts';
import { encodeTensors, openTensorFile, type TensorFile } from './safetensors.ts';
import { readTokenizer, readTokenizerFiles, type TokenizerFiles } from './tokenizer.ts';

/** A model's shape and weights, read and checked. */
export interface StoredModel {
  readonly layout: Layout;
  /** In the layout's order; derived parts (the tied head) are not filled in. */
  readonly weights: Float32Array;
  /** SHA-256 (hex) of configuration and weights: equal for equal models. */
  readonly hash: string;
}

/** A whole checkpoint folder. */
export interface Checkpoint extends StoredModel {
  /** The folder's own name. */
  readonly name: string;
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: TokenizerFiles;
}

/** Reads a checkpoint folder. Throws WinnowError naming the file and tensor at fault. */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const model = await readModel(folder);
  const [tokenizer, tokenizerFiles] = await Promise.all([readTokenizer(folder), readTokenizerFiles(folder)]);
  return { ...model, name: path.basename(path.resolve(folder)), folder, tokenizer, tokenizerFiles };
}

/** Reads config.json and the weights, without the tokenizer. */
export async function readModel(folder: string): Promise<StoredModel> {
  await recoverFolder(folder);
  const configPath = path.join(folder, 'config.json');
  const layout = layoutOf(await readConfig(configPath));
  const files = await openWeights(folder);
  try {
    checkTensors(layout, files, configPath);
    checkSize(layout, configPath);
    const weights = new Float32Array(layout.bytes / 4);
    for (const parameter of layout.parameters) {
      const file = fileWith(files, parameter.name);
      if (file !== undefined) place(parameter, await readNumbers(file, parameter.name), weights);
    }
    return { layout, weights, hash: await hashFiles([configPath, ...files.map((file) => file.path)]) };
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

async function openWeights(folder: string): Promise<TensorFile[]> {
  const indexPath = path.join(folder, 'model.safetensors.index.json');
  const index = await readFile(indexPath, 'utf8').catch(() => undefined);
  if (index === undefined) return [await openTensorFile(path.join(folder, 'model.safetensors'))];
  let names: unknown[];
  try {
    names = Object.values((JSON.parse(index) as { weight_map: Record<string, unknown> }).weight_map);
  } catch (cause) {
    throw new WinnowError('bad-input', `${indexPath} has no weight_map: ${String(cause)}`, { cause });
  }
  const opened: TensorFile[] = [];
  for (const name of new Set(names)) {
    if (typeof name !== 'string' || path.basename(name) !== name) {
      throw new WinnowError('bad-input', `${indexPath} names ${String(name)}, which is no file of this folder.`);
    }
    opened.push(await openTensorFile(path.join(folder, name)));
  }
  return opened;
}

const fileWith = (files: readonly TensorFile[], name: string): TensorFile | undefined =>
  files.find(({ entries }) => entries.has(name));

/** Every weight of the configuration must be there in its shape, and nothing else. */
function checkTensors(layout: Layout, files: readonly TensorFile[], configPath: string): void {
  for (const { name, shape } of layout.parameters) {
    const file = fileWith(files, name);
    const found = file?.entries.get(name)?.shape;
    if (found === undefined) {
      throw new WinnowError('bad-input', `${files[0]?.path} lacks ${name}, which ${configPath} calls for.`);
    }
    if (found.length !== shape.length || found.some((count, i) => count !== shape[i])) {
      throw new WinnowError('bad-input', `${name} is [${found}] in ${file?.path}; ${configPath} calls for [${shape}].`);
    }
  }
  const known = new Set(layout.parameters.map(({ name }) => name));
  // Files of tied models often repeat the embedding as the head.
  if (layout.config.tied) known.add('lm_head.weight');
  for (const file of files) {
    const surplus = [...file.entries.keys()].filter((name) => !known.has(name));
    if (surplus.length > 0) {
      throw new WinnowError(
        'bad-input',
        `${file.path} holds ${surplus.slice(0, 3).join(', ')}, which no Qwen3 of ${configPath} has.`,
      );
    }
  }
}

/** Refused before anything is read. What a device can hold is for the one who places the weights there. */
function checkSize({ bytes }: Layout, configPath: string): void {
  if (bytes < totalmem()) return;
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  throw new WinnowError(
    'unsupported',
    `The model of ${configPath} takes ${gigabytes(bytes)} in f32; this machine has ${gigabytes(totalmem())} of memory.`,
    { hint: 'Serve it with vLLM, SGLang or llama.cpp and name its address instead.' },
  );
}

/** A tensor's values, all of them finite numbers. */
async function readNumbers(file: TensorFile, name: string): Promise<Float32Array> {
  const values = await file.read(name);
  let broken = 0;
  while (broken < values.length && Number.isFinite(values[broken])) broken++;
  if (broken === values.length) return values;
  throw new WinnowError('bad-input', `${file.path}: ${name} holds ${values[broken]} at place ${broken}.`, {
    hint: 'The training that wrote it diverged, or the file is damaged. Take an earlier state.',
  });
}

/** From the checkpoint's [output, input] to the layout's [input, output], and back. */
function place({ kind, offset, rows, columns, shape }: Parameter, values: Float32Array, weights: Float32Array): void {
  const start = offset / 4;
  if (kind === 'norm' || kind === 'embedding') {
    weights.set(values, start);
    return;
  }
  const outputs = shape[0] ?? 0;
  for (let input = 0; input < rows; input++) {
    for (let output = 0; output < outputs; output++) {
      weights[start + input * columns + output] = values[output * rows + input] ?? 0;
    }
  }
}

function take({ kind, offset, rows, columns, shape }: Parameter, weights: Float32Array): Float32Array {
  const start = offset / 4;
  if (kind === 'norm' || kind === 'embedding') return weights.slice(start, start + rows * columns);
  const outputs = shape[0] ?? 0;
  const values = new Float32Array(outputs * rows);
  for (let input = 0; input < rows; input++) {
    for (let output = 0; output < outputs; output++) {
      values[output * rows + input] = weights[start + input * columns + output] ?? 0;
    }
  }
  return values;
}

export interface CheckpointToWrite {
  readonly layout: Layout;
  readonly weights: Float32Array;
  readonly tokenizerFiles: TokenizerFiles;
  readonly endTokens: readonly number[];
  /** Default F32. */
  readonly type?: 'F32' | 'BF16';
  /** Further files of the folder, such as the optimiser's state. */
  readonly files?: readonly FileToWrite[];
}

/** Writes a folder that `transformers` and `readCheckpoint` load; whole or not at all. Throws `io`. */
export async function writeCheckpoint(folder: string, checkpoint: CheckpointToWrite): Promise<void> {
  const { layout, weights, tokenizerFiles, endTokens, type = 'F32', files = [] } = checkpoint;
  const tensors = layout.parameters.map((parameter) => ({
    name: parameter.name,
    shape: parameter.shape,
    values: take(parameter, weights),
  }));
  const config = configFile(layout.config, type === 'F32' ? 'float32' : 'bfloat16', endTokens);
  await writeFolder(folder, [
    textFile('config.json', `${JSON.stringify(config, null, 2)}\n`),
    ...Object.entries(tokenizerFiles).map(([name, text]) => textFile(name, text)),
    { name: 'model.safetensors', pieces: encodeTensors(tensors, type) },
    ...files,
  ]);
}

export function textFile(name: string, text: string): FileToWrite {
  return { name, pieces: [new TextEncoder().encode(text)] };
}

async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of paths) await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash, { end: false });
  return hash.digest('hex');
}
