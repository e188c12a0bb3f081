import { hashJson, type Problem, snakeNames } from '../core/index.ts';
import { drawMissing } from './draw-missing.ts';
import type { DrawFailure, DrawPoolOptions } from './draw-options.ts';
import { statOf } from './io/format.ts';
import type { Row } from './io/read-rows.ts';
import { readJournal } from './journal.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import { openPoolRun } from './pool-run.ts';
import { hashProblems } from './problems.ts';
import { writePool } from './write-pool.ts';

export interface DrawnPool {
  readonly problems: number;
  /** Samples in the pool now. */
  readonly samples: number;
  /** Samples drawn by this run. */
  readonly drawn: number;
  readonly failures: readonly DrawFailure[];
  /** The file of canonical rows. */
  readonly rows: string;
}

/**
 * Draws n samples for each problem into a pool on disk, or what of them is still missing. Every reply is in the journal
 * before the next step, so a run may be killed at any instant. The finished pool depends on the settings and the seed alone.
 * A problem that the service fails on is a `DrawFailure`. Throws `unreachable` and the like once going on is pointless, the
 * signal's reason when aborted (all that had come is kept), and `wrong-use` as `openPoolRun` says.
 */
export async function drawPool(
  pool: string,
  problems: readonly Problem[],
  options: DrawPoolOptions,
): Promise<DrawnPool> {
  const startedAt = Date.now();
  const manifest = manifestOf(problems, options);
  const run = await openPoolRun(pool, manifest, problems);
  const { files, before } = run;
  try {
    if (run.journal.damagedLines.length > 0) {
      options.onNote?.(
        `${files.journal}: ${run.journal.damagedLines.length} damaged lines; their samples are drawn again.`,
      );
    }
    const { failures, drawn } = await drawMissing(run, problems, options);
    const content = drawn === 0 ? run.journal : await readJournal(files.journal);
    const finished = before?.status === 'done' && statOf(files.rows) !== undefined;
    if (drawn > 0 || !finished) await writePool(files.rows, { journal: files.journal, content, problems });
    const timings = addTimings(before?.timings, startedAt, drawn);
    await writeManifest(files.folder, { ...manifest, status: failures.length === 0 ? 'done' : 'incomplete', timings });
    return { problems: problems.length, samples: content.samples, drawn, failures, rows: files.rows };
  } finally {
    run.release();
  }
}

function manifestOf(problems: readonly Problem[], options: DrawPoolOptions): Omit<Manifest, 'winnow'> {
  const { model, n, seed = 0, sampling = {}, prompt } = options;
  return {
    command: 'sample',
    models: [{ name: model.name, identity: model.identity }],
    ...(prompt === undefined ? {} : { prompts: { [prompt.name]: hashJson(prompt.text) } }),
    sampling: snakeNames(sampling),
    data: { problems: { sha256: hashProblems(problems), rows: problems.length } },
    seed,
    settings: { n },
  };
}

/** All runs together: when the first one began, and the seconds and runs that completed the pool. */
function addTimings(before: Row | undefined, startedAt: number, drawn: number): Row {
  if (before !== undefined && drawn === 0) return before;
  return {
    started: before?.started ?? new Date(startedAt).toISOString(),
    finished: new Date().toISOString(),
    seconds: Number(before?.seconds ?? 0) + Math.round((Date.now() - startedAt) / 10) / 100,
    runs: Number(before?.runs ?? 0) + 1,
  };
}
