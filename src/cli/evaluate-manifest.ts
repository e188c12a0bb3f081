import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type JudgeSampling, type PromptOverrides, promptHashes } from '../aggregate/index.ts';
import type { Report } from '../evaluate/index.ts';
import type { Model } from '../model/index.ts';
import { hashFile, poolFiles, readManifest, writeManifest as write } from '../pool/index.ts';
import type { CommandContext } from './command.ts';

export interface ManifestOptions {
  readonly pool: string;
  readonly context: CommandContext;
  readonly report: Report;
  readonly startedAt: Date;
  readonly sandbox: string;
  readonly judging: { readonly judge?: Model; readonly sampling: JudgeSampling; readonly prompts: PromptOverrides };
}

/** Writes manifest.json: what was run, on which data, with which versions. */
export async function writeManifest(
  folder: string,
  { pool, context, report, startedAt, sandbox, judging }: ManifestOptions,
): Promise<void> {
  const { settings } = report;
  await write(folder, {
    command: ['winnow', ...context.commandLine].join(' '),
    ...(judging.judge === undefined
      ? {}
      : {
          models: [{ name: judging.judge.name, identity: judging.judge.identity }],
          prompts: promptHashes(judging.prompts),
          sampling: { ...judging.sampling },
        }),
    data: Object.fromEntries(await Promise.all((await filesOf(pool)).map(hashed))),
    seed: context.seed,
    settings: {
      ...settings,
      pool: report.pool,
      verifier: settings.labels === null ? { policy: 'default', sandbox } : { labels: settings.labels },
    },
    timings: {
      started_at: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    },
  });
}

/** The pool's rows, or, as long as they are only in its journal, that; and its problems. Standard input cannot be hashed any more. */
async function filesOf(pool: string): Promise<readonly string[]> {
  if (pool === '-') return [];
  const { folder, rows, problems, journal } = poolFiles(pool);
  const isRunning = readManifest(folder)?.status === 'running';
  const [hasRows, hasProblems, hasJournal] = await Promise.all([rows, problems, journal].map(isFile));
  return [...(hasRows && !isRunning ? [rows] : hasJournal ? [journal] : []), ...(hasProblems ? [problems] : [])];
}

async function isFile(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function hashed(file: string): Promise<[string, { readonly sha256: string; readonly path: string }]> {
  return [path.basename(file), { sha256: await hashFile(file), path: file }];
}
