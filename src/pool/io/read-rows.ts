import { emptyFile } from './format.ts';
import { type Input, onDisk, openInput } from './input.ts';
import { jsonValues } from './json-values.ts';
import { lineBlocks, textOf } from './lines.ts';

/** One JSON object of a file, its fields as they are. */
export type Row = Readonly<Record<string, unknown>>;

/** What stands in one place of a file: a row, or why there is none. `line` counts lines from 1 (rows in .json and .parquet). */
export type RowRead =
  | { readonly line: number; readonly row: Row }
  | { readonly line: number; readonly problem: string };

/**
 * Streams the rows of a file, a pipe or standard input (`-`): JSONL, JSON (an array, or values one behind the other) or
 * Parquet, perhaps packed with gzip or zstd, as its first bytes say and otherwise its name. Blank lines are passed over. Memory does not grow with the file (Parquet: one
 * row group). A bad line is a read of its own with the problem in words; the rest still comes.
 * Throws `not-found`, and `bad-input` for a folder, a file without rows, another format and damaged compressed data.
 */
export async function* readRows(file: string): AsyncGenerator<RowRead> {
  for await (const batch of readRowBatches(file)) yield* batch;
}

/** As `readRows`, in batches, for loops where one step a row is too slow. */
export async function* readRowBatches(file: string): AsyncGenerator<readonly RowRead[]> {
  yield* batchesOf(await openInput(file));
}

/** As `readRowBatches`, of an input that is open. */
export async function* batchesOf(input: Input): AsyncGenerator<readonly RowRead[]> {
  const batches = { lines: jsonlBatches, json: jsonBatches, parquet: parquetBatches }[input.layout](input);
  let empty = true;
  for await (const batch of batches) {
    empty &&= batch.length === 0;
    yield batch;
  }
  if (empty) throw emptyFile(input.file);
}

async function* jsonlBatches({ bytes }: Input): AsyncGenerator<RowRead[]> {
  for await (const block of lineBlocks(bytes)) {
    const batch: RowRead[] = [];
    for (let i = 0; i < block.starts.length; i++) {
      const text = textOf(block, i);
      if (text.trim() !== '') batch.push(parseRow(text, block.firstLine + i));
    }
    yield batch;
  }
}

async function* jsonBatches({ bytes }: Input): AsyncGenerator<RowRead[]> {
  let number = 0;
  for await (const text of jsonValues(bytes)) yield [parseRow(text, ++number)];
}

async function* parquetBatches(input: Input): AsyncGenerator<RowRead[]> {
  const { parquetRows } = await import('./parquet-read.ts');
  const { file, remove } = await onDisk(input);
  let number = 0;
  try {
    for await (const rows of parquetRows(file)) yield rows.map((row) => ({ line: ++number, row }));
  } finally {
    await remove();
  }
}

/** What may be a number that a double cannot hold; the digits of a fraction are not meant. Cheap, since every line is tested. */
const LONG_NUMBER = /(?<![\d.])\d{16}|\d[eE]\+?\d{3}/;

/** JSON.parse, but a whole number too long for a double, or one beyond its range, stays the text it was written as: no digit is lost. */
function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const { source } = context ?? {};
    if (typeof value !== 'number' || source === undefined) return value;
    const lost =
      !Number.isFinite(value) ||
      (/^-?\d+$/.test(source) && String(value) !== source && BigInt(source) !== BigInt(value));
    return lost ? source : value;
  });
}

/** Parses one line. Only an object is a row. */
export function parseRow(text: string, line: number): RowRead {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    return { line, problem: `is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  if (isRow(value)) return { line, row: value };
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return { line, problem: `is not a JSON object but ${kind}` };
}

/** True for a JSON object. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
