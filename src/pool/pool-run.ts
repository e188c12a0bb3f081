import { canonicalJson, type Problem, WinnowError } from '../core/index.ts';
import { makeFolder } from './io/folders.ts';
import { statOf } from './io/format.ts';
import { openRowWriter, removeParts } from './io/write-rows.ts';
import { type JournalContent, readJournal } from './journal.ts';
import { takeLock } from './lock.ts';
import { commandOf, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { checkPoolName, type PoolFiles, poolFiles } from './pool-files.ts';
import { problemRow } from './problems.ts';

/** A pool that this process alone may write to, with what it held before. */
export interface PoolRun {
  readonly files: PoolFiles;
  readonly journal: JournalContent;
  /** The manifest of the run before, when there was one. */
  readonly before: Manifest | undefined;
  release(): void;
}

/**
 * Opens a pool for drawing: a new one, or one to go on with. Throws `wrong-use` when another process is writing it, when
 * its settings differ from those given (naming them), or when it holds rows that were not drawn.
 */
export async function openPoolRun(
  pool: string,
  manifest: Omit<Manifest, 'winnow'>,
  problems: readonly Problem[],
): Promise<PoolRun> {
  checkTarget(pool, problems);
  const files = poolFiles(pool);
  const removeFolder = makeFolder(files.folder);
  const release = takeLock(files.lock, `The pool ${pool}`);
  try {
    for (const file of [files.rows, files.manifest, files.problems]) await removeParts(file);
    const before = readManifest(files.folder);
    if (before === undefined) refuseStrangers(pool, files);
    else refuseChanges(pool, before, manifest);
    const journal = await readJournal(files.journal);
    if (before === undefined) await writeProblems(files.problems, problems);
    const timings = before?.timings;
    await writeManifest(files.folder, {
      ...manifest,
      status: 'running',
      ...(timings === undefined ? {} : { timings }),
    });
    return { files, journal, before, release };
  } catch (error) {
    release();
    removeFolder();
    throw error;
  }
}

function checkTarget(pool: string, problems: readonly Problem[]): void {
  if (pool === '-') {
    throw new WinnowError('wrong-use', 'A pool that is drawn needs a place on disk, not standard output.', {
      hint: 'Name a folder or a file with --out.',
    });
  }
  checkPoolName(pool);
  const seen = new Set<string>();
  const twice = problems.find(({ question }) => seen.size === seen.add(question.id).size);
  if (twice !== undefined) throw new WinnowError('wrong-use', `Two problems have the id ${twice.question.id}.`);
}

async function writeProblems(file: string, problems: readonly Problem[]): Promise<void> {
  const rows = await openRowWriter(file);
  for (const problem of problems) await rows.write(problemRow(problem));
  await rows.close();
}

function refuseStrangers(pool: string, files: PoolFiles): void {
  const stranger = [files.rows, files.journal].find((file) => statOf(file) !== undefined);
  if (stranger === undefined) return;
  throw new WinnowError('wrong-use', `${stranger} is there already, and is not of a pool that can be resumed.`, {
    hint: `Choose another --out than ${pool}, or move the old file away.`,
  });
}

/** What may differ from run to run: more samples, and where a server is. */
function refuseChanges(pool: string, before: Manifest, now: Omit<Manifest, 'winnow'>): void {
  if (before.command !== now.command) {
    throw new WinnowError('wrong-use', `${pool} was made by ${commandOf(before)}, not by ${commandOf(now)}.`, {
      hint: 'Choose another --out.',
    });
  }
  const changes = differences(comparable(before), comparable(now));
  if (changes.length > 0) {
    throw new WinnowError('wrong-use', `The pool ${pool} was drawn with other settings: ${changes.join('; ')}.`, {
      hint: 'Give the same settings to go on with it, or choose another --out.',
    });
  }
  const [held, asked] = [Number(before.settings?.n), Number(now.settings?.n)];
  if (asked < held) {
    throw new WinnowError('wrong-use', `The pool ${pool} has n = ${held}; it cannot be made smaller (n = ${asked}).`, {
      hint: 'A pool only grows. For fewer samples a problem use --k when evaluating.',
    });
  }
}

function comparable({
  models = [],
  sampling = {},
  prompts = {},
  data = {},
  seed,
  settings = {},
}: Omit<Manifest, 'winnow'>): Record<string, unknown> {
  const { n: _n, ...others } = settings;
  const prefixed = (prefix: string, fields: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}${name}`, value]));
  return {
    model: models.map(({ identity }) => withoutPlaces(identity)).join(', '),
    seed,
    ...sampling,
    ...others,
    ...prefixed('prompt ', prompts),
    ...Object.fromEntries(Object.entries(data).map(([role, { sha256 }]) => [`${role} (SHA-256)`, sha256])),
  };
}

/** One model served at several places is the same model. */
function withoutPlaces(identity: string): string {
  return [...new Set(identity.split(' | ').map((one) => one.replace(/ https?:\/\/\S+/g, '')))].join(' | ');
}

function differences(before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const show = (value: unknown): string => (value === undefined ? 'unset' : canonicalJson(value));
  return names.flatMap((name) =>
    show(before[name]) === show(now[name]) ? [] : [`${name} was ${show(before[name])} and is now ${show(now[name])}`],
  );
}
