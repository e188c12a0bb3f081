import { once } from 'node:events';
import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { WinnowError } from '../../core/index.ts';
import { cannotWrite, makeFolder } from './folders.ts';
import { checkName, type FileFormat, formatOf, statOf } from './format.ts';
import type { Row } from './read-rows.ts';

/** Rows going into a file. The file appears under its name only at `close`, whole; `abort` leaves nothing behind. */
export interface RowWriter {
  /** Resolves when the next row may come (back-pressure). */
  write(row: Row): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

const BUFFER_CHARACTERS = 1 << 16;

/**
 * Opens a file for rows in the format its name says (`.parquet`, `.json`, otherwise JSONL; packed for `.gz` and `.zst`),
 * or standard output for `-`. Parquet gets zstd pages and native lists and structs; see `Shape`. Throws `bad-input` for a folder.
 */
export async function openRowWriter(file: string): Promise<RowWriter> {
  if (file === '-') return rowWriter(file, standardOutput());
  checkTarget(file);
  const removeFolder = makeFolder(path.dirname(file), file);
  await removeStaleParts(file);
  const writer = await openFileWriter(file);
  return {
    ...writer,
    async abort() {
      await writer.abort();
      removeFolder();
    },
  };
}

async function openFileWriter(file: string): Promise<RowWriter> {
  const { layout, packing } = formatOf(file);
  if (layout !== 'parquet') return rowWriter(file, await fileSink(file, packing));
  const { openParquetWriter } = await import('./parquet-write.ts');
  return openParquetWriter(file);
}

function rowWriter(file: string, sink: TextSink): RowWriter {
  if (formatOf(file).layout === 'json') return arrayWriter(sink);
  return textWriter(sink, (row) => `${JSON.stringify(row)}\n`, '');
}

/** Writes a small file whole or not at all. */
export async function writeFileWhole(file: string, text: string): Promise<void> {
  const sink = await fileSink(file, 'none');
  await sink.write(text);
  await sink.close();
}

function checkTarget(file: string): void {
  checkName(file, 'The output');
  if (statOf(file)?.isDirectory() === true) {
    throw new WinnowError('bad-input', `Expected a file name for the output, but ${file} is a folder.`, {
      hint: 'Name a file inside it, such as rows.jsonl.',
    });
  }
  const { layout, packing } = formatOf(file);
  if (layout !== 'parquet' || packing === 'none') return;
  throw new WinnowError('wrong-use', `${file}: Parquet compresses inside the file.`, {
    hint: 'Choose a name that ends in .parquet.',
  });
}

/** Where text goes. */
interface TextSink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

function textWriter(sink: TextSink, textOf: (row: Row) => string, end: string): RowWriter {
  let buffered = '';
  const flush = async (): Promise<void> => {
    const text = buffered;
    buffered = '';
    await sink.write(text);
  };
  return {
    async write(row) {
      buffered += textOf(row);
      if (buffered.length >= BUFFER_CHARACTERS) await flush();
    },
    async close() {
      buffered += end;
      await flush();
      await sink.close();
    },
    abort: () => sink.abort(),
  };
}

function arrayWriter(sink: TextSink): RowWriter {
  let first = true;
  const inner = textWriter(
    sink,
    (row) => {
      const lead = first ? '[\n' : ',\n';
      first = false;
      return `${lead}${JSON.stringify(row)}`;
    },
    '\n]\n',
  );
  return {
    ...inner,
    async close() {
      if (first) await sink.write('[');
      await inner.close();
    },
  };
}

function standardOutput(): TextSink {
  return {
    write: (text) =>
      new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve()))),
    close: async () => {},
    abort: async () => {},
  };
}

/** The name a file has until it is whole. */
export function partName(file: string): string {
  return `${file}.${process.pid}.part`;
}

/** Removes what processes that were killed have left of a file. Only for a caller that knows that no other one is writing it. */
export async function removeParts(file: string): Promise<void> {
  for (const { part } of await partsOf(file)) await rm(part, { force: true });
}

/** Removes the parts of a file whose process is no more. */
async function removeStaleParts(file: string): Promise<void> {
  for (const { part, pid } of await partsOf(file)) if (!runs(pid)) await rm(part, { force: true });
}

async function partsOf(file: string): Promise<readonly { readonly part: string; readonly pid: number }[]> {
  const folder = path.dirname(file);
  const start = `${path.basename(file)}.`;
  return (await readdir(folder)).flatMap((name) => {
    const [, pid] = (name.startsWith(start) && /^(\d+)\.part(?:\.|$)/.exec(name.slice(start.length))) || [];
    return pid === undefined ? [] : [{ part: path.join(folder, name), pid: Number(pid) }];
  });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function fileSink(file: string, packing: FileFormat['packing']): Promise<TextSink> {
  const part = partName(file);
  // Opened before the first row comes, so that a place that cannot be written is told at once.
  const handle = await open(part, 'w').catch((cause: unknown) => {
    throw cannotWrite(file, cause);
  });
  const target = handle.createWriteStream();
  const head = packerInto(target, packing);
  const done = finished(target).catch((cause: unknown) => {
    throw cannotWrite(file, cause);
  });
  done.catch(() => {}); // looked at by whoever waits next
  return {
    async write(text) {
      if (!head.write(text)) await Promise.race([once(head, 'drain'), done]);
    },
    async close() {
      head.end();
      await done;
      await publish(part, file);
    },
    async abort() {
      head.destroy();
      target.destroy();
      await done.catch(() => {});
      await rm(part, { force: true });
    },
  };
}

function packerInto(target: Writable, packing: FileFormat['packing']): Writable {
  if (packing === 'none') return target;
  const packer = packing === 'gzip' ? createGzip() : createZstdCompress();
  pipeline(packer, target, () => {}); // errors reach `target`, which is watched
  return packer;
}

/** Brings a finished part to disk and gives it its name in one step. */
export async function publish(part: string, file: string): Promise<void> {
  try {
    const handle = await open(part, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(part, file);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}
