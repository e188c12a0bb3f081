import { accessSync, constants, mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { WinnowError } from '../../core/index.ts';
import { statOf } from './format.ts';

/** Makes a folder and those above it, for a place in it that is to be written. What it returns removes those it has made, as far as they are empty. */
export function makeFolder(folder: string, place = folder): () => void {
  const made: string[] = [];
  try {
    for (const part of missingParts(folder)) {
      mkdirSync(part);
      made.push(part);
    }
  } catch (cause) {
    if (statOf(folder)?.isDirectory() !== true) throw cannotWrite(place, cause); // else another process was faster
  }
  return () => {
    for (const part of made.toReversed()) if (!removed(part)) return;
  };
}

/** What of a path is not there, the outermost first. The recursion of Node's own mkdir never ends where nothing can be made, as in /proc. */
function missingParts(folder: string): string[] {
  const parts: string[] = [];
  let part = path.resolve(folder);
  for (; statOf(part) === undefined && path.dirname(part) !== part; part = path.dirname(part)) parts.unshift(part);
  // Making what is a file fails as it should.
  return parts.length === 0 && statOf(part)?.isDirectory() !== true ? [part] : parts;
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // it holds something
  }
}

/** What is wrong with a place that could not be written: which path, what was expected there, and what to do. */
export function cannotWrite(place: string, cause: unknown): Error {
  if (cause instanceof WinnowError) return cause;
  if (!(cause instanceof Error) || !('code' in cause)) return new WinnowError('internal', String(cause), { cause });
  const near = nearestThere(place);
  switch (cause.code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new WinnowError('wrong-use', `${place} cannot be written: ${near} is a file, and a folder was expected.`, {
        hint: 'Choose another place, or move that file away.',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new WinnowError('io', `${place} cannot be written: ${near} is read-only here (${cause.code}).`, {
        hint: 'Choose another place, or change the rights on that one.',
        cause,
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return new WinnowError('io', `${place} cannot be written: the disk is full.`, {
        hint: 'Free some space and run the same command again.',
        cause,
      });
    default:
      return new WinnowError('io', `${place} cannot be written: ${cause.message}`, {
        hint: 'Choose another place.',
        cause,
      });
  }
}

/** Whether something can be written at a place, as far as rights and file systems tell. */
export function isWritable(place: string): boolean {
  try {
    const near = nearestThere(path.resolve(place));
    accessSync(near, constants.W_OK);
    return near === path.resolve(place) || statOf(near)?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** The nearest part of a path that is there. */
function nearestThere(place: string): string {
  let part = place;
  while (statOf(part) === undefined && path.dirname(part) !== part) part = path.dirname(part);
  return part;
}
