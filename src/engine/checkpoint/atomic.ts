import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { WinnowError } from '../../core/index.ts';

/** A file of a folder to be written: its name and its content, piece by piece. */
export interface FileToWrite {
  readonly name: string;
  readonly pieces: Iterable<Uint8Array>;
}

/** Where the folder that is being replaced waits for the moment between two renames. */
const previousOf = (folder: string): string => `${folder}.previous`;

/**
 * Writes a folder so that it is there whole or not at all, whenever the process or the machine stops: the files go into a
 * folder beside it, are flushed to the disk, and only then does it get its name. What stood there before is replaced.
 */
export async function writeFolder(folder: string, files: readonly FileToWrite[]): Promise<void> {
  const target = path.resolve(folder);
  const parent = path.dirname(target);
  const growing = path.join(parent, `.${path.basename(target)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await removeLeftovers(target);
    await mkdir(growing, { recursive: true });
    for (const { name, pieces } of files) await writeFlushed(path.join(growing, name), pieces);
    await flushFolder(growing);
    await rm(previousOf(target), { recursive: true, force: true });
    await rename(target, previousOf(target)).catch(ignoreMissing);
    await rename(growing, target);
    await flushFolder(parent);
    await rm(previousOf(target), { recursive: true, force: true });
  } catch (cause) {
    await rm(growing, { recursive: true, force: true }).catch(() => undefined);
    if (cause instanceof WinnowError) throw cause;
    throw new WinnowError('io', `The checkpoint ${target} could not be written: ${String(cause)}`, {
      hint: 'What was there before is untouched. Free space or choose another folder, then save again.',
      cause,
    });
  }
}

/** Brings back a folder whose replacement was interrupted between its two renames. Call before reading. */
export async function recoverFolder(folder: string): Promise<void> {
  const target = path.resolve(folder);
  const there = await open(target, 'r').then(
    (handle) => handle.close().then(() => true),
    () => false,
  );
  if (!there) await rename(previousOf(target), target).catch(ignoreMissing);
}

/** What earlier writers of the same folder left when they were killed. */
async function removeLeftovers(target: string): Promise<void> {
  const names = await readdir(path.dirname(target)).catch(() => []);
  const mine = names.filter((name) => name.startsWith(`.${path.basename(target)}.`) && name.endsWith('.tmp'));
  for (const name of mine) await rm(path.join(path.dirname(target), name), { recursive: true, force: true });
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}

async function writeFlushed(file: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        done += (await handle.write(piece, done, Math.min(piece.length - done, 2 ** 28))).bytesWritten;
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes names in a folder durable. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
