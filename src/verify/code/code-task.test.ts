import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { languageOf, readTask } from './code-task.ts';
import { readPickledString } from './pickled-string.ts';

/** A pickle of one string, as CPython's protocols 4 and 2 write it. */
function pickled(text: string, protocol: 2 | 4): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  const string = [Buffer.from('X'), length, bytes];
  const frame = Buffer.alloc(9);
  frame[0] = 0x95;
  frame.writeUInt32LE(bytes.length + 7, 1);
  const parts =
    protocol === 4
      ? [Buffer.from([0x80, 4]), frame, ...string, Buffer.from([0x94])]
      : [Buffer.from([0x80, 2]), ...string, Buffer.from('q\0')];
  return Buffer.concat([...parts, Buffer.from('.')]);
}

const compressed = (text: string): string => deflateSync(pickled(text, 4)).toString('base64');

test('the one string of a pickle is read, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(2 as const, 4 as const), (text, protocol) => {
      assert.equal(readPickledString(pickled(text, protocol)), Buffer.from(text).toString());
    }),
  );
});

test('a pickle that does anything else is refused, and nothing is run', () => {
  const call = Buffer.from("cos\nsystem\n(S'touch /tmp/x'\ntR.");
  for (const bytes of [
    call,
    Buffer.concat([pickled('a', 4), call]),
    Buffer.from([0x80, 4, 0x58, 0xff, 0xff, 0xff, 0x7f]),
    Buffer.alloc(0),
  ]) {
    assert.throws(() => readPickledString(bytes), { code: 'bad-input' });
  }
});

test('LiveCodeBench rows read as they are, compressed private tests included', () => {
  const cases = JSON.stringify([{ input: '[1, 2]\n3', output: '6', testtype: 'functional' }]);
  const suite = readTask({
    public_test_cases: cases,
    private_test_cases: compressed(cases),
    metadata: '{"func_name": "add"}',
  });
  assert.equal(suite.calls.length, 2);
  assert.deepEqual(suite.calls[0]?.arguments, ['[1, 2]', '3']);
  assert.equal(suite.calls[1]?.name, 'add');
  assert.equal(suite.library, true);
  const parsed = { public_test_cases: JSON.parse(cases) as unknown, metadata: { fn_name: 'plus' } };
  assert.equal(readTask(parsed).calls[0]?.name, 'plus');
});

test('tests come as text, as a list of asserts, and as inputs with outputs', () => {
  assert.deepEqual(readTask({ tests: 'assert f(1)' }).asserts, ['assert f(1)']);
  assert.deepEqual(readTask({ tests: ['assert f(1)', 'assert f(2)'] }).asserts, ['assert f(1)', 'assert f(2)']);
  assert.deepEqual(readTask({ tests: [{ input: '1', output: '2', testtype: 'stdin' }] }).scripts.length, 1);
  assert.deepEqual(readTask({ stdin_tests: [{ input: '1', output: '2' }], float_tolerance: 0.1 }).tolerance, 0.1);
});

test('HumanEval and MBPP rows read as they are published', () => {
  const check = 'METADATA = {}\n\ndef check(candidate):\n    assert candidate(1) == 1\n';
  assert.deepEqual(readTask({ task_id: 'HumanEval/0', entry_point: 'f', test: check }).asserts, [check]);
  const mbpp = { task_id: 2, test_setup_code: 'x = 1', test_list: ['assert f(1)', 'assert f(2)'] };
  assert.deepEqual(readTask(mbpp).asserts, mbpp.test_list);
  assert.equal(readTask(mbpp).setup, 'x = 1');
  assert.equal(readTask({ ...mbpp, test_setup_code: '', test_imports: ['import math'] }).setup, 'import math');
});

test('a task that cannot be read says what is the matter', () => {
  const complaints: readonly (readonly [unknown, RegExp])[] = [
    [{}, /no tests/],
    [{ tests: '  ' }, /no tests/],
    [{ tests: 3 }, /not as expected/],
    [{ tests: 'assert f()', language: 'cobol' }, /"cobol"/],
    [{ private_test_cases: 'not base64 of anything' }, /test cases/],
    [{ tests: [{ input: '1', output: '2', testtype: 'functional' }] }, /names no function/],
    [{ fn_name: 'f', tests: [{ input: 'x', output: '2', testtype: 'functional' }] }, /not JSON/],
  ];
  for (const [task, message] of complaints) assert.throws(() => readTask(task), { message });
});

test('languages go by their usual names', () => {
  assert.equal(languageOf(undefined), 'python');
  assert.equal(languageOf('Python3'), 'python');
  assert.equal(languageOf('js'), 'javascript');
  assert.equal(languageOf('cc'), undefined);
});
