import { type ErrorDetails, WinnowError } from '../../core/index.ts';
import { type FileFormat, formatOf, inputName } from './format.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const PARQUET = Buffer.from('PAR1');

/** What is often given in place of rows: how it begins, what it is, and what to do. */
const STRANGERS: readonly (readonly [beginning: string, what: string, hint: string])[] = [
  ['BZh', 'is packed with bzip2', 'Unpack it (bunzip2), or pack it with gzip or zstd.'],
  ['\xfd7zXZ', 'is packed with xz', 'Unpack it (unxz), or pack it with gzip or zstd.'],
  ['\x04"M\x18', 'is packed with LZ4', 'Unpack it, or pack it with gzip or zstd.'],
  ['PK\x03\x04', 'is a ZIP archive (or a spreadsheet)', 'Unpack it, and name the JSONL, JSON or Parquet file inside.'],
  ['\xff\xfe', 'is text in UTF-16', 'Save it as UTF-8.'],
  ['\xfe\xff', 'is text in UTF-16', 'Save it as UTF-8.'],
  ['ARROW1', 'is in the Arrow format', 'Save it as Parquet or JSONL.'],
  ['SQLite format 3', 'is an SQLite database', 'Write its rows as JSONL.'],
  ['version https://git-lfs', 'is a Git LFS pointer, not the file itself', 'Fetch the file: git lfs pull.'],
  ['<', 'is a web page or XML', 'Download the file itself; a login page may have come in its place.'],
];

/** How the bytes of an input are packed: as they begin, or, where that tells nothing, as the name says. */
export function packingOf(file: string, head: Buffer): FileFormat['packing'] {
  if (begins(head, GZIP)) return 'gzip';
  if (begins(head, ZSTD)) return 'zstd';
  // A packed file whose beginning is damaged is no text; its unpacker says so.
  return begins(head, PARQUET) || /^[{[]/.test(textOf(head)) ? 'none' : formatOf(file).packing;
}

/**
 * How the rows of an input are laid out, by its first unpacked bytes, or, where those tell nothing, by the name. An array, or an object over
 * several lines, is JSON whatever the name. Throws `bad-input` for what is no rows at all.
 */
export function layoutOf(file: string, head: Buffer, packing: FileFormat['packing']): FileFormat['layout'] {
  if (begins(head, PARQUET)) {
    if (packing === 'none') return 'parquet';
    throw bad(file, `is Parquet inside ${packing}`, {
      hint: 'Parquet compresses inside the file: unpack it, and name it .parquet.',
    });
  }
  const text = textOf(head);
  refuseStrangers(file, head, text);
  const { layout } = formatOf(file);
  if (/^\[|^\{\s*\n\s*["}]/.test(text)) return 'json';
  return layout === 'parquet' && text.startsWith('{') ? 'json' : layout;
}

/** Characters that are looked at. */
const LOOKED_AT = 4096;

function textOf(head: Buffer): string {
  return head
    .toString('latin1', 0, LOOKED_AT)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
}

function refuseStrangers(file: string, head: Buffer, text: string): void {
  const stranger = STRANGERS.find(([beginning]) => begins(head, Buffer.from(beginning, 'latin1')));
  if (stranger !== undefined) throw bad(file, stranger[1], { hint: stranger[2] });
  if (/^[{[]/.test(text)) return;
  const hint = 'Expected one JSON object a line, a JSON array, or Parquet; .gz and .zst are unpacked.';
  if (/\.[ct]sv(\.|$)/i.test(file)) throw bad(file, 'is a table of separated values', { hint });
  const isParquet = formatOf(file).layout === 'parquet'; // its reader says what is wrong
  if (!isParquet && text.slice(0, 512).includes('\0')) throw bad(file, 'is binary data, not text', { hint });
}

function bad(file: string, what: string, details: ErrorDetails): WinnowError {
  return new WinnowError('bad-input', `${inputName(file)} ${what}, which is not read.`, details);
}

function begins(head: Buffer, beginning: Buffer): boolean {
  return head.subarray(0, beginning.length).equals(beginning);
}
