import type { FieldMap } from './field-names.ts';
import { checkImportTarget, type ImportedData } from './import-target.ts';
import { statOf } from './io/format.ts';
import type { Row } from './io/read-rows.ts';
import { openRowWriter } from './io/write-rows.ts';
import { hashFile, writeManifest } from './manifest.ts';
import { placeRows } from './place-rows.ts';
import { checkPool, poolFiles } from './pool-files.ts';
import { poolSource } from './pool-source.ts';
import type { PoolRow } from './row.ts';
import { rowGroups } from './row-groups.ts';
import type { RowProblem } from './row-index.ts';

export interface ImportOptions {
  /** Our field, then the name it has in the file, for names that are not understood by themselves. */
  readonly map?: FieldMap;
  /** Replaces another import or a report in the pool's place. */
  readonly force?: boolean;
  /** Told of every line that could not be used; without it the first one is thrown. */
  readonly onProblem?: (problem: RowProblem) => void;
  readonly onNote?: (note: string) => void;
  /** Told of each problem's samples as they are written. */
  readonly onSamples?: (count: number) => void;
}

export interface ImportedPool {
  readonly problems: number;
  readonly samples: number;
  /** Names in order of first appearance. */
  readonly models: readonly string[];
  readonly domains: Readonly<Record<string, number>>;
  /** Labels and scores by name, with the number of samples that have them. */
  readonly labels: Readonly<Record<string, number>>;
  readonly scores: Readonly<Record<string, number>>;
  /** Problems with a gold answer or tests. */
  readonly gradable: number;
  /** Samples without any text. */
  readonly empty: number;
  /** The file of canonical rows. */
  readonly rows: string;
}

/**
 * Makes a pool from others' outputs: any file of rows that `readRows` reads, one sample a row or a list of them, in usual
 * field names or with a `map`. Another pool may be given too, to write it in another format. Rows of one problem come together, in the order of first appearance and of sample index.
 * Labels of others are kept under `labels`, unknown fields under `meta`.
 * Throws `bad-input` as `readPool` does, and `wrong-use` as `checkImportTarget` does, where something would be lost.
 */
export async function importPool(file: string, pool: string, options: ImportOptions = {}): Promise<ImportedPool> {
  const { map = {}, force = false, onNote = () => {} } = options;
  checkPool(file);
  const data = await hashedData(file);
  checkImportTarget(pool, { data, map, force });
  const files = poolFiles(pool);
  const source = await poolSource(file, onNote);
  const summary = makeSummary();
  try {
    const rows = await openRowWriter(files.rows);
    try {
      for await (const group of rowGroups(source.file, options)) {
        const placed = placeRows(file, group);
        for (const { row } of placed) await rows.write(row as unknown as Row);
        summary.add(placed.map(({ row }) => row));
        options.onSamples?.(placed.length);
      }
      await rows.close();
    } catch (error) {
      await rows.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
  const imported = { ...summary.result(), rows: files.rows };
  if (pool !== '-') await writeManifestOf(files.folder, { data, map, imported });
  return imported;
}

/** The input's hash; of a pool whose draw is not finished that of its journal, of a pipe none. */
async function hashedData(file: string): Promise<ImportedData> {
  if (file === '-') return {};
  const { rows, journal } = poolFiles(file);
  const there = [rows, journal].find((path) => statOf(path)?.isFile() === true);
  return there === undefined ? {} : { outputs: { sha256: await hashFile(there), path: there } };
}

async function writeManifestOf(
  folder: string,
  { data, map, imported }: { readonly data: ImportedData; readonly map: FieldMap; readonly imported: ImportedPool },
): Promise<void> {
  const { outputs } = data;
  await writeManifest(folder, {
    command: 'import',
    models: imported.models.map((name) => ({ name, identity: `recorded ${name}` })),
    ...(outputs === undefined ? {} : { data: { outputs: { ...outputs, rows: imported.samples } } }),
    ...(Object.keys(map).length === 0 ? {} : { settings: { map } }),
  });
}

function makeSummary(): { add(rows: readonly PoolRow[]): void; result(): Omit<ImportedPool, 'rows'> } {
  const models = new Set<string>();
  const [domains, labels, scores] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  let problems = 0;
  let samples = 0;
  let gradable = 0;
  let empty = 0;
  const count = (counts: Map<string, number>, name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    add(rows) {
      const [first] = rows;
      if (first === undefined) return;
      problems++;
      samples += rows.length;
      count(domains, first.domain);
      if (first.gold !== undefined || first.tests !== undefined) gradable++;
      for (const row of rows) {
        if (row.completion.trim() === '') empty++;
        if (row.model !== undefined) models.add(row.model);
        for (const name in row.labels) count(labels, name);
        for (const name in row.scores) count(scores, name);
        if (row.score !== undefined) count(scores, 'score');
      }
    },
    result: () => ({
      problems,
      samples,
      models: [...models],
      domains: Object.fromEntries(domains),
      labels: Object.fromEntries(labels),
      scores: Object.fromEntries(scores),
      gradable,
      empty,
    }),
  };
}
