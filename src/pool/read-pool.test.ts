import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { importPool } from './import-pool.ts';
import { type PoolQuestion, type ReadPoolOptions, readPool } from './read-pool.ts';
import { temporaryFolder } from './temp-folder.testkit.ts';

const temp = temporaryFolder();

async function questions(file: string, options: ReadPoolOptions = {}): Promise<PoolQuestion[]> {
  const list: PoolQuestion[] = [];
  for await (const question of readPool(file, options)) list.push(question);
  return list;
}

function write(name: string, rows: readonly (object | string)[]): string {
  writeFileSync(temp(name), rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''));
  return temp(name);
}

test('rows come together by problem, in order of appearance and of index, wherever they stand', async () => {
  const rows = fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c"', 'ü'), index: fc.nat({ max: 9 }) }), {
    selector: ({ id, index }) => `${id}/${index}`,
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (samples, idFirst) => {
      const row = ({ id, index }: { id: string; index: number }): object => {
        const rest = { sample_index: index, completion: `${id}${index}` };
        return idFirst ? { problem_id: id, ...rest } : { ...rest, problem_id: id };
      };
      const found = await questions(write('any.jsonl', samples.map(row)));
      const ids = [...new Set(samples.map(({ id }) => id))];
      assert.deepEqual(
        found.map(({ problem }) => problem.question.id),
        ids,
      );
      for (const { problem, samples: texts, lines } of found) {
        const { id } = problem.question;
        const own = samples.map((sample, i) => ({ ...sample, line: i + 1 })).filter((sample) => sample.id === id);
        own.sort((a, b) => a.index - b.index);
        assert.deepEqual(
          texts.map(({ text }) => text),
          own.map(({ index }) => `${id}${index}`),
        );
        assert.deepEqual(
          lines,
          own.map(({ line }) => line),
        );
      }
    }),
  );
});

test('rows without an index get the free ones in file order', async () => {
  const [question] = await questions(
    write('free.jsonl', [
      { id: 'a', completion: 'x' },
      { id: 'a', completion: 'y', sample_index: 0 },
      { id: 'a', completion: 'z' },
    ]),
  );
  assert.deepEqual(
    question?.samples.map(({ index, text }) => [index, text]),
    [
      [0, 'y'],
      [1, 'x'],
      [2, 'z'],
    ],
  );
});

test('an index twice is refused with both lines, unless models or runs differ', async () => {
  const row = { problem_id: 'a', completion: 'x', sample_index: 3 };
  const other = { problem_id: 'b', completion: 'x' };
  await assert.rejects(
    questions(write('twice.jsonl', [row, other, row])),
    /problem a has sample_index 3 twice, on lines 1 and 3/,
  );
  const two = write('two.jsonl', [
    { ...row, model: 'm' },
    { ...row, model: 'n' },
    { ...row, model: 'n', run: 'r' },
  ]);
  const [question] = await questions(two);
  assert.deepEqual(
    question?.samples.map(({ model }) => model),
    ['m', 'n', 'n'],
  );
  assert.deepEqual(question?.runs, [undefined, undefined, 'r']);
});

test('a bad line is told and the rest counts; without a listener it is thrown', async () => {
  const file = write('bad.jsonl', [
    { problem_id: 'a', completion: 'x' },
    '{"problem_id":"a",',
    '"text"',
    { problem_id: 'b' },
    { completion: 'y' },
  ]);
  const problems: string[] = [];
  const found = await questions(file, { onProblem: ({ line, problem }) => problems.push(`${line} ${problem}`) });
  assert.equal(found.length, 1);
  assert.deepEqual(problems.map((text) => text.split(' ', 4).join(' ')).sort(), [
    '2 is not JSON',
    '3 is not a',
    '4 has no completion',
    '5 has neither a',
  ]);
  await assert.rejects(questions(file), /bad\.jsonl:\d has neither|bad\.jsonl:\d is not/);
});

test('a file of bad lines only is refused with the first of them', async () => {
  const file = write('all-bad.jsonl', [{ id: 1, text_of_model: 'x' }]);
  await assert.rejects(questions(file, { onProblem: () => {} }), /No row of .* can be used; line 1 has no completion/);
});

test('rows that disagree on the gold are told, and the first one counts', async () => {
  const notes: string[] = [];
  const file = write('golds.jsonl', [
    { id: 'a', problem: 'P', answer: '1', completion: 'x' },
    { id: 'a', problem: 'P', answer: '2', completion: 'y' },
  ]);
  const [question] = await questions(file, { onNote: (note) => notes.push(note) });
  assert.deepEqual(question?.problem.gold, { kind: 'answer', answer: '1' });
  assert.match(notes.join(), /the gold on line 2 differs from the one on line 1/);
});

test('a pool that is not there, or a folder that is none, is refused in words', async () => {
  write('samples.jsonl', [{ id: 1, completion: 'x' }]);
  await assert.rejects(questions(temp('smaples.jsonl')), /There is no file/);
  await assert.rejects(questions(temp('..')), /is not a pool/);
});

const DATA = '../shared/data';
const skip = existsSync(DATA) ? false : 'shared data not here';
const RECORDED: Readonly<Record<string, readonly [problems: number, samples: number]>> = {
  'math_samples/mathcoder_gsm8k_8runs.jsonl': [651, 5208],
  'math_samples/nemo_skills_50x3.jsonl': [19, 57],
  'math_samples/qwen25_math_100x8_rm.jsonl': [53, 424],
  'math_samples/rho_math500_4models.jsonl': [240, 960],
  'code/codet_humaneval_codegen16b_n100.jsonl': [73, 7300],
  'code/cruxeval_input_codellama7b_n10.jsonl': [391, 3910],
  'code/cruxeval_output_codellama7b_n10.jsonl': [391, 3910],
  'code/reflexion_humaneval_solutions.jsonl': [73, 393],
  'code/reflexion_mbpp_solutions.jsonl': [184, 673],
};

for (const [file, [problems, samples]] of Object.entries(RECORDED)) {
  test(`${file} imports without a map, and the pool reads the same as the file`, { skip }, async () => {
    const imported = await importPool(`${DATA}/${file}`, temp('imported.parquet'), { force: true });
    assert.deepEqual([imported.problems, imported.samples], [problems, samples]);
    const withoutLines = (found: PoolQuestion): object => ({ ...found, lines: [] });
    const before = (await questions(`${DATA}/${file}`)).map(withoutLines);
    assert.deepEqual((await questions(temp('imported.parquet'))).map(withoutLines), before);
  });
}

test('metrics/n_c_tables.jsonl: tables of counts become samples of each model', { skip }, async () => {
  let [problems, samples, passed] = [0, 0, 0];
  for await (const { labels } of readPool(`${DATA}/metrics/n_c_tables.jsonl`)) {
    problems++;
    samples += labels.length;
    passed += labels.filter((label) => label.passed === true).length;
  }
  const tables = readFileSync(`${DATA}/metrics/n_c_tables.jsonl`, 'utf8').trim().split('\n');
  const counts = tables.flatMap((line) =>
    Object.values((JSON.parse(line) as { tasks: Record<string, [number, number]> }).tasks),
  );
  assert.deepEqual([samples, passed], [sum(counts.map(([n]) => n)), sum(counts.map(([, c]) => c))]);
  assert.equal(problems, 946);
});

function sum(values: readonly number[]): number {
  return values.reduce((left, right) => left + right, 0);
}
