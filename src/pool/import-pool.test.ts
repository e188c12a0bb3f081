import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { scripted } from '../model/index.ts';
import { drawPool } from './draw-pool.ts';
import { importPool } from './import-pool.ts';
import { writeManifest } from './manifest.ts';
import { temporaryFolder } from './temp-folder.testkit.ts';

const temp = temporaryFolder();

/** A file of rows, one sample each. */
function outputs(name: string, ...completions: readonly string[]): string {
  const rows = completions.map((completion, id) => ({ id, problem: 'Q', answer: '1', completion }));
  writeFileSync(temp(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return temp(name);
}

test('an import does not take the place of another one unless it is forced, and says what is there', async () => {
  const [a, b] = [outputs('a.jsonl', '1', '2'), outputs('b.jsonl', '3')];
  for (const pool of [temp('pool'), temp('pool.jsonl'), temp('pool.parquet')]) {
    await importPool(a, pool);
    const refused = { code: 'wrong-use', message: /is there already: 2 samples imported from .*a\.jsonl/ };
    await assert.rejects(importPool(b, pool), refused);
    assert.equal((await importPool(a, pool)).samples, 2, 'the same input again changes nothing');
    await assert.rejects(importPool(a, pool, { map: { source: 'x' } }), refused);
    assert.equal((await importPool(b, pool, { force: true })).samples, 1);
    await importPool(b, pool);
  }
  outputs('b.jsonl', '4');
  await assert.rejects(importPool(b, temp('pool')), {
    message: /1 samples? imported from .*b\.jsonl, as it was before/,
  });
});

test('an import does not take the place of a report, of a file, or of itself', async () => {
  const input = outputs('input.jsonl', '1');
  await writeManifest(temp('report'), { command: 'winnow evaluate pool --out report' });
  await assert.rejects(importPool(input, temp('report')), {
    message: /is there already: what winnow evaluate wrote\.$/,
  });
  assert.deepEqual(readdirSync(temp('report')), ['manifest.json']);
  const mine = outputs('mine.jsonl', '2');
  await assert.rejects(importPool(input, mine), { message: /is there already: the file .*mine\.jsonl\.$/ });
  await assert.rejects(importPool(mine, mine), { message: /is there already/ });
  writeFileSync(temp('report/manifest.json'), '{');
  await importPool(input, temp('report'), { force: true });
  assert.ok(existsSync(temp('report/samples.jsonl')));
});

test('samples that were drawn are never replaced, and a draw that is not finished can be imported', async () => {
  const input = outputs('input.jsonl', '1');
  const problem = {
    question: { id: 'a', domain: 'math' as const, messages: [{ role: 'user' as const, content: 'Q' }] },
  };
  await drawPool(temp('drawn'), [problem], { model: scripted(() => '1'), n: 1 });
  await assert.rejects(importPool(input, temp('drawn'), { force: true }), { message: /winnow sample has drawn/ });
  const manifest = JSON.parse(readFileSync(temp('drawn/manifest.json'), 'utf8'));
  await writeManifest(temp('drawn'), { ...manifest, status: 'running' });
  assert.equal((await importPool(temp('drawn'), temp('copy.jsonl'))).samples, 1);
});

test('a pool is not written under the name of a file that is none', async () => {
  const input = outputs('input.jsonl', '1');
  for (const name of ['x.csv', 'x.txt', 'x.jsonl.bz2', 'x.parquet.gz', 'x.gz']) {
    const before = readdirSync(temp('.'));
    await assert.rejects(importPool(input, temp(name)), {
      code: 'wrong-use',
      message: /A pool cannot be written as \./,
    });
    await assert.rejects(drawPool(temp(name), [], { model: never, n: 1 }), { message: /cannot be written as/ });
    assert.deepEqual(readdirSync(temp('.')), before);
  }
  mkdirSync(temp('v1.gz'));
  await importPool(input, temp('v1.gz'));
  await importPool(input, temp('qwen3-1.7b'));
});

const never = scripted(() => Promise.reject(new Error('not asked')));

test('an import that fails leaves no folder behind, but keeps one that was there', async () => {
  writeFileSync(temp('bad.jsonl'), '{"id": 1}\n');
  for (const place of ['new', 'new/deeper/still', 'new/pool.jsonl', 'new/pool.parquet']) {
    await assert.rejects(importPool(temp('bad.jsonl'), temp(place), { onProblem: () => {} }), /No row of/);
    assert.ok(!existsSync(temp('new')), place);
  }
  mkdirSync(temp('old'));
  await assert.rejects(importPool(temp('bad.jsonl'), temp('old/deeper'), { onProblem: () => {} }), /No row of/);
  assert.deepEqual(readdirSync(temp('old')), []);
});

test('a place below a file is refused in words', async () => {
  const input = outputs('input.jsonl', '1');
  const refused = {
    code: 'wrong-use',
    message: /below(\/samples\.jsonl)? cannot be written: .*input\.jsonl is a file, and a folder was expected\.$/,
  };
  await assert.rejects(importPool(input, temp('input.jsonl/below')), refused);
  await assert.rejects(drawPool(temp('input.jsonl/below'), [], { model: never, n: 1 }), refused);
  await assert.rejects(importPool(temp('input.jsonl/x'), temp('y')), { code: 'not-found' });
});

test('an empty name is refused, not taken for the working folder', async () => {
  const input = outputs('input.jsonl', '1');
  for (const pool of ['', ' ']) {
    await assert.rejects(importPool(input, pool), { code: 'wrong-use', message: /^The pool is an empty name/ });
    await assert.rejects(importPool(pool, temp('x')), { code: 'wrong-use', message: /^The pool is an empty name/ });
  }
});

test('empty completions are counted', async () => {
  assert.equal((await importPool(outputs('empty.jsonl', '', ' ', 'x'), temp('counted'))).empty, 2);
});
