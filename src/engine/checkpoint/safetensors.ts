/**
 * The safetensors format: 8 bytes header length (little endian), a JSON header {name: {dtype, shape, data_offsets}}, then the
 * tensors' bytes without gaps. Every field is checked before it is used, since such files come from anywhere.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { WinnowError } from '../../core/index.ts';

export type StoredType = 'F32' | 'BF16' | 'F16';

const BYTES_PER_VALUE: Readonly<Record<StoredType, number>> = { F32: 4, BF16: 2, F16: 2 };
/** What the format's own library allows. */
const LARGEST_HEADER = 100_000_000;

export interface TensorEntry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface TensorFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** One tensor's values as f32. Throws `bad-input` for a name that is not there or a type that is not F32, BF16 or F16. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a file and checks its header against its length. Throws `bad-input` naming the file and what is wrong. */
export async function openTensorFile(path: string): Promise<TensorFile> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new WinnowError('not-found', `The weights ${path} could not be opened: ${String(cause)}`, { cause });
  });
  try {
    const { entries, metadata, dataStart } = await readHeader(file, path);
    return {
      path,
      entries,
      metadata,
      read: (name) => readTensor(file, path, entries.get(name), name, dataStart),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function broken(path: string, what: string): WinnowError {
  return new WinnowError('bad-input', `${path} is not a whole safetensors file: ${what}.`, {
    hint: 'Copy or download it again; a part may be missing.',
  });
}

async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ entries: Map<string, TensorEntry>; metadata: Record<string, string>; dataStart: number }> {
  const { size } = await file.stat();
  if (size < 8) throw broken(path, `it has ${size} bytes, fewer than the 8 of the header's length`);
  const lengthBytes = await readBytes(file, path, 0, 8);
  const length = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > size) {
    throw broken(path, `its header claims ${length} bytes, the file has ${size}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readBytes(file, path, 8, length)));
  } catch {
    throw broken(path, 'its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw broken(path, 'its header is no object');
  const dataStart = 8 + length;
  const entries = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(value);
    else entries.set(name, readEntry(path, name, value));
  }
  checkExtents(path, [...entries.values()], size - dataStart);
  return { entries, metadata, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function readEntry(path: string, name: string, value: unknown): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const isCount = (item: unknown): item is number => Number.isSafeInteger(item) && (item as number) >= 0;
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !shape.every(isCount)) {
    throw broken(path, `the entry of ${name} has no dtype or shape`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw broken(path, `the entry of ${name} has no data_offsets`);
  }
  const [begin = 0, end = 0] = offsets;
  const width = BYTES_PER_VALUE[dtype as StoredType];
  const wanted = shape.reduce((product, count) => product * count, width ?? 0);
  if (end < begin || (width !== undefined && end - begin !== wanted)) {
    throw broken(path, `${name} ${dtype} [${shape}] takes ${wanted} bytes, but its offsets span ${end - begin}`);
  }
  return { name, type: dtype, shape, begin, end };
}

/** The tensors must fill the data part exactly: no gap, no overlap, no end beyond the file. */
function checkExtents(path: string, entries: readonly TensorEntry[], dataBytes: number): void {
  let expected = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected) throw broken(path, `${name} begins at ${begin}, expected ${expected}`);
    if (end > dataBytes)
      throw broken(path, `${name} ends at byte ${end}, but only ${dataBytes} bytes of data are there`);
    expected = end;
  }
  if (expected !== dataBytes)
    throw broken(path, `${dataBytes} bytes of data, of which the header explains ${expected}`);
}

async function readBytes(file: FileHandle, path: string, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file
      .read(bytes, done, Math.min(length - done, 2 ** 30), position + done)
      .catch((cause: unknown) => {
        throw new WinnowError('io', `${path} could not be read: ${String(cause)}`, { cause });
      });
    if (bytesRead === 0) throw broken(path, `it ends at byte ${position + done}`);
    done += bytesRead;
  }
  return bytes;
}

async function readTensor(
  file: FileHandle,
  path: string,
  entry: TensorEntry | undefined,
  name: string,
  dataStart: number,
): Promise<Float32Array> {
  if (entry === undefined) throw new WinnowError('bad-input', `${path} has no tensor ${name}.`);
  const bytes = await readBytes(file, path, dataStart + entry.begin, entry.end - entry.begin);
  switch (entry.type) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'BF16':
      return bfloatsToFloats(new Uint16Array(bytes.buffer));
    case 'F16':
      return converted(new Uint16Array(bytes.buffer), Float32Array, halfToFloat);
    default:
      throw new WinnowError('unsupported', `${path}: ${name} is ${entry.type}; expected F32, BF16 or F16.`, {
        hint: 'Quantised checkpoints are not read; convert it to bfloat16 first.',
      });
  }
}

const scratch = new DataView(new ArrayBuffer(4));

/** `Float32Array.from` would first make a list of all values, which has no room for the embeddings of a real vocabulary. */
function converted<T extends Float32Array | Uint16Array>(
  values: Float32Array | Uint16Array,
  Target: new (length: number) => T,
  convert: (value: number) => number,
): T {
  const target = new Target(values.length);
  for (let i = 0; i < values.length; i++) target[i] = convert(values[i] ?? 0);
  return target;
}

/** The upper halves of floats. */
function bfloatsToFloats(stored: Uint16Array): Float32Array {
  const words = new Uint32Array(stored.length);
  for (let i = 0; i < stored.length; i++) words[i] = (stored[i] ?? 0) << 16;
  return new Float32Array(words.buffer);
}

/** Rounds to nearest, ties to even, as PyTorch does; NaN stays NaN. */
export function floatToBfloat(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The file's bytes in order, ready to be written; values as F32 or BF16. */
export function* encodeTensors(
  tensors: readonly TensorToWrite[],
  type: 'F32' | 'BF16' = 'F32',
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Generator<Uint8Array> {
  const width = BYTES_PER_VALUE[type];
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, shape, values } of tensors) {
    const begin = end;
    end += width * values.length;
    header[name] = { dtype: type, shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces so that the data begins at a multiple of 8.
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);
  yield padded;
  for (const { values } of tensors) {
    const stored = type === 'F32' ? values : converted(values, Uint16Array, floatToBfloat);
    yield new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  }
}
