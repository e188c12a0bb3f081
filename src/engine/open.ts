import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WinnowError } from '../core/index.ts';
import type { Tokenizer } from '../train/protocol/index.ts';
import { recoverFolder } from './checkpoint/atomic.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint/checkpoint.ts';
import { readTokenizer } from './checkpoint/tokenizer.ts';
import { type ComputeOptions, openCompute } from './compute.ts';
import type { EmbeddedModel } from './embedded-model.ts';

/** Reads the checkpoint behind `tiny` (the bundled one) or a path; a model read as `tiny` is called so. */
export async function openCheckpoint(name: string): Promise<Checkpoint> {
  const folder = await folderWith(name, 'config.json', 'a checkpoint: config.json, model.safetensors, tokenizer.json');
  const checkpoint = await readCheckpoint(folder);
  return name === 'tiny' ? { ...checkpoint, name } : checkpoint;
}

/** The tokenizer of a checkpoint, named alike. Needs neither its weights nor an architecture that the engine runs. */
export async function openTokenizer(name: string): Promise<Tokenizer> {
  return readTokenizer(await folderWith(name, 'tokenizer.json', 'a tokenizer: tokenizer.json, tokenizer_config.json'));
}

/** The folder that a model is named by. Throws `not-found` when the file is not there. */
async function folderWith(name: string, file: string, expected: string): Promise<string> {
  const folder = name === 'tiny' ? fileURLToPath(new URL('../../assets/tiny', import.meta.url)) : path.resolve(name);
  await recoverFolder(folder);
  if (existsSync(path.join(folder, file))) return folder;
  throw new WinnowError('not-found', `There is no ${file} in ${folder}.`, { hint: `Expected ${expected}.` });
}

/** A checkpoint as a Model on cores or a GPU of its own, which end with it. */
export async function embedded(checkpoint: Checkpoint, options: ComputeOptions = {}): Promise<EmbeddedModel> {
  const compute = await openCompute(checkpoint, options);
  return compute.openModel(checkpoint, { onClose: () => compute.close() });
}
