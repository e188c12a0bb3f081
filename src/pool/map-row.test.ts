import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from './io/read-rows.ts';
import { makeRowMapper } from './map-row.ts';
import type { UnplacedRow } from './row.ts';

/** The samples of a row, without what is not there. */
function mapped(row: Row, map: Record<string, string> = {}): UnplacedRow[] {
  const result = makeRowMapper(map)(row);
  assert.ok('rows' in result, 'problem' in result ? result.problem : '');
  return JSON.parse(JSON.stringify(result.rows)) as UnplacedRow[];
}

function problemIn(row: Row): string {
  const result = makeRowMapper()(row);
  assert.ok('problem' in result);
  return result.problem;
}

test('a row of our own is read field by field', () => {
  const row = {
    problem_id: 'p',
    problem: 'What?',
    domain: 'math',
    gold: '4',
    source: 's',
    sample_index: 2,
    completion: '4',
    reasoning: 'hm',
    tool_calls: [{ name: 'f', arguments: '{}' }],
    model: 'm',
    run: 'r',
    finish_reason: 'stop',
    usage: { prompt_tokens: 1, completion_tokens: 2 },
    token_ids: [1, 2],
    logprobs: [{ token: '4', logprob: -0.1 }],
    score: 1.5,
    scores: { rm: 2 },
    labels: { passed: true },
    meta: { level: 1 },
  };
  assert.deepEqual(mapped(row), [row]);
});

test('usual names are understood, labels and scores are told apart, the rest is meta', () => {
  const row = {
    task_id: 7,
    question: 'Q',
    answer: 4,
    response: 'R',
    rm_score: -1.5,
    is_correct: true,
    pred_by_source: null,
    level: 'x',
  };
  assert.deepEqual(mapped(row), [
    {
      problem_id: '7',
      problem: 'Q',
      domain: 'math',
      gold: '4',
      completion: 'R',
      scores: { rm_score: -1.5 },
      labels: { is_correct: true },
      meta: { level: 'x' },
    },
  ]);
});

test('a list of completions becomes one sample each, with the lists beside it', () => {
  const row = {
    id: 'h',
    prompt: 'def f():',
    tests: ['assert f()'],
    entry_point: 'f',
    samples_raw: ['aa', 'bb'],
    samples_truncated: ['a', 'b'],
    passed: [true, false],
    n: 2,
  };
  const tests = { prompt: 'def f():', entry_point: 'f', tests: ['assert f()'] };
  const shared = { problem_id: 'h', problem: 'def f():', domain: 'code', tests };
  assert.deepEqual(mapped(row), [
    { ...shared, completion: 'a', labels: { passed: true }, meta: { samples_raw: 'aa', n: 2 } },
    { ...shared, completion: 'b', labels: { passed: false }, meta: { samples_raw: 'bb', n: 2 } },
  ]);
});

test('a table of counts becomes labelled samples of each task', () => {
  const rows = mapped({ id: 'bench/m', model: 'm', tasks: { t1: [2, 1], t2: [1, 0] } });
  assert.deepEqual(
    rows.map(({ problem_id, sample_index, model, run, labels }) => [
      problem_id,
      sample_index,
      model,
      run,
      labels?.passed,
    ]),
    [
      ['t1', 0, 'm', 'bench/m', true],
      ['t1', 1, 'm', 'bench/m', false],
      ['t2', 0, 'm', 'bench/m', false],
    ],
  );
});

test('tests in a list of input and output, and test programs under other names, make a code task', () => {
  const [stdin] = mapped({
    id: 1,
    prompt: 'P',
    completion: 'c',
    tests: [{ input: '1', output: '2', testtype: 'stdin' }],
  });
  assert.deepEqual(stdin?.tests, { prompt: 'P', stdin_tests: [{ input: '1', output: '2' }] });
  const [functional] = mapped({ id: 1, problem: 'P', completion: 'c', test: 'def check(c): pass', entry_point: 'f' });
  assert.deepEqual(functional?.tests, { entry_point: 'f', tests: 'def check(c): pass' });
});

test('a map says other names, for labels and scores too', () => {
  const row = { a: 'p', b: 'text', c: 'wrong one', ok: 1, points: 2, completion: 'not this' };
  const map = { problem_id: 'a', completion: 'b', 'labels.passed': 'ok', 'scores.judge': 'points' };
  const [sample] = mapped(row, map);
  assert.deepEqual(
    [sample?.problem_id, sample?.completion, sample?.labels, sample?.scores, sample?.meta],
    ['p', 'text', { passed: 1 }, { judge: 2 }, { c: 'wrong one', completion: 'not this' }],
  );
  assert.throws(() => makeRowMapper({ complation: 'x' }), /no field "complation"/);
});

test('a row without an id is known by its words', () => {
  const [a] = mapped({ problem: 'Same', completion: '1' });
  const [b] = mapped({ question: 'Same', response: '2' });
  const [c] = mapped({ question: 'Other', response: '2' });
  assert.equal(a?.problem_id, b?.problem_id);
  assert.notEqual(a?.problem_id, c?.problem_id);
});

test('a domain that is none of ours is refused, and a topic of that name can be set aside', () => {
  const row = { id: 1, domain: 'algebra', problem: 'P', answer: '1', completion: 'c' };
  assert.match(problemIn(row), /^domain must be math, code or free .*--map domain=none.*, not "algebra"$/);
  for (const [given, map] of [
    [row, { domain: 'none' }],
    [{ ...row, domain: ['algebra'] }, {}],
  ] as const) {
    const [sample] = mapped(given, map);
    assert.deepEqual([sample?.domain, sample?.meta], ['math', { domain: given.domain }]);
  }
});

test('what cannot be used is said in words', () => {
  assert.match(problemIn({ completion: 'c' }), /neither a problem_id nor a problem/);
  assert.match(problemIn({ id: 1, problem: 'P' }), /has no completion/);
  assert.match(problemIn({ id: 1, completion: 5 }), /completion must be an object, not 5/);
  assert.match(
    problemIn({ id: 1, completion: 'c', sample_index: -1 }),
    /sample_index must be a whole number from 0, not -1/,
  );
  assert.match(problemIn({ id: 1, completions: ['a', 'b'], passed: [true] }), /passed has 1 values for 2 completions/);
  assert.match(problemIn({ id: 1, completion: 'c', gold: { a: 1 } }), /gold must be text or a number/);
  assert.match(problemIn({ id: 1, tasks: { t: [1, 2] } }), /0 <= c <= n/);
});
