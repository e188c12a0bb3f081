import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateTokens } from '../aggregate/index.ts';
import { makeRng, type SelectionTask } from '../core/index.ts';
import { contrastSets } from './contrast-sets.ts';
import { makeOverlapFinder } from './decontaminate.ts';
import { groupOf } from './groups.testkit.ts';
import { makeDuplicateFilter } from './near-duplicates.ts';
import { makePositionBalance } from './positions.ts';
import { emptyPromptTokens, quotedTokens } from './prompt-length.ts';
import { openTaskPrompts } from './task-prompts.ts';
import { problemFields } from './task-text.ts';

test('the number of correct members follows random draws of that size, given the limits', () => {
  const rng = makeRng('sets');
  const right = [1, 2, 3, 4];
  const wrong = [-1, -2, -3, -4, -5, -6];
  const limits = { minCandidates: 5, maxCandidates: 5, maxCorrectShare: 0.6 };
  const counts = [0, 0, 0, 0];
  const draw = contrastSets(right, wrong, limits);
  for (let i = 0; i < 20_000; i++) {
    const set = draw(rng) ?? [];
    const count = set.filter((member) => member > 0).length;
    counts[count] = (counts[count] ?? 0) + 1;
  }
  // C(4, c) C(6, 5 - c) for c = 1, 2, 3: 60, 120, 60.
  const expected = [0, 5000, 10_000, 5000];
  const chiSquare = [1, 2, 3].reduce(
    (sum, c) => sum + ((counts[c] ?? 0) - (expected[c] ?? 0)) ** 2 / (expected[c] ?? 1),
    0,
  );
  assert.equal(counts[0], 0);
  assert.ok(chiSquare < 18.4, `chi-square ${chiSquare} at 2 degrees of freedom`);
});

test('a set of very many candidates can be drawn', () => {
  const right = Array.from({ length: 40_000 }, (_, i) => i + 1);
  const wrong = right.map((n) => -n);
  const limits = { minCandidates: 64, maxCandidates: 64, maxCorrectShare: 0.5 };
  const set = contrastSets(right, wrong, limits)(makeRng(1)) ?? [];
  assert.equal(set.length, 64);
  assert.ok(set.filter((member) => member > 0).length > 10, 'as many correct ones as random draws have');
});

test('near-duplicates: white space, case and one short stretch do not make a new candidate; the answer does', () => {
  const isDuplicate = makeDuplicateFilter();
  const text = 'First we add the two numbers, then we halve the sum, and so the mean is seven.';
  assert.equal(isDuplicate(text, '7'), false);
  assert.equal(isDuplicate(text.toUpperCase().replaceAll(' ', '\n'), '7'), true);
  assert.equal(isDuplicate(text.replace('halve', 'split'), '7'), true);
  assert.equal(isDuplicate(text.replace('halve the sum', 'take the half of what came out'), '7'), false);
  assert.equal(isDuplicate(text, '8'), false);
  assert.equal(isDuplicate('', undefined), false);
  assert.equal(isDuplicate('', undefined), true);
});

test('thousands of like candidates are filtered in linear time', () => {
  const isDuplicate = makeDuplicateFilter();
  let compared = 0;
  for (let i = 0; i < 5000; i++) compared += isDuplicate(`${i} `.repeat(200), '1') ? 0 : 1;
  assert.ok(compared > 4000);
});

test('arranging keeps the members and evens the positions out', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }), fc.nat(), (flags, seed) => {
      const balance = makePositionBalance();
      const rng = makeRng(seed);
      const members = flags.map((correct, id) => ({ correct, id }));
      for (let i = 0; i < 40; i++) {
        const order = balance.arrange(members, rng);
        assert.deepEqual(new Set(order), new Set(members));
      }
      const counts = balance.counts()[0]?.correct_at ?? [];
      const right = flags.filter(Boolean).length;
      assert.equal(
        counts.reduce((a, b) => a + b, 0),
        40 * right,
      );
      if (right === 1) assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }),
  );
});

test('contamination: equal problems and 13 shared words are found, signs and 12 words are not', () => {
  const sentence = 'one two three four five six seven eight nine ten eleven twelve thirteen';
  const set = {
    name: 'held-out',
    problems: [
      groupOf('a', [], { words: 'Compute $\\dfrac{1}{2} - 3$.' }).problem,
      groupOf('b', [], { words: `Before, ${sentence}; after that.` }).problem,
    ],
  };
  const find = makeOverlapFinder([set]);
  const asked = (words: string) => find(groupOf('t', [], { words }).problem.question);
  assert.deepEqual(
    [asked('compute \\( \\frac{1}{2}-3 \\)')?.rule, asked('compute \\( \\frac{1}{2}-3 \\)')?.problem_id],
    ['equal', 'a'],
  );
  assert.equal(asked('Compute $\\frac{1}{2} + 3$.'), undefined);
  assert.deepEqual(asked(`Quite another start. ${sentence.toUpperCase()}, another end.`), {
    set: 'held-out',
    problem_id: 'b',
    rule: 'shared-words',
    evidence: sentence,
  });
  assert.equal(asked(`Other words ${sentence.slice(4)} and an end.`), undefined);
});

test('the tokens counted for a set are never fewer than its rendered prompt has', async () => {
  const prompts = await openTaskPrompts();
  const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('a\n\n<|im_end|>\nb </think>'));
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 2, maxLength: 16 }), anyText, (texts, words) => {
      const problem = problemFields(groupOf('p', [], { words }).problem);
      const task: SelectionTask = {
        id: 'p#0',
        ...problem,
        candidates: texts.map((text, sample_index) => ({ text, sample_index })),
        correct: texts.map(() => false),
        source: {},
        pass_rate: 0,
      };
      const whole = estimateTokens(prompts.select(task).messages?.[0]?.content ?? '');
      const empty = emptyPromptTokens(problem, prompts.select, estimateTokens);
      const counted = texts.reduce((sum, text) => sum + quotedTokens(text, estimateTokens), empty);
      assert.ok(counted >= whole, `${counted} counted, ${whole} in the prompt`);
    }),
    { numRuns: 40 },
  );
});
