/**
 * The files of a training run. `metrics.jsonl` has one row a step and an evaluation and is the same for the same seed;
 * `journal.jsonl` says up to where everything is kept; what depends on the machine goes to `timings.jsonl`. A process killed at
 * any instant leaves at most a torn line or rows behind the last saved state: both are cut off when the run goes on.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { canonicalJson, WinnowError } from '../../core/index.ts';
import { makeFolder, takeLock } from '../../pool/index.ts';

/** Where a run was saved: the trainer's state and how many steps it holds. */
export interface SavedPoint {
  readonly step: number;
  /** What `trainer.save` returned. */
  readonly state: string;
}

export type MetricRow = Readonly<Record<string, unknown>>;

/** What a run is: two runs with the same plan and the same code end the same. */
export type RunPlan = Readonly<Record<string, unknown>>;

export interface RunFiles<S extends SavedPoint, R extends object = MetricRow> {
  readonly folder: string;
  /** The last saved point; undefined for a new run. */
  readonly last: S | undefined;
  /** Rows up to the last saved point, then those added since. */
  readonly rows: readonly R[];
  addRow(row: R): void;
  addTiming(row: MetricRow): void;
  /** A name for the next `trainer.save` that is not the one of the last saved point. */
  nextName(): string;
  /** Makes the point the one to go on from. Call after the trainer has saved its state. */
  addSaved(point: S): void;
  /** Rows in a file beside the journal, whole or not at all. */
  writeRows(name: string, rows: Iterable<object>): void;
  readRows(name: string): readonly MetricRow[];
  close(): void;
}

/**
 * Opens a run folder, new or to be gone on with. Throws `wrong-use` when it holds a run of another plan, or another process
 * is writing it, and `io` when it cannot be written.
 */
export function openRunFiles<S extends SavedPoint, R extends object>(folder: string, plan: RunPlan): RunFiles<S, R> {
  makeFolder(folder);
  const release = takeLock(path.join(folder, 'lock'), `The run ${folder}`);
  try {
    return openLocked(folder, plan, release);
  } catch (error) {
    release();
    throw error;
  }
}

function openLocked<S extends SavedPoint, R extends object>(
  folder: string,
  plan: RunPlan,
  release: () => void,
): RunFiles<S, R> {
  const place = (name: string): string => path.join(folder, name);
  const journal = readLines(place('journal.jsonl'));
  checkPlan(journal[0], plan, folder);
  const saved = journal.filter(({ kind }) => kind === 'saved').at(-1) as { point: S; metricsBytes: number } | undefined;
  const metrics = openLines(place('metrics.jsonl'), saved?.metricsBytes ?? 0);
  const rows = readLines(place('metrics.jsonl')) as R[];
  const entries = openLines(place('journal.jsonl'), wholeBytes(place('journal.jsonl')));
  const timings = openLines(place('timings.jsonl'), wholeBytes(place('timings.jsonl')));
  if (journal.length === 0) entries.append({ kind: 'begun', plan });
  let saves = journal.filter(({ kind }) => kind === 'saved').length;
  return {
    folder,
    last: saved?.point,
    rows,
    addRow(row) {
      metrics.append(row);
      rows.push(row);
    },
    addTiming: timings.append,
    // Two names in turn: a save that is cut short never harms the one the journal names.
    nextName: () => `state-${saves % 2 === 0 ? 'a' : 'b'}`,
    addSaved(point) {
      metrics.sync();
      entries.append({ kind: 'saved', point, metricsBytes: metrics.bytes() });
      entries.sync();
      saves++;
    },
    writeRows(name, content) {
      const part = openLines(place(`${name}.part`), 0);
      for (const row of content) part.append(row);
      part.sync();
      part.close();
      renameSync(place(`${name}.part`), place(name));
    },
    readRows: (name) => readLines(place(name)),
    close() {
      for (const lines of [metrics, entries, timings]) lines.close();
      release();
    },
  };
}

interface Lines {
  append(row: object): void;
  bytes(): number;
  sync(): void;
  close(): void;
}

/** A file that grows by whole lines behind its first `kept` bytes. */
function openLines(file: string, kept: number): Lines {
  const handle = openSync(file, 'a');
  truncateSync(file, kept);
  let bytes = kept;
  let closed = false;
  return {
    append(row) {
      const data = Buffer.from(`${JSON.stringify(row)}\n`);
      for (let written = 0; written < data.length; ) written += writeSync(handle, data, written);
      bytes += data.length;
    },
    bytes: () => bytes,
    sync: () => fdatasyncSync(handle),
    close() {
      if (!closed) closeSync(handle);
      closed = true;
    },
  };
}

function wholeBytes(file: string): number {
  return existsSync(file) ? readFileSync(file).lastIndexOf(0x0a) + 1 : 0;
}

const PIECE_BYTES = 1 << 20;

/** The whole lines of a file, read in pieces since batches that wait may be more than a string holds; a torn last line is left out. */
function readLines(file: string): MetricRow[] {
  if (!existsSync(file)) return [];
  const rows: MetricRow[] = [];
  const handle = openSync(file, 'r');
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let torn: Buffer[] = [];
    for (let count = readSync(handle, piece); count > 0; count = readSync(handle, piece)) {
      let from = 0;
      for (let at = piece.indexOf(0x0a); at >= 0 && at < count; at = piece.indexOf(0x0a, from)) {
        const line = Buffer.concat([...torn, piece.subarray(from, at)]).toString('utf8');
        rows.push(parseLine(line, file, rows.length + 1));
        [torn, from] = [[], at + 1];
      }
      torn.push(Buffer.from(piece.subarray(from, count)));
    }
  } finally {
    closeSync(handle);
  }
  return rows;
}

function parseLine(line: string, file: string, number: number): MetricRow {
  try {
    return JSON.parse(line) as MetricRow;
  } catch (cause) {
    throw new WinnowError('bad-input', `${file} line ${number} is not JSON; the run cannot go on from it.`, {
      hint: 'Restore the file, or start anew in another folder.',
      cause,
    });
  }
}

/** Settings of how a run is carried out: they change nothing that it learns, and may be others when it goes on. */
const CARRYING_OUT: readonly string[] = ['concurrency', 'saveEvery'];

function checkPlan(begun: MetricRow | undefined, plan: RunPlan, folder: string): void {
  if (begun === undefined) return;
  const before = (begun.plan ?? {}) as RunPlan;
  const names = [...new Set([...Object.keys(before), ...Object.keys(plan)])];
  const changed = names.filter(
    (name) => !CARRYING_OUT.includes(name) && canonicalJson([before[name]]) !== canonicalJson([plan[name]]),
  );
  if (changed.length === 0) return;
  const said = changed.map((name) => `${name} was ${short(before[name])} and is ${short(plan[name])}`);
  throw new WinnowError('wrong-use', `${folder} holds a run with other settings: ${said.join('; ')}.`, {
    hint: 'Go on with the settings of that run, or choose another folder.',
  });
}

function short(value: unknown): string {
  const text = value === undefined ? 'absent' : canonicalJson(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
