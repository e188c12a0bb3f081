import { closeSync, createWriteStream, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { WinnowError } from '../core/index.ts';
import type { FieldMap } from './field-names.ts';
import { emptyFile } from './io/format.ts';
import { type Input, openInput } from './io/input.ts';
import { batchesOf, isRow, parseRow, readRows } from './io/read-rows.ts';
import { makeScratch, type Scratch } from './io/scratch.ts';
import { openRowWriter } from './io/write-rows.ts';
import { makeRowMapper } from './map-row.ts';
import type { UnplacedRow } from './row.ts';
import { indexRows, type RowIndex, type RowPlace, type RowProblem } from './row-index.ts';

/** A sample's row together with the line it came from. */
export interface LinedRow {
  readonly row: UnplacedRow;
  readonly line: number;
}

export interface GroupOptions {
  readonly map?: FieldMap;
  /** Told of every line that could not be used; without it the first one is thrown as `bad-input`. */
  readonly onProblem?: (problem: RowProblem) => void;
}

/**
 * The sample rows of a file, problem by problem in the order of first appearance, wherever in the file they stand.
 * Memory holds one problem and the index. Files that cannot be read at any place (packed, `.json`, `.parquet`, standard
 * input, tables of counts) are first written out as plain JSONL in the system's temporary folder.
 */
export async function* rowGroups(
  file: string,
  { map = {}, onProblem }: GroupOptions = {},
): AsyncGenerator<readonly LinedRow[]> {
  const scratch = makeScratch();
  let firstProblem: RowProblem | undefined;
  const report = (problem: RowProblem): void => {
    firstProblem ??= problem;
    if (onProblem === undefined)
      throw unusable(`${file}:${problem.line} ${problem.problem}`, 'Mend or remove that line.');
    onProblem(problem);
  };
  let empty = true;
  try {
    const plain = await plainLines(file, scratch, map, report);
    const index = await indexRows(plain, { map, onProblem: report });
    for (const group of groupsOf(plain, index, makeRowMapper(map), report)) {
      empty = false;
      yield group;
    }
  } finally {
    await scratch.remove();
  }
  if (!empty) return;
  if (firstProblem === undefined) throw emptyFile(file);
  const { line, problem } = firstProblem;
  throw unusable(
    `No row of ${file} can be used; line ${line} ${problem}.`,
    'If the fields have other names, say which: --map completion=NAME.',
  );
}

function unusable(message: string, hint: string): WinnowError {
  return new WinnowError('bad-input', message, { hint });
}

function* groupsOf(
  file: string,
  index: RowIndex,
  mapRow: ReturnType<typeof makeRowMapper>,
  report: (problem: RowProblem) => void,
): Generator<readonly LinedRow[]> {
  const reader = openReader(file, index.grouped);
  try {
    for (let problem = 0; problem < index.problems; problem++) {
      const group: LinedRow[] = [];
      for (const place of index.rowsOf(problem)) {
        const read = parseRow(reader.text(place), place.line);
        const mapped = 'row' in read ? mapRow(read.row) : read;
        if ('problem' in mapped) report({ line: place.line, problem: mapped.problem });
        else for (const row of mapped.rows) group.push({ row, line: place.line });
      }
      if (group.length > 0) yield group;
    }
  } finally {
    reader.close();
  }
}

const AHEAD_BYTES = 1 << 20;

/** Reads lines by place. Where problems stand together a megabyte is read at once, otherwise line by line. */
function openReader(file: string, ahead: boolean): { text(place: RowPlace): string; close(): void } {
  const handle = openSync(file, 'r');
  let buffer = Buffer.alloc(ahead ? AHEAD_BYTES : 1 << 16);
  let from = 0;
  let filled = 0;
  const fill = ({ offset, length }: RowPlace): void => {
    if (length > buffer.length) buffer = Buffer.alloc(length * 2);
    from = offset;
    filled = 0;
    const wanted = ahead ? buffer.length : length;
    while (filled < wanted) {
      const count = readSync(handle, buffer, filled, wanted - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
  };
  return {
    text(place) {
      if (place.offset < from || place.offset + place.length > from + filled) fill(place);
      return buffer.toString('utf8', place.offset - from, place.offset - from + place.length);
    },
    close: () => closeSync(handle),
  };
}

async function plainLines(
  file: string,
  scratch: Scratch,
  map: FieldMap,
  report: (problem: RowProblem) => void,
): Promise<string> {
  const input = await openInput(file);
  const { layout, packing, lasting, bytes } = input;
  let plain = file;
  if (lasting && layout === 'lines' && packing === 'none') await input.close();
  else {
    plain = scratch.file('rows.jsonl');
    await pipeline(layout === 'lines' ? bytes : rowLines(input, report), createWriteStream(plain));
  }
  return (await holdsCounts(plain)) ? expandTo(plain, scratch.file('expanded.jsonl'), map, report) : plain;
}

/** A file's rows as lines: row n on line n, a blank line where it could not be read. */
async function* rowLines(input: Input, report: (problem: RowProblem) => void): AsyncGenerator<string> {
  for await (const batch of batchesOf(input)) {
    for (const read of batch) {
      if ('problem' in read) report(read);
      yield 'row' in read ? `${JSON.stringify(read.row)}\n` : '\n';
    }
  }
}

async function holdsCounts(file: string): Promise<boolean> {
  for await (const read of readRows(file)) return 'row' in read && isRow(read.row.tasks);
  return false;
}

/** Tables of counts name many problems a line; written out, each sample has a line of its own. */
async function expandTo(
  file: string,
  target: string,
  map: FieldMap,
  report: (problem: RowProblem) => void,
): Promise<string> {
  const mapRow = makeRowMapper(map);
  const rows = await openRowWriter(target);
  for await (const read of readRows(file)) {
    const mapped = 'row' in read ? mapRow(read.row) : read;
    if ('problem' in mapped) report({ line: read.line, problem: mapped.problem });
    else for (const row of mapped.rows) await rows.write(row as unknown as Readonly<Record<string, unknown>>);
  }
  await rows.close();
  return target;
}
