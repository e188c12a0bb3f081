import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAbort, nearestName, WinnowError } from './errors.ts';
import { canonicalJson, hashJson } from './json.ts';

test('an error carries its code, hint and cause', () => {
  const cause = new Error('below');
  const error = new WinnowError('bad-input', 'expected a number, got "x"', { hint: 'Write a number.', cause });
  assert.deepEqual([error.code, error.hint, error.cause], ['bad-input', 'Write a number.', cause]);
});

test('an abort is told apart from every other failure', () => {
  const controller = new AbortController();
  controller.abort();
  assert.ok(isAbort(controller.signal.reason));
  assert.ok(!isAbort(new WinnowError('timeout', 'too slow')));
});

test('the nearest name is offered when it is near, and nothing otherwise', () => {
  const known = ['majority', 'genselect', 'best-of-n'];
  assert.equal(nearestName('majorty', known), 'majority');
  assert.equal(nearestName('gneselect', known), 'genselect');
  assert.equal(nearestName('best_of_n', known), 'best-of-n');
  assert.equal(nearestName('banana', known), undefined);
  assert.equal(nearestName('maj', known), 'majority');
  assert.equal(nearestName('majority-vote', known), 'majority');
  assert.equal(nearestName('re', ['refine', 'recursive']), undefined, 'a beginning of several is none of them');
  assert.equal(nearestName('m', known), undefined, 'one letter is too little');
});

test('canonical JSON does not depend on the order of keys, at any depth', () => {
  assert.equal(
    canonicalJson({ b: 1, a: { d: [1, { y: 1, x: 2 }], c: null } }),
    '{"a":{"c":null,"d":[1,{"x":2,"y":1}]},"b":1}',
  );
  assert.equal(hashJson({ a: 1, b: 2 }), hashJson({ b: 2, a: 1, c: undefined }));
  assert.notEqual(hashJson([1, 2]), hashJson([2, 1]));
});
