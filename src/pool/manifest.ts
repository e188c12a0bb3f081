import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import { byteSource } from './io/byte-source.ts';
import { makeFolder } from './io/folders.ts';
import { statOf } from './io/format.ts';
import { isRow, type Row } from './io/read-rows.ts';
import { writeFileWhole } from './io/write-rows.ts';

/** What made a run folder's results. All but `timings` is the same for the same command over the same data. */
export interface Manifest {
  readonly command: string;
  /** The version of winnow. */
  readonly winnow: string;
  readonly models?: readonly { readonly name: string; readonly identity: string }[];
  /** The prompts that were used, by name, with the SHA-256 of each. */
  readonly prompts?: Readonly<Record<string, string>>;
  readonly sampling?: Row;
  /** The data that went in, by role, with the SHA-256 of each. */
  readonly data?: Readonly<Record<string, { readonly sha256: string; readonly rows?: number; readonly path?: string }>>;
  readonly seed?: number;
  /** What else decides the results, such as the verifier's policy or the methods. */
  readonly settings?: Row;
  /** Absent where the work cannot be left half done. */
  readonly status?: 'running' | 'incomplete' | 'done';
  readonly timings?: Row;
}

/** Writes `manifest.json` into a run folder, whole or not at all; the version is added. */
export async function writeManifest(folder: string, manifest: Omit<Manifest, 'winnow'>): Promise<void> {
  const { command, models, prompts, sampling, data, seed, settings, status, timings } = manifest;
  const ordered: { [K in keyof Manifest]: Manifest[K] | undefined } = {
    command,
    winnow: winnowVersion(),
    models,
    prompts,
    sampling,
    data,
    seed,
    settings,
    status,
    timings,
  };
  makeFolder(folder);
  await writeFileWhole(path.join(folder, 'manifest.json'), `${JSON.stringify(ordered, null, 2)}\n`);
}

/** Reads a run folder's manifest; undefined when there is none. Throws `bad-input` for one that is not JSON. */
export function readManifest(folder: string): Manifest | undefined {
  const file = path.join(folder, 'manifest.json');
  if (statOf(file) === undefined) return undefined;
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isRow(manifest) && typeof manifest.command === 'string') return manifest as unknown as Manifest;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new WinnowError('bad-input', `${file} is not a manifest.`, { hint: 'Restore it, or use another folder.' });
}

/** The command of a manifest as people type it, without its options: some manifests hold the whole line. */
export function commandOf({ command }: Pick<Manifest, 'command'>): string {
  return `winnow ${command.split(' ').find((word) => word !== 'winnow') ?? ''}`;
}

/** SHA-256 (hex) of a file's bytes. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of byteSource(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** The version in the package's own package.json. */
export function winnowVersion(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return isRow(found) ? String(found.version) : 'unknown';
}
