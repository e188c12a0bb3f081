import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { WinnowError } from '../../core/index.ts';
import { temporaryFolder } from '../temp-folder.testkit.ts';
import { cannotWrite } from './folders.ts';
import { jsonValues } from './json-values.ts';
import { lineBlocks, textOf } from './lines.ts';
import { parseRow, type Row, type RowRead, readRows } from './read-rows.ts';
import { openRowWriter } from './write-rows.ts';

const temp = temporaryFolder();

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function readAll(file: string): Promise<RowRead[]> {
  return all(readRows(file));
}

async function writeAll(file: string, rows: readonly Row[]): Promise<void> {
  const writer = await openRowWriter(file);
  for (const row of rows) await writer.write(row);
  await writer.close();
}

/** Cuts bytes at these places. */
async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
  yield bytes.subarray(from);
}

const rowArbitrary = fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 5,
});
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

for (const name of ['rows.jsonl', 'rows.jsonl.gz', 'rows.jsonl.zst', 'rows.json', 'rows.json.zst']) {
  test(`${name}: any rows come back as they went in`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 8 }), async (rows) => {
        await writeAll(temp(name), rows);
        const back = (await readAll(temp(name))).map((read) => ('row' in read ? read.row : read.problem));
        assert.deepEqual(back, asJson(rows));
      }),
      { numRuns: 40 },
    );
  });
}

/** Parquet cannot tell null from absent, and a column of lists or structs fills in what a row lacks of it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

test('rows.parquet: any rows come back, but for nulls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 8 }), async (anyRows) => {
      // A table needs a column.
      const rows = anyRows.map((row, i) => ({ ...row, row: i }));
      await writeAll(temp('any.parquet'), rows);
      const back = (await readAll(temp('any.parquet'))).map((read) => ('row' in read ? read.row : read.problem));
      assert.deepEqual(
        back.map(withoutNulls),
        rows.map((row) => withoutNulls(asJson(row))),
      );
    }),
    { numRuns: 50 },
  );
});

test('a Parquet file of more than one row group comes back in order', async () => {
  const rows = Array.from({ length: 25_000 }, (_, i) => ({ id: i, prompt: [{ role: 'user', content: `q${i}` }] }));
  await writeAll(temp('groups.parquet'), rows);
  const back = await readAll(temp('groups.parquet'));
  assert.equal(back.length, rows.length);
  assert.deepEqual(back[24_999], { line: 25_000, row: rows[24_999] });
});

test('lines are the same however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => text.replaceAll('\n', ' '))),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const seen: string[] = [];
        for await (const block of lineBlocks(pieces(bytes, cuts))) {
          assert.equal(block.firstLine, seen.length + 1);
          for (let i = 0; i < block.starts.length; i++) {
            assert.equal(bytes.subarray(block.offset).indexOf(block.bytes), 0);
            seen.push(textOf(block, i));
          }
        }
        assert.deepEqual(
          seen,
          lines.map((line, i) => (i === 0 ? line.replace(/^\uFEFF/, '') : line)),
        );
      },
    ),
  );
});

test('.json is cut into the same values however it is written and the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(rowArbitrary, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 2),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (rows, indent, wrapped, cuts) => {
        const text = wrapped
          ? JSON.stringify(rows, null, indent)
          : rows.map((row) => JSON.stringify(row, null, indent)).join('\n');
        const values = await all(jsonValues(pieces(Buffer.from(`\uFEFF${text}\n`), cuts)));
        assert.deepEqual(
          values.map((value) => JSON.parse(value)),
          asJson(rows),
        );
      },
    ),
  );
});

test('bad lines are named by number and the rest still comes', async () => {
  writeFileSync(temp('bad.jsonl'), '\uFEFF{"a": 1}\r\n\r\n{"a": \n[1]\n"x"\n{"a": 2}');
  assert.deepEqual(
    (await readAll(temp('bad.jsonl'))).map((read) =>
      'row' in read ? read : { line: read.line, problem: read.problem.slice(0, 12) },
    ),
    [
      { line: 1, row: { a: 1 } },
      { line: 3, problem: 'is not JSON ' },
      { line: 4, problem: 'is not a JSO' },
      { line: 5, problem: 'is not a JSO' },
      { line: 6, row: { a: 2 } },
    ],
  );
});

const rejectsWith = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof WinnowError && error.code === code && pattern.test(`${error.message} ${error.hint}`);

test('a file that is not there, is empty, blank, a folder, cut off or no Parquet is refused in words', async () => {
  writeFileSync(temp('numbers.jsonl'), '{"a": 1}\n');
  writeFileSync(temp('empty.jsonl'), '');
  writeFileSync(temp('blank.jsonl'), '\n \n');
  writeFileSync(temp('empty.json'), '[]');
  mkdirSync(temp('folder.jsonl'));
  const packed = gzipSync(Buffer.from('{"a": 1}\n'.repeat(1000)));
  writeFileSync(temp('cut.jsonl.gz'), packed.subarray(0, packed.length - 12));
  writeFileSync(temp('no.parquet'), 'not parquet');
  await assert.rejects(readAll(temp('numbesr.jsonl')), rejectsWith('not-found', /Did you mean .*numbers\.jsonl\?/));
  await assert.rejects(readAll(temp('nowhere/x.jsonl')), rejectsWith('not-found', /folder .*nowhere does not exist/));
  for (const name of ['empty.jsonl', 'blank.jsonl', 'empty.json']) {
    await assert.rejects(readAll(temp(name)), rejectsWith('bad-input', /holds no rows/));
  }
  await assert.rejects(readAll(temp('folder.jsonl')), rejectsWith('bad-input', /is a folder/));
  await assert.rejects(readAll(temp('cut.jsonl.gz')), rejectsWith('bad-input', /damaged or ends early/));
  await assert.rejects(readAll(temp('no.parquet')), rejectsWith('bad-input', /cannot be read as Parquet/));
  await assert.rejects(openRowWriter(temp('folder.jsonl')), rejectsWith('bad-input', /is a folder/));
});

test('a file is read as what it is, whatever its name says', async () => {
  const rows = [{ a: 1 }, { a: 2 }];
  const lines = Buffer.from('{"a": 1}\n{"a": 2}\n');
  await writeAll(temp('rows.parquet'), rows);
  const cases: Readonly<Record<string, Buffer>> = {
    'zipped.jsonl': gzipSync(lines),
    'packed.json': zstdCompressSync(lines),
    'bare.jsonl.gz': lines,
    'bare.parquet': lines,
    'array.jsonl': Buffer.from(`\uFEFF \n${JSON.stringify(rows, null, 2)}`),
    'array.jsonl.zst': gzipSync(JSON.stringify(rows)),
    'long.jsonl': Buffer.from(rows.map((row) => `${JSON.stringify(row, null, 2)}\n`).join('')),
    'table.jsonl': readFileSync(temp('rows.parquet')),
    'table.parquet.gz': readFileSync(temp('rows.parquet')),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    writeFileSync(temp(name), bytes);
    const back = (await readAll(temp(name))).map((read) => ('row' in read ? read.row : read.problem));
    assert.deepEqual(back, rows, name);
  }
});

test('what is no rows at all is named', async () => {
  const cases: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['x.jsonl', 'BZh91AY', /is packed with bzip2/],
    ['x.jsonl', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /is packed with xz/],
    ['x.jsonl', 'PK\u0003\u0004rest', /is a ZIP archive/],
    ['x.jsonl', Buffer.from('\uFEFF{"a": 1}\n', 'utf16le'), /is text in UTF-16/],
    ['x.jsonl', 'version https://git-lfs.github.com/spec/v1\n', /Git LFS pointer.*git lfs pull/],
    ['x.json', '<!doctype html><title>Sign in</title>', /is a web page/],
    ['x.csv', 'id,completion\n1,2\n', /is a table of separated values/],
    ['x.jsonl', 'abc\0def', /is binary data/],
    ['x.parquet.gz', gzipSync('PAR1rest'), /is Parquet inside gzip/],
  ];
  for (const [name, bytes, message] of cases) {
    writeFileSync(temp(name), bytes);
    await assert.rejects(readAll(temp(name)), rejectsWith('bad-input', message), String(message));
  }
});

test('a place that cannot be written is told before the first row, with what is there', async () => {
  writeFileSync(temp('file'), 'x');
  const below = rejectsWith('wrong-use', /below\/rows.* cannot be written|below cannot be written: .*file is a file/);
  await assert.rejects(openRowWriter(temp('file/below/rows.jsonl')), below);
  const place = temp('nowhere/deep.jsonl');
  for (const [code, said] of [
    ['EACCES', /deep\.jsonl cannot be written: .*winnow-test-\w+ is read-only here \(EACCES\)/],
    ['EROFS', /is read-only here \(EROFS\)/],
    ['ENOSPC', /the disk is full/],
    ['EIO', /cannot be written: input\/output error/],
  ] as const) {
    const error = cannotWrite(place, Object.assign(new Error('input/output error'), { code }));
    assert.ok(rejectsWith('io', said)(error), `${code}: ${error.message}`);
  }
});

test('parts that a killed process has left go when the file is written again; those of a living one stay', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const living = `live.jsonl.${process.ppid}.part`;
  for (const name of [`live.jsonl.${pid}.part`, `live.jsonl.${pid}.part.jsonl`, living, 'live.jsonl.1x.part'])
    writeFileSync(temp(name), '');
  await writeAll(temp('live.jsonl'), [{ a: 1 }]);
  const left = readdirSync(temp('.')).filter((name) => name.startsWith('live.'));
  assert.deepEqual(left.sort(), ['live.jsonl', 'live.jsonl.1x.part', living].sort());
});

test('a file appears under its name only when it is whole, and an abort leaves nothing', async () => {
  for (const name of ['whole.jsonl', 'whole.parquet', 'whole.json.gz']) {
    const before = readdirSync(temp('.')).sort();
    const aborted = await openRowWriter(temp(name));
    await aborted.write({ a: 1 });
    await aborted.abort();
    assert.deepEqual(readdirSync(temp('.')).sort(), before);
    const writer = await openRowWriter(temp(name));
    await writer.write({ a: 'x'.repeat(200_000) });
    assert.ok(!readdirSync(temp('.')).includes(name));
    await writer.close();
    assert.deepEqual(readdirSync(temp('.')).sort(), [...before, name].sort());
  }
});

test('reading and writing the same file keeps it whole', async () => {
  writeFileSync(temp('same.jsonl'), '{"a":1}\n{"a":2}\n');
  const writer = await openRowWriter(temp('same.jsonl'));
  for await (const read of readRows(temp('same.jsonl'))) if ('row' in read) await writer.write({ ...read.row, b: 1 });
  await writer.close();
  assert.equal(readFileSync(temp('same.jsonl'), 'utf8'), '{"a":1,"b":1}\n{"a":2,"b":1}\n');
});

test('a whole number too long for a double keeps its digits, as text', () => {
  const row = parseRow(
    '{"gold":12345678901234567890,"huge":1e400,"score":0.12345678901234566,"power":1152921504606846976}',
    1,
  );
  assert.deepEqual(row, {
    line: 1,
    row: { gold: '12345678901234567890', huge: '1e400', score: 0.12345678901234566, power: 2 ** 60 },
  });
});
