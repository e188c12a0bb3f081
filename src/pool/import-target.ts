import path from 'node:path';
import { canonicalJson, WinnowError } from '../core/index.ts';
import type { FieldMap } from './field-names.ts';
import { statOf } from './io/format.ts';
import { commandOf, type Manifest, readManifest } from './manifest.ts';
import { checkPoolName, poolFiles } from './pool-files.ts';

/** The data an import is made of, for its manifest; a pipe cannot be hashed. */
export type ImportedData = NonNullable<Manifest['data']>;

/**
 * Throws `wrong-use` where an import would replace something: samples that were drawn always, all else unless forced. The same input
 * may be imported again into its own pool.
 */
export function checkImportTarget(
  pool: string,
  { data, map, force }: { readonly data: ImportedData; readonly map: FieldMap; readonly force: boolean },
): void {
  checkPoolName(pool);
  const files = poolFiles(pool);
  if (statOf(files.journal) !== undefined) {
    throw new WinnowError('wrong-use', `${pool} holds samples that winnow sample has drawn, or a training run.`, {
      hint: 'Choose another --out.',
    });
  }
  if (force || pool === '-') return;
  const there = whatIsThere(pool, { data, map });
  if (there === undefined) return;
  throw new WinnowError('wrong-use', `${pool} is there already: ${there}.`, {
    hint: 'Choose another --out, or replace it with --force.',
  });
}

function whatIsThere(
  pool: string,
  { data, map }: { readonly data: ImportedData; readonly map: FieldMap },
): string | undefined {
  const { folder, rows } = poolFiles(pool);
  const manifest = readManifest(folder);
  if (manifest === undefined) return statOf(rows) === undefined ? undefined : `the file ${rows}`;
  if (manifest.command !== 'import') return `what ${commandOf(manifest)} wrote`;
  const [before, now] = [manifest.data?.outputs, data.outputs];
  const same =
    before !== undefined &&
    before.sha256 === now?.sha256 &&
    canonicalJson(manifest.settings?.map ?? {}) === canonicalJson({ ...map });
  if (same) return undefined;
  const samples = before?.rows === undefined ? 'samples' : `${before.rows.toLocaleString('en-US')} samples`;
  const changed = before?.path !== undefined && path.resolve(before.path) === path.resolve(now?.path ?? '-');
  const other = changed ? ', as it was before or by another --map' : '';
  return `${samples} imported from ${before?.path ?? 'standard input'}${other}`;
}
