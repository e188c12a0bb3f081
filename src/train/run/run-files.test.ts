import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openRunFiles, type SavedPoint } from './run-files.ts';
import { learningRateAt } from './schedule.ts';
import { taskStream } from './task-stream.ts';

const root = mkdtempSync(path.join(tmpdir(), 'winnow-run-files-'));
after(() => rmSync(root, { recursive: true }));
const open = (name: string, plan: Readonly<Record<string, unknown>> = { seed: 1 }) =>
  openRunFiles<SavedPoint, { readonly step: number }>(path.join(root, name), plan);

test('a run goes on behind its last saved point, without the rows and torn lines after it', () => {
  const first = open('goes-on');
  first.addRow({ step: 1 });
  first.addSaved({ step: 1, state: 'a' });
  first.addRow({ step: 2 });
  first.close();
  appendFileSync(path.join(root, 'goes-on/metrics.jsonl'), '{"step": 3');
  appendFileSync(path.join(root, 'goes-on/journal.jsonl'), '{"kind": "saved", "poi');
  const second = open('goes-on');
  assert.deepEqual([second.last, second.rows], [{ step: 1, state: 'a' }, [{ step: 1 }]]);
  second.addRow({ step: 2 });
  second.addSaved({ step: 2, state: 'b' });
  second.close();
  const third = open('goes-on');
  assert.deepEqual([third.last?.step, third.rows.length], [2, 2]);
  third.close();
  assert.equal(readFileSync(path.join(root, 'goes-on/metrics.jsonl'), 'utf8'), '{"step":1}\n{"step":2}\n');
});

test('a run killed before its first saved point begins anew', () => {
  const first = open('anew');
  first.addRow({ step: 1 });
  first.close();
  const second = open('anew');
  assert.deepEqual([second.last, second.rows], [undefined, []]);
  second.close();
});

test('a name for saving is never that of the last saved point', () => {
  const files = open('names');
  let last = '';
  for (let step = 1; step < 5; step++) {
    const name = files.nextName();
    assert.notEqual(name, last);
    files.addSaved({ step, state: name });
    last = name;
  }
  files.close();
  const again = open('names');
  assert.notEqual(again.nextName(), last);
  again.close();
});

test('rows longer than what is read at once come back whole, signs of several bytes too', () => {
  const files = open('long-rows');
  const rows = [0, 1, 2].map((step) => ({ step, text: 'é€'.repeat(600_000 + step) }));
  files.writeRows('rows.jsonl', rows);
  appendFileSync(path.join(root, 'long-rows/rows.jsonl'), '{"torn":');
  assert.deepEqual(files.readRows('rows.jsonl'), rows);
  files.close();
});

test('a folder with a run of other settings is refused, and what differs is named', () => {
  open('other', { seed: 1, steps: 5 }).close();
  assert.throws(() => open('other', { seed: 2, steps: 5 }), { code: 'wrong-use', message: /seed was 1 and is 2\.$/ });
});

test('a run goes on with other settings of how it is carried out', () => {
  open('carried', { seed: 1, concurrency: 8, saveEvery: 5 }).close();
  open('carried', { seed: 1, concurrency: 2, saveEvery: 1 }).close();
});

test('a run that is being written is refused, and one that is left can be gone on with', () => {
  const files = open('locked');
  assert.throws(() => open('locked'), { code: 'wrong-use', message: /is being written by another process/ });
  files.close();
  open('locked').close();
});

test('the learning rate warms up and falls as asked', () => {
  const at = (update: number, decay: 'constant' | 'linear' | 'cosine'): number =>
    learningRateAt(update, 12, { learningRate: 1, warmupUpdates: 2, decay, finalShare: 0.1 });
  assert.deepEqual([at(0, 'linear'), at(1, 'linear'), at(2, 'linear')], [0.5, 1, 1]);
  assert.ok(Math.abs(at(11, 'linear') - 0.1) < 1e-12 && Math.abs(at(11, 'cosine') - 0.1) < 1e-12);
  assert.equal(at(11, 'constant'), 1);
});

test('a stream of tasks shows each once a pass, in another order each time, from any place', () => {
  const at = taskStream([0, 1, 2, 3, 4, 5, 6, 7], 3, 'tasks');
  const pass = (number: number): number[] => Array.from({ length: 8 }, (_, i) => at(8 * number + i));
  const [first, second] = [pass(0), pass(1)];
  assert.deepEqual(first.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.notDeepEqual(first, second);
  assert.deepEqual(
    pass(5),
    Array.from({ length: 8 }, (_, i) => taskStream([0, 1, 2, 3, 4, 5, 6, 7], 3, 'tasks')(40 + i)),
  );
  assert.deepEqual(pass(0), first);
});
