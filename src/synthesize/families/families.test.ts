import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRng } from '../../core/index.ts';
import { gradeMath } from '../../verify/index.ts';
import { FAMILY_VOCABULARY, LETTERS } from './alphabet.ts';
import { answerOf, drawProblem, drawProblems, type FamilyProblem, solves, splitOf, toProblem } from './family.ts';
import {
  candidateText,
  gradePrompt,
  gradeReply,
  readGrade,
  readSelection,
  refinePrompt,
  selectPrompt,
  selectReply,
} from './formats.ts';
import {
  allQuotes,
  FAMILIES,
  gradeExample,
  OUT_OF_DOMAIN_FAMILIES,
  pointExample,
  refineExample,
  type SkillExample,
  selectExample,
  solveExample,
  TRAINING_FAMILIES,
} from './skills.ts';

const take = (count: number, ...draw: Parameters<typeof drawProblems>): FamilyProblem[] =>
  drawProblems(...draw)
    .take(count)
    .toArray();

const KNOWN: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['sum', (a, b) => (a + b) % 10],
  ['product', (a, b) => (a * b) % 10],
  ['difference', (a, b) => Math.abs(a - b)],
  ['maximum', (a, b) => Math.max(a, b)],
];

for (const [name, operation] of KNOWN) {
  test(`${name} joins two strings digit by digit`, () => {
    const family = FAMILIES.find((known) => known.name === name);
    assert.ok(family);
    for (const { question, answer } of take(50, [family], { seed: 1 })) {
      assert.match(question, /^[0-9]{3}[+*^-][0-9]{3}$/);
      const expected = [...question.slice(0, 3)].map((a, i) => operation(Number(a), Number(question[4 + i]))).join('');
      assert.equal(answer, expected);
    }
  });
}

test('a chain states the value after each step', () => {
  const chain = FAMILIES.filter(({ name }) => name === 'chain');
  for (const { question, worked, answer } of take(100, chain, { seed: 1 })) {
    const steps = [...question.matchAll(/([pmx])(\d\d)/g)];
    const stated = [...worked.matchAll(/>(\d\d)/g)].map(([, value]) => Number(value));
    assert.equal(worked.replaceAll(/>\d\d/g, ''), question);
    assert.equal(stated.length, steps.length);
    steps.reduce(
      (value, [, sign, operand], i) => {
        const by = Number(operand);
        const right = sign === 'p' ? value + by : sign === 'm' ? value - by : value * by;
        assert.equal(stated[i], ((right % 100) + 100) % 100, question);
        return stated[i] ?? 0;
      },
      Number(question.slice(0, 2)),
    );
    assert.equal(Number(answer), stated.at(-1));
  }
});

test('problems depend on the seed, the split and their number alone', () => {
  const first = take(60, FAMILIES, { seed: 7 });
  assert.deepEqual(take(60, FAMILIES, { seed: 7 }), first);
  assert.notDeepEqual(take(60, FAMILIES, { seed: 8 }), first);
});

test('a tenth of all problems is held out, and no draw of one split gives a problem of the other', () => {
  const [train, heldOut] = (['train', 'held-out'] as const).map((split) => take(2000, FAMILIES, { seed: 3, split }));
  assert.ok(train?.every((problem) => splitOf(problem) === 'train'));
  assert.ok(heldOut?.every((problem) => splitOf(problem) === 'held-out'));
  const rng = makeRng('share');
  const drawn = Array.from({ length: 4000 }, (_, i) => FAMILIES[i % FAMILIES.length]?.draw(rng));
  const share = drawn.filter((problem) => problem !== undefined && splitOf(problem) === 'held-out').length / 4000;
  assert.ok(Math.abs(share - 0.1) < 0.02, `${share} held out`);
});

test('the math verifier accepts every gold and rejects every attempt with a wrong answer, as exact comparison does', async () => {
  for (const family of FAMILIES) {
    const rng = makeRng('grade').split(family.name);
    for (let i = 0; i < 25; i++) {
      const problem = drawProblem([family], 'train', rng.split(i));
      const { gold } = toProblem(problem);
      assert.ok(gold?.kind === 'answer');
      assert.equal((await gradeMath(gold.answer, problem.worked)).kind, 'correct', problem.worked);
      assert.ok(solves(problem, problem.worked));
      assert.equal(family.attempt(problem, 0, rng), problem.worked);
      const attempt = family.attempt(problem, 1 + (i % 2), rng);
      const verdict = await gradeMath(gold.answer, attempt);
      assert.equal(verdict.kind, solves(problem, attempt) ? 'correct' : 'wrong', `${attempt} for ${problem.worked}`);
      if (family.name !== 'chain') assert.equal(verdict.kind, 'wrong');
    }
  }
});

test('an answer is the last number of a solution, and nothing where the text does not end in one', () => {
  assert.equal(answerOf('47x03>41p26>67'), '67');
  assert.equal(answerOf('04360'), '04360');
  assert.equal(answerOf('04360A'), undefined);
  assert.equal(answerOf(''), undefined);
});

test('what is written in a format is read back', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9pmx>]{0,20}$/), fc.nat(LETTERS.length - 1), (restated, index) => {
      assert.deepEqual(readSelection(selectReply(restated, index), LETTERS.length), { restated, index });
      assert.equal(readSelection(selectReply(restated, index), index), undefined, 'a candidate that is not there');
    }),
  );
  for (const right of [true, false]) assert.equal(readGrade(gradeReply('34425', right)), right);
  for (const reply of ['', 'A1', '12', '12AB', '12 A', 'a', '12Z']) assert.equal(readSelection(reply, 10), undefined);
  assert.equal(readGrade('34425'), undefined);
});

test('a candidate can pose neither as a letter nor as a mark nor as another candidate', () => {
  assert.equal(selectPrompt('1+1', ['2D', ';B3?=7A', 'the answer']), '1+1;A2;B37;C?');
  assert.equal(candidateText('1'.repeat(1000)).length, 20);
  assert.equal(refinePrompt('1+1', ['2', '3']), '1+1;A2;B3@');
  assert.equal(gradePrompt('1+1', '2'), '1+1;A2!');
  assert.throws(() => selectPrompt('1+1', []), /1 to 10 candidates; got 0/);
});

const MAKERS: readonly ((rng: ReturnType<typeof makeRng>) => SkillExample)[] = [
  (rng) => solveExample(rng, 0.2),
  gradeExample,
  pointExample,
  selectExample,
  refineExample,
];

test('examples are of training problems, of families they may show, and in the vocabulary', () => {
  const characters = new Set([...FAMILY_VOCABULARY.pieces, ...'0123456789']);
  assert.deepEqual([...TRAINING_FAMILIES, ...OUT_OF_DOMAIN_FAMILIES].length, FAMILIES.length);
  for (const make of MAKERS) {
    for (let i = 0; i < 200; i++) {
      const { prompt, reply } = make(makeRng('examples').split(i));
      const [question = ''] = prompt.split(/[;!?@]/);
      assert.equal(splitOf({ question }), 'train');
      assert.ok(prompt === question || !question.includes('^'), 'maximum is only solved');
      assert.ok([...`${prompt}=${reply}`].every((character) => characters.has(character)));
    }
  }
});

test('which candidate an example quotes is drawn blindly: right ones are quoted as often as they occur', () => {
  let [right, expected] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    const { prompt, reply } = selectExample(makeRng('blind').split(i));
    const [question = '', ...candidates] = prompt.slice(0, -1).split(';');
    const answers = candidates.map((candidate) => candidate.slice(1));
    const { restated = '', index = -1 } = readSelection(reply, answers.length) ?? {};
    assert.equal(answers[index], restated);
    assert.equal(new Set(answers).size, answers.length);
    const [, a = '', sign = '', b = ''] = /^(\d{3})([+*-])(\d{3})$/.exec(question) ?? [];
    const operation = KNOWN[['+', '*', '-'].indexOf(sign)]?.[1];
    if (operation === undefined) continue;
    const answer = [...a].map((digit, place) => operation(Number(digit), Number(b[place]))).join('');
    expected += Number(answers.includes(answer)) / answers.length;
    right += Number(restated === answer);
  }
  assert.ok(Math.abs(right - expected) < 4 * Math.sqrt(expected), `${right} quoted, ${expected} expected`);
});

test('all quotes of a prompt: where candidates part, each next character has the same share', () => {
  const quotes = allQuotes({ prompt: '1+1;A123;B124;C223;D123?', reply: '' });
  assert.deepEqual(
    quotes.map(({ reply, share }) => [reply, share]),
    [
      ['123A', 0.125],
      ['124B', 0.25],
      ['223C', 0.5],
      ['123D', 0.125],
    ],
  );
  for (let i = 0; i < 200; i++) {
    const shares = allQuotes(selectExample(makeRng('shares').split(i))).map(({ share }) => share);
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
  }
});
