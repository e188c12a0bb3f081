import { writeFile } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { WinnowError } from '../../core/index.ts';
import { byteSource } from './byte-source.ts';
import { checkRowFile, type FileFormat, inputName, statOf } from './format.ts';
import { makeScratch } from './scratch.ts';
import { layoutOf, packingOf } from './signatures.ts';

/** A file or standard input that was looked into: its format as it is, whatever its name says. */
export interface Input extends FileFormat {
  readonly file: string;
  /** Whether it can be read at any place and again: a file on disk, not standard input or another pipe. */
  readonly lasting: boolean;
  /** The unpacked bytes; they can be read once. Damaged or cut-off compressed data is `bad-input`. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Lets go of an input whose bytes are not read. */
  close(): Promise<void>;
}

/** Opens a file, a pipe, or standard input (`-`). Throws `not-found`, and `bad-input` for what cannot hold rows. */
export async function openInput(file: string): Promise<Input> {
  checkRowFile(file);
  const source = file === '-' ? process.stdin : byteSource(file);
  const raw = await lookInto(source);
  const packing = packingOf(file, raw.head);
  const unpacked = packing === 'none' ? raw : await lookInto(unpackedBytes(file, raw.bytes, packing));
  try {
    const layout = layoutOf(file, unpacked.head, packing);
    const lasting = file !== '-' && statOf(file)?.isFile() === true;
    return { file, layout, packing, lasting, bytes: unpacked.bytes, close: unpacked.close };
  } catch (error) {
    await unpacked.close();
    throw error;
  }
}

/** Where an input lies on disk. What comes from a pipe is written to the system's temporary folder, until `remove`. */
export async function onDisk(input: Input): Promise<{ readonly file: string; remove(): Promise<void> }> {
  if (input.lasting) {
    await input.close();
    return { file: input.file, remove: async () => {} };
  }
  const scratch = makeScratch();
  await writeFile(scratch.file('input'), input.bytes);
  return { file: scratch.file('input'), remove: scratch.remove };
}

interface LookedInto {
  readonly head: Buffer;
  readonly bytes: AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** Enough to know a format by. */
const HEAD_BYTES = 512;
const CHUNK_BYTES = 1 << 20;

/** Takes the first bytes of a stream, and gives them back in front of the others. */
async function lookInto(source: AsyncIterable<Buffer>): Promise<LookedInto> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  const close = async (): Promise<void> => void (await chunks.return?.());
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    } finally {
      await close();
    }
  }
  return { head, bytes: bytes(), close };
}

async function* unpackedBytes(
  file: string,
  packed: AsyncGenerator<Buffer>,
  packing: Exclude<FileFormat['packing'], 'none'>,
): AsyncGenerator<Buffer> {
  const unpacker =
    packing === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdDecompress({ chunkSize: CHUNK_BYTES });
  try {
    // Iterating the unpacker throws the pipeline's error, so the callback has nothing to add.
    for await (const chunk of pipeline(Readable.from(packed), unpacker, () => {})) yield chunk as Buffer;
  } catch (cause) {
    if (!(cause instanceof Error) || 'syscall' in cause) throw cause;
    throw new WinnowError(
      'bad-input',
      `${inputName(file)}: the ${packing} data is damaged or ends early (${cause.message}).`,
      { hint: 'Copy or download the file again.', cause },
    );
  }
}
