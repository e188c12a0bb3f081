import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { FileMetaData } from 'hyparquet';
import { WinnowError } from '../../core/index.ts';
import type { Row } from '../../pool/index.ts';
import type { RemoteBytes } from './hub.ts';

/** The rows of a remote file, of `.parquet` only the columns asked for, row group by row group. */
export async function* remoteRows(name: string, bytes: RemoteBytes, columns: readonly string[]): AsyncGenerator<Row> {
  try {
    yield* name.endsWith('.parquet') ? parquetRows(bytes, columns) : jsonRows(bytes);
  } catch (cause) {
    if (cause instanceof WinnowError || !(cause instanceof Error) || 'syscall' in cause) throw cause;
    throw new WinnowError('bad-response', `${name} cannot be read: ${cause.message}`, { cause });
  }
}

/** What is read at first of a file's end; a longer footer costs one more request. */
const FOOTER_BYTES = 1 << 16;

async function* parquetRows(file: RemoteBytes, columns: readonly string[]): AsyncGenerator<Row> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const metadata: FileMetaData = await parquetMetadataAsync(file, { initialFetchSize: FOOTER_BYTES });
  const there = new Set(metadata.schema.map(({ name }) => name));
  const compressors = {
    GZIP: (input: Uint8Array) => gunzipSync(input),
    ZSTD: (input: Uint8Array) => zstdDecompressSync(input),
    BROTLI: (input: Uint8Array) => brotliDecompressSync(input),
  };
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const wanted = columns.filter((column) => there.has(column));
    yield* await parquetReadObjects({ file, metadata, compressors, columns: wanted, rowStart, rowEnd });
    rowStart = rowEnd;
  }
}

const CHUNK_BYTES = 1 << 20;

async function* jsonRows(file: RemoteBytes): AsyncGenerator<Row> {
  let pending = Buffer.alloc(0);
  for (let at = 0; at < file.byteLength; at += CHUNK_BYTES) {
    const bytes = Buffer.concat([pending, Buffer.from(await file.slice(at, at + CHUNK_BYTES))]);
    const last = bytes.lastIndexOf(0x0a);
    yield* parseLines(bytes.subarray(0, last + 1));
    pending = bytes.subarray(last + 1);
  }
  yield* parseLines(pending);
}

function* parseLines(bytes: Buffer): Generator<Row> {
  for (const line of bytes.toString('utf8').split('\n')) if (line.trim() !== '') yield JSON.parse(line) as Row;
}
