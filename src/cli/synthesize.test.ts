import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'winnow-synthesize-'));
const at = (name: string): string => path.join(folder, name);
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function winnow(...words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const lines = (name: string): readonly Readonly<Record<string, unknown>>[] =>
  readFileSync(at(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const rows = gunzipSync(readFileSync(new URL('../../assets/quickstart/pool.jsonl.gz', import.meta.url)))
  .toString()
  .trim()
  .split('\n');

/** Two of the quickstart's problems have the contrast that a task needs under the usual rules; these are all of its samples. */
before(() => {
  writeFileSync(at('pool.jsonl'), `${rows.join('\n')}\n`);
  const students = ['a', 'b'].flatMap((id) =>
    [0, 1, 2, 3].map((sample_index) => ({
      ...{ problem_id: id, problem: `What is ${id}?`, gold: '7', sample_index },
      completion: `${'wxyz'[sample_index]} says \\boxed{${sample_index + (id === 'a' ? 4 : 0)}}`,
    })),
  );
  writeFileSync(at('student.jsonl'), students.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const teachers = ['a', 'b'].map((id) => ({
    ...{
      problem_id: `t-${id}`,
      problem: `What is ${id}?`,
      gold: '7',
      sample_index: 0,
      completion: 'It is \\boxed{7}.',
    },
  }));
  writeFileSync(at('teacher.jsonl'), teachers.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(at('others.jsonl'), JSON.stringify({ ...teachers[0], problem: 'What else?' }));
  writeFileSync(at('held-out.jsonl'), JSON.stringify({ id: 'e', problem: 'what is A ?', answer: '7' }));
});

test('select: tasks of real outputs with a summary beside them, byte for byte the same for one seed', async () => {
  const command = [
    'synthesize',
    'select',
    at('pool.jsonl'),
    '--labels',
    'correct_by_source',
    '--out',
    at('tasks.jsonl'),
  ];
  const first = await winnow(...command, '--json', '--seed', '3');
  assert.equal(first.code, 0, first.stderr);
  assert.doesNotMatch(first.stdout, /"[a-z_]+[A-Z]\w*":/, 'all names are in snake case');
  const summary = JSON.parse(first.stdout);
  const tasks = lines('tasks.jsonl');
  assert.equal(summary.tasks.kept, tasks.length);
  assert.ok(tasks.length > 0);
  for (const task of tasks) {
    assert.deepEqual(Object.keys(task).sort(), [
      ...['candidates', 'correct', 'domain', 'id', 'pass_rate', 'problem', 'problem_id', 'source'],
    ]);
    const source = task.source as Readonly<Record<string, string>>;
    assert.deepEqual([source.pool, source.generator?.slice(0, 12)], ['pool.jsonl', 'Qwen2.5-Math']);
  }
  const before = ['tasks.jsonl', 'tasks.jsonl.summary.json'].map((name) => readFileSync(at(name), 'utf8'));
  assert.equal((await winnow(...command, '--json', '--seed', '3')).code, 0);
  assert.deepEqual(
    ['tasks.jsonl', 'tasks.jsonl.summary.json'].map((name) => readFileSync(at(name), 'utf8')),
    before,
  );
});

test('select: graded, in verl columns of a Parquet file, with the reward beside it', async () => {
  const { code, stdout, stderr } = await winnow(
    ...['synthesize', 'select', at('student.jsonl'), '--out', at('verl/train.parquet'), '--format', 'verl'],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /selection tasks of 1 problems/);
  assert.match(stdout, /1 have no correct sample/);
  assert.deepEqual(readdirSync(at('verl')).sort(), ['train.parquet', 'train.parquet.summary.json', 'winnow_reward.py']);
});

test('refine: targets of a teacher, direct examples, and a problem of an evaluation set left out', async () => {
  const { code, stderr } = await winnow(
    ...['synthesize', 'refine', at('student.jsonl'), '--teacher', at('teacher.jsonl'), '--out', at('refine.jsonl')],
    ...['--decontaminate', at('held-out.jsonl')],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    lines('refine.jsonl').map(({ problem_id, kind, target, gold }) => [problem_id, kind, target, gold]),
    [
      ['b', 'refine', 'It is \\boxed{7}.', '7'],
      ['b', 'direct', 'It is \\boxed{7}.', '7'],
    ],
  );
  assert.deepEqual(lines('refine.jsonl.removed.jsonl'), [
    {
      ...{ problem_id: 'a', evaluation_set: at('held-out.jsonl'), evaluation_problem_id: 'e' },
      ...{ rule: 'equal', evidence: 'what is A ?' },
    },
  ]);
});

test('what cannot give a task is said, with what to do, and nothing is written', async () => {
  const withoutGold = readFileSync(at('student.jsonl'), 'utf8').replaceAll(',"gold":"7"', '');
  writeFileSync(at('no-gold.jsonl'), withoutGold);
  writeFileSync(at('empty.jsonl'), '');
  writeFileSync(
    at('all-wrong.jsonl'),
    readFileSync(at('student.jsonl'), 'utf8').replaceAll('"gold":"7"', '"gold":"99"'),
  );
  const out = ['--out', at('nothing/tasks.jsonl')];
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['select', at('all-wrong.jsonl'), ...out],
      /correct and wrong candidates, but of its 2 problems 2 have no correct sample/,
    ],
    [['select', at('no-gold.jsonl'), ...out], /every problem needs a gold answer .* none of 2 has one \(a, b\)/],
    [['select', at('empty.jsonl'), ...out], /empty\.jsonl holds no rows/],
    [['select', at('student.jsonl'), '--labels', 'ok', ...out], /no sample has a label "ok"/],
    [['select', at('student.jsonl'), '--out', at('student.jsonl')], /which would be lost/],
    [
      ['refine', at('student.jsonl'), '--teacher', at('teacher.jsonl'), '--out', at('teacher.jsonl')],
      /which would be lost/,
    ],
    [['select', at('folder'), '--out', at('folder/samples.jsonl')], /is a part of, .*folder, which would be lost/],
    [['select', at('student.jsonl'), '--out', '-', '--json'], /but not both/],
    [['refine', at('student.jsonl'), '--teacher', at('others.jsonl'), ...out], /none of 2 was found there/],
    [['refine', at('student.jsonl'), '--candidates', '9', ...out], /2 have too few usable candidates/],
    [['problems', 'aime2025', ...out], /there is no data set "aime2025"/],
  ];
  for (const [words, message] of cases) {
    const { code, stderr } = await winnow('synthesize', ...words);
    assert.equal(code, 2, `${words.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
    assert.ok(!existsSync(at('nothing')), words.join(' '));
  }
  assert.equal(lines('student.jsonl').length, 8);
});

test('a line that is not JSON is named, the rest counts, and the exit code is 2', async () => {
  writeFileSync(at('broken.jsonl'), readFileSync(at('student.jsonl'), 'utf8').replace('{', '{broken'));
  const { code, stderr, stdout } = await winnow(
    ...['synthesize', 'select', at('broken.jsonl'), '--out', at('some.jsonl'), '--json', '--quiet'],
  );
  assert.equal(code, 2);
  assert.match(stderr, /line 1/);
  assert.equal(JSON.parse(stdout).candidates.read, 7);
});
