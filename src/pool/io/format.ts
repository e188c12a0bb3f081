import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { nearestName, WinnowError } from '../../core/index.ts';

/** How rows are laid out in a file, and how the bytes are packed. */
export interface FileFormat {
  readonly layout: 'lines' | 'json' | 'parquet';
  readonly packing: 'none' | 'gzip' | 'zstd';
}

/** The format a name says: `.parquet`, `.json`, otherwise JSONL; `.gz` and `.zst` behind either of the last two. `-` is JSONL. */
export function formatOf(file: string): FileFormat {
  const packing = /\.gz$/i.test(file) ? 'gzip' : /\.zst$/i.test(file) ? 'zstd' : 'none';
  const bare = packing === 'none' ? file : file.slice(0, file.lastIndexOf('.'));
  if (/\.parquet$/i.test(bare)) return { layout: 'parquet', packing };
  return { layout: /\.json$/i.test(bare) ? 'json' : 'lines', packing };
}

/** True for a name that means a file of rows; any other name means a pool's folder. */
export function isRowFileName(name: string): boolean {
  return name === '-' || /\.((jsonl|ndjson|json)(\.gz|\.zst)?|parquet)$/i.test(name);
}

/** True for a name that people give to files, which would be an odd one for a folder. */
export function isFileName(name: string): boolean {
  return (
    isRowFileName(name) ||
    /\.(csv|tsv|txt|md|log|html?|xml|ya?ml|xlsx?|pdf|parquet|arrow|feather|orc|avro|npz?|pkl|pt|h5|db|sqlite|zip|tar|tgz|gz|bz2|xz|zst|zstd|lz4|7z)$/i.test(
      name,
    )
  );
}

/** Throws `wrong-use` for an empty name, as a shell's unset variable gives; as a path it would mean the working folder. */
export function checkName(name: string, what: string): void {
  if (name.trim() !== '') return;
  throw new WinnowError('wrong-use', `${what} is an empty name.`, { hint: 'Is a variable of the shell unset?' });
}

/** Throws `not-found` or `bad-input` unless `file` is a file with something in it; `-` always passes. */
export function checkRowFile(file: string): void {
  if (file === '-') return;
  checkName(file, 'The input');
  const stats = statOf(file);
  if (stats === undefined) throw missingFile(file);
  if (stats.isDirectory()) {
    throw new WinnowError('bad-input', `Expected a file of rows, but ${file} is a folder.`, {
      hint: 'Name a JSONL, JSON or Parquet file inside it.',
    });
  }
  if (stats.isFile() && stats.size === 0) throw emptyFile(file);
}

/** What is at a path, or undefined when nothing is; below a file there is nothing. */
export function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** An input as people call it. */
export function inputName(file: string): string {
  return file === '-' ? 'Standard input' : file;
}

export function emptyFile(file: string): WinnowError {
  return new WinnowError('bad-input', `${inputName(file)} holds no rows.`, {
    hint: 'Expected one JSON object a line.',
  });
}

/** An error for a path that is not there, naming the sibling that was probably meant. */
export function missingFile(file: string): WinnowError {
  const folder = path.dirname(file);
  const near = nearestName(path.basename(file), listFolder(folder));
  const hint =
    near !== undefined
      ? `Did you mean ${path.join(folder, near)}?`
      : statOf(folder) === undefined
        ? `The folder ${folder} does not exist either.`
        : 'Check the path.';
  return new WinnowError('not-found', `There is no file ${file}.`, { hint });
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
