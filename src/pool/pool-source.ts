import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import { statOf } from './io/format.ts';
import { readJournal } from './journal.ts';
import { readManifest } from './manifest.ts';
import { checkPool, poolFiles } from './pool-files.ts';
import { readProblems } from './problems.ts';
import { writePool } from './write-pool.ts';

/** The file that holds a pool's rows now. `close` removes it where it was only made for reading. */
export interface PoolSource {
  readonly file: string;
  close(): Promise<void>;
}

/**
 * Finds a pool's rows. While a draw is unfinished they are in its journal: they are then written to the system's temporary
 * folder in canonical order, and the reader is told how much is there.
 */
export async function poolSource(pool: string, onNote: (note: string) => void): Promise<PoolSource> {
  checkPool(pool);
  const files = poolFiles(pool);
  const manifest = pool === '-' ? undefined : readManifest(files.folder);
  const drawn = manifest?.command === 'sample' && statOf(files.journal) !== undefined;
  if (!drawn || (manifest.status !== 'running' && statOf(files.rows) !== undefined)) {
    if (drawn && statOf(files.rows)?.size === 0) throw noSamples(pool);
    if (manifest?.status === 'incomplete')
      onNote(`${pool}: some problems lack samples; winnow sample would try again.`);
    return { file: files.rows, close: async () => {} };
  }
  const problems = await readProblems(files.problems);
  const content = await readJournal(files.journal);
  if (content.samples === 0) throw noSamples(pool);
  const wanted = problems.length * Number(manifest.settings?.n ?? 1);
  onNote(`${pool}: the draw is not finished; ${content.samples} of ${wanted} samples are there.`);
  const folder = await mkdtemp(path.join(tmpdir(), 'winnow-'));
  const file = path.join(folder, 'samples.jsonl');
  await writePool(file, { journal: files.journal, content, problems });
  return { file, close: () => rm(folder, { recursive: true, force: true }) };
}

function noSamples(pool: string): WinnowError {
  return new WinnowError('bad-input', `${pool} holds no samples yet: its draw has brought none.`, {
    hint: 'Run winnow sample again; its manifest.json names the model.',
  });
}
