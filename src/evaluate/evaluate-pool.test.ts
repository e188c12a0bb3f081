import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOfN, genselect, type Method, majority, oracle, single, weighted } from '../aggregate/index.ts';
import { NO_USAGE, type Outcome, type Sample, type Verdict, WinnowError } from '../core/index.ts';
import type { Model } from '../model/index.ts';
import type { Grader } from '../verify/index.ts';
import { type EvaluateOptions, evaluatePool } from './evaluate-pool.ts';
import type { PoolGroup } from './graded-question.ts';
import type { Report } from './report.ts';
import { byText, readText, stream } from './shared-pools.testkit.ts';

const gradeText: Grader = async ({ gold }, { text }): Promise<Verdict> => ({
  kind: text === '' ? 'unparsed' : gold?.kind === 'answer' && gold.answer === text ? 'correct' : 'wrong',
  detail: '',
  ms: 0,
});

/** A question whose gold is `a`. */
function question(id: string, texts: readonly string[], extra: Partial<Sample> = {}): PoolGroup {
  return {
    problem: { question: { id, domain: 'math', messages: [] }, gold: { kind: 'answer', answer: 'a' } },
    samples: texts.map((text, index) => ({ index, text, finishReason: 'stop', ...extra })),
    labels: texts.map(() => ({})),
  };
}

function evaluate(groups: readonly PoolGroup[], options: Partial<EvaluateOptions> = {}): Promise<Report> {
  return evaluatePool(stream(groups), {
    methods: [single(), majority(), oracle()],
    judgement: { kind: 'grader', grade: gradeText },
    read: readText,
    classify: byText,
    ...options,
  });
}

const figure = (report: Report, method: string, k: number): number | undefined =>
  report.metrics.find((metric) => metric.method === method && metric.k === k)?.value;

/** A method that has to be run and takes the last candidate it is given. */
function lastOne(name: string, change: (outcome: Outcome) => Outcome = (outcome) => outcome): Method {
  return {
    name,
    rule: { kind: 'run' },
    aggregate: async (_question, candidates) => {
      const sample = candidates.at(-1)?.sample;
      return change({ method: name, text: sample?.text ?? '', chosen: sample?.index ?? 0, usage: NO_USAGE });
    },
  };
}

test('figures of a pool worked out by hand', async () => {
  const report = await evaluate([question('p', ['a', 'a', 'b', 'c']), question('q', ['b', 'b', 'a', ''])]);
  assert.deepEqual(report.settings.ks, [1, 2, 4]);
  assert.deepEqual(report.verifier, { correct: 3, wrong: 4, unparsed: 1, timeout: 0, error: 0 });
  assert.equal(figure(report, 'single', 1), 3 / 8);
  assert.equal(figure(report, 'oracle', 2), (5 / 6 + 1 / 2) / 2);
  assert.equal(figure(report, 'majority', 4), 1 / 2);
  // p: {aa} 1, {ab} {ab} {ac} {ac} 1/2 each, {bc} 0. q: {ba} twice 1/2, {a, unread} 1, the rest 0.
  assert.ok(Math.abs((figure(report, 'majority', 2) ?? 0) - (3 / 6 + 2 / 6) / 2) < 1e-12);
  assert.deepEqual(report.sample_accuracy, { judged: 3 / 7, all: 3 / 8 });
  assert.match(report.notes.join('\n'), /1 of 8 samples have no verdict .*1 unparsed.*37\.5 %.*42\.9 %/);
});

test('an answer is graded once a question, however often it comes', async () => {
  let calls = 0;
  const grade: Grader = (problem, sample) => {
    calls++;
    return gradeText(problem, sample);
  };
  await evaluate([question('p', ['a', 'b', 'a', 'b', '', 'a']), question('q', ['a', 'a'])], {
    ks: [1],
    judgement: { kind: 'grader', grade },
  });
  assert.equal(calls, 4);
});

test('a k that some problems do not reach leaves those out and says so; one that none reaches is refused', async () => {
  const groups = [question('p', ['a', 'b', 'b']), question('long-one', ['a', 'a', 'b', 'b'])];
  const report = await evaluate(groups, { ks: [1, 4] });
  assert.deepEqual(
    report.metrics.filter(({ k }) => k === 4).map(({ n_problems }) => n_problems),
    [1, 1, 1],
  );
  assert.match(report.notes.join('\n'), /k = 4 is over the 1 of 2 problems/);
  await assert.rejects(
    evaluate(groups, { ks: [1, 5] }),
    (error: WinnowError) => error.code === 'wrong-use' && /k = 5 .* has is 4 \(long-one\)/.test(error.message),
  );
});

test('recorded labels decide, in their usual forms, and differ inside one answer class', async () => {
  const group = question('p', ['x', 'x', 'y', 'y', 'z']);
  const labelled = { ...group, labels: [true, 'failed', 1, '1', 'perhaps'].map((ok) => ({ ok })) };
  const report = await evaluate([labelled], { ks: [1, 5], judgement: { kind: 'label', name: 'ok' } });
  assert.deepEqual(report.verifier, { correct: 3, wrong: 1, unparsed: 1, timeout: 0, error: 0 });
  // x (credit 1/2) and y (credit 1) tie with two votes each.
  assert.equal(figure(report, 'majority', 5), 0.75);
  assert.match(report.notes.join('\n'), /label "ok" is missing or neither true nor false/);
  await assert.rejects(
    evaluate([labelled], { judgement: { kind: 'label', name: 'other' } }),
    (error: WinnowError) => error.code === 'bad-input' && error.message.includes('"other"'),
  );
});

test('problems without gold are left out and named; a pool of only such problems is bad input', async () => {
  const { gold: _, ...ungraded } = question('u', ['a']).problem;
  const bare: PoolGroup = { ...question('u', ['a']), problem: ungraded };
  const report = await evaluate([bare, question('p', ['a'])]);
  assert.equal(report.pool.problems, 1);
  assert.equal(report.left_out.without_gold, 1);
  assert.match(report.notes.join('\n'), /1 problem without gold left out: u\./);
  await assert.rejects(
    evaluate([bare]),
    (error: WinnowError) => error.code === 'bad-input' && /\(u\)/.test(error.message),
  );
  await assert.rejects(evaluate([]), (error: WinnowError) => error.code === 'bad-input');
});

test('a score that no sample carries is bad input, one that some lack is noted', async () => {
  const scored = [bestOfN({ score: 'rm' }), weighted({ score: 'rm' })];
  await assert.rejects(
    evaluate([question('p', ['a', 'b'])], { methods: scored }),
    (error: WinnowError) => error.code === 'bad-input' && error.message.includes('best-of-n[score=rm]'),
  );
  const group = question('p', ['a', 'b', 'b']);
  const samples = group.samples.map((sample, i) => (i < 2 ? { ...sample, scores: { rm: 2 - i } } : sample));
  const report = await evaluate([{ ...group, samples }], { methods: scored, ks: [1, 3] });
  assert.equal(figure(report, 'best-of-n[score=rm]', 3), 1);
  assert.equal(figure(report, 'weighted[score=rm]', 3), 1);
  assert.ok(Math.abs((figure(report, 'best-of-n[score=rm]', 1) ?? 0) - 1 / 3) < 1e-12);
  assert.match(report.notes.join('\n'), /1 of 3 samples have no score/);
});

test('computed figures agree with running the method on many subsets', async () => {
  const groups = [question('p', ['a', 'a', 'b', 'c', 'c']), question('q', ['b', 'b', 'a', '', 'a'])];
  const plain = majority();
  const run: Method = { ...plain, name: 'majority-run', rule: { kind: 'run' } };
  const report = await evaluate(groups, { methods: [plain, run], ks: [3], subsets: 3000 });
  const [computed = 0, ran = 0] = [figure(report, 'majority', 3), figure(report, 'majority-run', 3)];
  assert.ok(Math.abs(computed - ran) < 0.02, `${computed} against ${ran}`);
});

test('a run method sees the same subsets as the others, is graded by what it chose, and repeats for one seed', async () => {
  const groups = Array.from({ length: 30 }, (_, i) =>
    question(`p${i}`, i % 3 === 0 ? ['a', 'b', 'b'] : ['a', 'a', 'b']),
  );
  const options = { methods: [lastOne('one'), lastOne('two')], ks: [1, 2], subsets: 2 };
  const report = await evaluate(groups, { ...options, seed: 7, concurrency: 5 });
  assert.deepEqual(
    report.comparisons.map(({ difference, p_value }) => [difference, p_value]),
    [
      [0, 1],
      [0, 1],
    ],
  );
  assert.deepEqual(await evaluate(groups, { ...options, seed: 7, concurrency: 1 }), report);
  assert.notDeepEqual((await evaluate(groups, { ...options, seed: 8 })).metrics, report.metrics);
});

test('newly written text is graded, and the Refinement Gap is against majority', async () => {
  const refine = lastOne('refine', ({ chosen: _, ...outcome }) => ({ ...outcome, text: 'a' }));
  const report = await evaluate([question('p', ['b', 'b', 'c']), question('q', ['a', 'a', 'b'])], {
    methods: [refine],
    ks: [3],
  });
  assert.equal(figure(report, 'refine', 3), 1);
  assert.equal(figure(report, 'majority', 3), 0.5);
  assert.deepEqual(
    report.refinement_gap.map(({ method, k, value }) => [method, k, value]),
    [['refine', 3, 0.5]],
  );
  assert.deepEqual(report.diagnostics[0]?.all_wrong, { runs: 1, recovered: 1 });
});

test('fallbacks, invalid replies, places chosen and the token split are counted', async () => {
  const usage = { promptTokens: 90, completionTokens: 10, requests: 1 };
  const judge = lastOne('judge', (outcome) => ({
    ...outcome,
    usage,
    fallback: 'no verdict line; took the majority answer',
    diagnostics: {
      calls: [
        { prompt: 'select-math', shown: [2, 0, 1], position: 0, usage },
        { prompt: 'select-math', shown: [1, 2, 0], invalid: 'no verdict line', again: true, usage },
      ],
      agreement: 0.5,
      judging: usage,
      discarded: NO_USAGE,
      retried: usage,
    },
  }));
  const spent = { usage: { promptTokens: 20, completionTokens: 30 }, model: 'm' };
  const report = await evaluate([question('p', ['a', 'b', 'c'], spent)], {
    methods: [majority(), judge],
    ks: [3],
    prices: { m: { input: 1, output: 2 } },
  });
  const [row] = report.diagnostics;
  assert.equal(row?.fallbacks, 1);
  assert.deepEqual(row?.fallback_reasons, [{ reason: 'no verdict line; took the majority answer', count: 1 }]);
  assert.deepEqual([row?.judge_calls, row?.invalid_replies, row?.asked_again, row?.agreement], [2, 1, 1, 0.5]);
  assert.deepEqual(
    row?.positions.map(({ shown, chosen, expected }) => [shown, chosen, expected]),
    [
      [1, 1, 1 / 3],
      [1, 0, 1 / 3],
      [1, 0, 1 / 3],
    ],
  );
  assert.deepEqual(row?.tokens, { drawing: 150, judging: 100, discarded: 0, retried: 100 });
  const [voted, judged] = report.metrics;
  assert.equal(voted?.tokens_per_problem, 150);
  assert.ok(Math.abs((voted?.cost ?? 0) - (3 * (20 + 2 * 30)) / 1e6) < 1e-15);
  assert.deepEqual([judged?.tokens_per_problem, judged?.judge_tokens_per_problem, judged?.cost], [250, 100, undefined]);
});

test('unknown usage stays unknown', async () => {
  const report = await evaluate([question('p', ['a', 'b'])]);
  assert.equal(report.metrics[0]?.tokens_per_problem, null);
  assert.match(report.notes.join('\n'), /records no token usage/);
});

test('a service that fails on one problem leaves it out of that method; on all it is an error', async () => {
  const flaky = (failing: (id: string) => boolean): Method => ({
    ...lastOne('flaky'),
    aggregate: async ({ id }, candidates, context) => {
      if (failing(id)) throw new WinnowError('service-failed', 'the server answered 500');
      return lastOne('flaky').aggregate({ id, domain: 'math', messages: [] }, candidates, context);
    },
  });
  const groups = [question('p', ['a']), question('q', ['a'])];
  const report = await evaluate(groups, { methods: [single(), flaky((id) => id === 'p')], ks: [1] });
  assert.deepEqual(
    report.metrics.map(({ n_problems }) => n_problems),
    [2, 1],
  );
  assert.equal(report.comparisons[0]?.n_problems, 1);
  assert.equal(report.left_out.failed_runs, 1);
  assert.match(report.notes.join('\n'), /failed on 1 problem, .* p: the server answered 500/);
  await assert.rejects(
    evaluate(groups, { methods: [flaky(() => true)], ks: [1] }),
    (error: WinnowError) => error.code === 'service-failed',
  );
});

test('a judge that cannot be reached any more ends the evaluation instead of turning it into fallbacks', async () => {
  const judge: Model = {
    name: 'gone',
    identity: 'gone',
    generate: async () => {
      throw new WinnowError('unreachable', 'connection refused');
    },
  };
  const groups = Array.from({ length: 40 }, (_, i) => question(`p${i}`, ['a', 'b', 'c']));
  await assert.rejects(
    evaluate(groups, { methods: [genselect()], ks: [3], judge }),
    (error: WinnowError) => error.code === 'unreachable',
  );
});

/** A judge that answers the calls that `replies` says, by their number, and fails on the others. */
function illJudge(replies: (call: number) => boolean, code: 'service-failed' | 'timeout' = 'service-failed'): Model {
  let calls = 0;
  return {
    name: 'ill',
    identity: 'ill',
    generate: async () => {
      if (!replies(calls++)) throw new WinnowError(code, 'no answer came');
      return { samples: [{ index: 0, text: 'hm', finishReason: 'stop' }], usage: { requests: 1 } };
    },
  };
}

test('a judge that fails is told of in a note, and one that fails 20 times in a row ends the evaluation', async () => {
  const groups = (count: number) => Array.from({ length: count }, (_, i) => question(`p${i}`, ['a', 'b', 'c']));
  const told: string[] = [];
  const options = { methods: [genselect()], ks: [3], onJudgeFailure: (message: string) => told.push(message) };
  const judge = illJudge((call) => call === 0);
  const report = await evaluate(groups(4), { ...options, judge, concurrency: 1 });
  assert.match(report.notes.join('\n'), /genselect.* fell back in 4 of 4 runs .*the judge failed \(service-failed: /);
  assert.equal(told.at(-1), 'the judge failed 4 times in a row (service-failed)');
  await assert.rejects(evaluate(groups(40), { ...options, judge: illJudge((call) => call === 0), concurrency: 1 }), {
    code: 'service-failed',
    message: /the judge failed 20 times in a row/,
  });
});

test('a judge that has never replied ends the evaluation after three failures; the cache is no reply of its own', async () => {
  const groups = Array.from({ length: 40 }, (_, i) => question(`p${i}`, ['a', 'b', 'c']));
  const options = { methods: [genselect()], ks: [3], concurrency: 1 };
  const never = { code: 'timeout', message: /has not replied once, and failed 3 times; the last: no answer came/ };
  await assert.rejects(evaluate(groups, { ...options, judge: illJudge(() => false, 'timeout') }), never);
  const cache: Model = illJudge((call) => call < 4, 'timeout');
  const generate: Model['generate'] = async (...call) => ({
    ...(await cache.generate(...call)),
    usage: { requests: 0 },
  });
  await assert.rejects(evaluate(groups, { ...options, judge: { ...cache, generate } }), never);
});

test('samples of several runs that share an index are told apart', async () => {
  const group = question('p', ['b', 'a']);
  const samples = group.samples.map((sample) => ({ ...sample, index: 0, model: 'm' }));
  const report = await evaluate([{ ...group, samples, runs: ['first', 'second'] }], {
    methods: [lastOne('last')],
    ks: [2],
    subsets: 400,
  });
  const value = figure(report, 'last', 2) ?? 0;
  assert.ok(value > 0.4 && value < 0.6, String(value));
  assert.deepEqual(
    report.by_model.map(({ model, accuracy }) => [model, accuracy]),
    [
      ['m first', 0],
      ['m second', 1],
    ],
  );
});

test('an abort ends the evaluation with its reason', async () => {
  const abort = new AbortController();
  abort.abort(new DOMException('stop', 'AbortError'));
  await assert.rejects(evaluate([question('p', ['a'])], { signal: abort.signal }), { name: 'AbortError' });
});
