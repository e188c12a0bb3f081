import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import { checkName, isFileName, isRowFileName, missingFile, statOf } from './io/format.ts';

/** Where the parts of a pool lie. */
export interface PoolFiles {
  /** The canonical rows: problem by problem, by sample index. */
  readonly rows: string;
  /** The run folder with all that made them. */
  readonly folder: string;
  readonly manifest: string;
  readonly journal: string;
  readonly problems: string;
  readonly lock: string;
}

/**
 * The parts of a pool by its name: a name that ends like a file of rows (`.jsonl`, `.json`, `.parquet`, perhaps packed) is
 * the rows themselves, with `NAME.run` beside them; any other name is a folder that holds all.
 */
export function poolFiles(pool: string): PoolFiles {
  const stats = statOf(pool);
  const isFile = stats === undefined ? isRowFileName(pool) : !stats.isDirectory();
  const folder = isFile ? `${pool}.run` : pool;
  return {
    rows: isFile ? pool : path.join(folder, 'samples.jsonl'),
    folder,
    manifest: path.join(folder, 'manifest.json'),
    journal: path.join(folder, 'journal.jsonl'),
    problems: path.join(folder, 'problems.jsonl'),
    lock: path.join(folder, 'lock'),
  };
}

/** Throws `wrong-use` for a new pool whose name is that of a file which pools are not written as. */
export function checkPoolName(pool: string): void {
  checkName(pool, 'The pool');
  if (isRowFileName(pool) || !isFileName(pool) || statOf(pool)?.isDirectory() === true) return;
  throw new WinnowError('wrong-use', `A pool cannot be written as ${path.extname(pool)}: ${pool}.`, {
    hint: 'Name a folder, or a file that ends in .jsonl, .json (also .gz and .zst) or .parquet.',
  });
}

/** Throws `not-found` or `bad-input` when there is nothing at a path that could be a pool. */
export function checkPool(pool: string): void {
  if (pool === '-') return;
  checkName(pool, 'The pool');
  const files = poolFiles(pool);
  if (statOf(files.rows) !== undefined || statOf(files.journal) !== undefined) return;
  const stats = statOf(pool);
  if (stats === undefined) throw missingFile(pool);
  if (!stats.isDirectory()) return;
  throw new WinnowError(
    'bad-input',
    `The folder ${pool} is not a pool: it holds neither samples.jsonl nor journal.jsonl.`,
    {
      hint: 'Name a pool that winnow sample or winnow import made, or a file of sample rows.',
    },
  );
}
