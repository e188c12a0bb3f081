/** Some whole lines as bytes: line i is `bytes[starts[i], ends[i])`, its line end left out. */
export interface LineBlock {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Number of the first line, counted from 1. */
  readonly firstLine: number;
  /** Where `bytes[0]` lies in the whole stream. */
  readonly offset: number;
}

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Cuts a byte stream into blocks of whole lines. A last line without a line end counts; a byte order mark does not. */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<LineBlock> {
  let pending: Buffer[] = [];
  let firstLine = 1;
  let offset = 0;
  const blockOf = (bytes: Buffer): LineBlock => {
    const block = cut(bytes, firstLine, offset);
    firstLine += block.starts.length;
    offset += bytes.length;
    return block;
  };
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      pending.push(chunk);
      continue;
    }
    let from = 0;
    if (pending.length > 0) {
      // The line that began in the chunks before is a block of its own, so that no chunk is copied for it.
      from = chunk.indexOf(NEWLINE) + 1;
      yield blockOf(Buffer.concat([...pending, chunk.subarray(0, from)]));
    }
    if (from <= last) yield blockOf(chunk.subarray(from, last + 1));
    pending = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
  }
  if (pending.length > 0) yield blockOf(Buffer.concat(pending));
}

function cut(bytes: Buffer, firstLine: number, offset: number): LineBlock {
  const starts: number[] = [];
  const ends: number[] = [];
  let start = offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    starts.push(start);
    ends.push(end);
    start = end + 1;
  }
  return { bytes, starts, ends, firstLine, offset };
}

/** The text of line i of a block. Bytes that are not UTF-8 become replacement characters. */
export function textOf(block: LineBlock, i: number): string {
  return block.bytes.toString('utf8', block.starts[i], block.ends[i]);
}
