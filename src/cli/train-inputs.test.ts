import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaks } from './train-inputs.ts';

test('held-out tasks of problems that are trained on are counted; others are not worth a word', () => {
  const [trained, fresh] = [{ problem: '1 + 1' }, { problem: '2 + 2' }];
  assert.match(leaks([trained], [trained, fresh, trained]).join(), /^2 of 3 held-out tasks are of problems/);
  assert.deepEqual(leaks([trained], [fresh]), []);
  assert.deepEqual(leaks([trained], []), []);
});
