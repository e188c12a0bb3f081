import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 1 << 20;

/** The bytes of a plain file on disk; for a file of any format, see `openInput`. */
export function byteSource(file: string): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}
