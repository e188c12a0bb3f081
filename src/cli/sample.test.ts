import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { startTestServer } from '../model/testkit.ts';
import { killAndResume } from './kill-resume.testkit.ts';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'winnow-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const temp = (name: string): string => path.join(folder, name);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs winnow as a process; `onStderr` may look at what it says and end it. */
async function winnow(
  line: readonly string[],
  { input = '', interruptAfter }: { input?: string | Buffer; interruptAfter?: Promise<void> } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...line]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  child.stdin.end(input);
  void interruptAfter?.then(() => child.kill('SIGINT'));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const problems = ['a', 'b', 'c'].map((id) => JSON.stringify({ id, problem: `What is ${id}?`, answer: '1' }));
writeFileSync(temp('problems.jsonl'), `${problems.join('\n')}\n`);
const drawInto = (pool: string, url: string, ...more: string[]): string[] => [
  'sample',
  ...['--problems', temp('problems.jsonl'), '--out', temp(pool), '--model', `${url}#m`, '--n', '2', ...more],
];

test('killed at random instants and run again, a pool is the one drawn without a kill, and nothing held is asked for again', async () => {
  const result = await killAndResume({
    kills: 4,
    problems: 60,
    n: 2,
    concurrency: 4,
    delayMs: 10,
    server: { n: 'ignored' },
    seed: 3,
  });
  assert.deepEqual([result.kills, result.identical, result.repeated], [4, true, 0]);
  assert.ok(result.mostInFlight <= 4, `${result.mostInFlight} requests were lost by a kill`);
});

test('a draw says what it did, once for people and as one document for programs', async () => {
  const server = await startTestServer();
  const people = await winnow(drawInto('said', server.baseUrl));
  assert.deepEqual([people.code, people.stdout], [0, '']);
  assert.match(people.stderr, /6 samples of 3 problems in .*said, 6 of them new\. Next: winnow evaluate/);
  const programs = await winnow(drawInto('said', server.baseUrl, '--json', '--quiet', '--n', '3'));
  assert.deepEqual(JSON.parse(programs.stdout), {
    pool: temp('said'),
    rows: temp('said/samples.jsonl'),
    problems: 3,
    n: 3,
    samples: 9,
    drawn: 3,
    failures: [],
  });
  assert.equal(programs.stderr, '');
  await server.close();
});

test('an unreachable server exits with 3 and says how to go on', async () => {
  const server = await startTestServer();
  await server.close();
  const { code, stderr } = await winnow(drawInto('unreachable', server.baseUrl));
  assert.equal(code, 3);
  assert.match(stderr, /no connection to[\s\S]*run the same command again to go on/);
});

test('problems that fail exit with 1 and are named', async () => {
  const server = await startTestServer({
    fault: ({ prompt }) => (prompt.includes('b?') ? { status: 400 } : undefined),
  });
  const { code, stderr } = await winnow(drawInto('failing', server.baseUrl, '--quiet'));
  assert.equal(code, 1);
  assert.match(stderr, /winnow: b: [\s\S]*1 of 3 problems failed; run the same command again/);
  await server.close();
});

test('a server that fails on every problem exits with 3, and one that says nothing is warned of', async () => {
  const failing = await startTestServer({ fault: () => ({ status: 400 }) });
  const none = await winnow(drawInto('none', failing.baseUrl));
  await failing.close();
  assert.equal(none.code, 3);
  assert.match(none.stderr, /3 of 3 problems failed/);
  assert.doesNotMatch(none.stderr, /Next:/);
  const silent = await startTestServer({ respond: () => ({ text: '' }) });
  const empty = await winnow(drawInto('silent', silent.baseUrl, '--quiet'));
  await silent.close();
  assert.equal(empty.code, 0);
  assert.match(empty.stderr, /^winnow: every reply is empty\..*--max-tokens/);
});

test('Ctrl-C exits with 130, keeps what had come, and the next run goes on', async () => {
  let answered = (): void => {};
  const interruptAfter = new Promise<void>((resolve) => {
    answered = resolve;
  });
  let hang = true;
  const server = await startTestServer({
    fault: ({ prompt }, count) => {
      if (count === 2) setTimeout(answered, 100);
      return hang && prompt.includes('c?') ? 'hang' : undefined;
    },
  });
  const first = await winnow(drawInto('stopped', server.baseUrl), { interruptAfter });
  assert.equal(first.code, 130);
  assert.match(first.stderr, /interrupted\. All replies are kept; run the same command again to go on/);
  hang = false;
  const { code, stdout } = await winnow(drawInto('stopped', server.baseUrl, '--json'));
  assert.deepEqual([code, JSON.parse(stdout).drawn, JSON.parse(stdout).samples], [0, 2, 6]);
  await server.close();
});

test('bad input and wrong use exit with 2 and say what to do', async () => {
  writeFileSync(temp('broken.jsonl'), '{"id": "a", "problem": "Q"}\n{"id": ');
  const cases: readonly [readonly string[], RegExp][] = [
    [
      ['sample', '--problems', temp('broken.jsonl'), '--out', temp('x'), '--model', 'http://localhost:1/v1#m'],
      /broken\.jsonl:2 is not JSON/,
    ],
    [['sample', '--problems', temp('problems.jsonl'), '--out', temp('x')], /--model is missing/],
    [drawInto('x', 'http://localhost:1/v1', '--prompt', temp('problems.jsonl')), /does not contain \{problem\}/],
  ];
  for (const [line, message] of cases) {
    const { code, stderr } = await winnow(line);
    assert.match(stderr, message);
    assert.equal(code, 2);
  }
});

test('an import counts what it can use, names the lines that it cannot, and exits with 2', async () => {
  writeFileSync(
    temp('outputs.jsonl'),
    '{"id": "a", "question": "Q", "answer": 1, "response": "1"}\n{"id": "a",\n{"id": "a", "response": "2"}\n',
  );
  const { code, stdout, stderr } = await winnow([
    'import',
    temp('outputs.jsonl'),
    '--out',
    temp('imported'),
    '--json',
    '--quiet',
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /outputs\.jsonl line 2 is not JSON/);
  const { problems: count, samples, bad_lines, rows } = JSON.parse(stdout);
  assert.deepEqual([count, samples, bad_lines], [1, 2, 1]);
  assert.equal(readFileSync(rows, 'utf8').trim().split('\n').length, 2);
});

test('an import reads standard input, writes standard output, and takes a map', async () => {
  const input = '{"uuid": "a", "words": "Q", "said": "1"}\n';
  const map = ['problem_id=uuid', 'problem=words', 'completion=said'].flatMap((pair) => ['--map', pair]);
  const { code, stdout } = await winnow(['import', '-', '--out', '-', '--quiet', ...map], { input });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    problem_id: 'a',
    problem: 'Q',
    domain: 'free',
    sample_index: 0,
    completion: '1',
  });
});

test('an import reads what is piped into it as what it is, packed or a table', async () => {
  const rows = ['{"id": "a", "completion": "1"}', '{"id": "b", "completion": "2"}'].map((row) => `${row}\n`).join('');
  writeFileSync(temp('piped.jsonl'), rows);
  await winnow(['import', temp('piped.jsonl'), '--out', temp('piped.parquet')]);
  const array = JSON.stringify(
    rows
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row)),
  );
  for (const input of [rows, gzipSync(rows), zstdCompressSync(array), readFileSync(temp('piped.parquet'))]) {
    const { code, stdout, stderr } = await winnow(['import', '-', '--out', '-', '--quiet'], { input });
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row).completion),
      ['1', '2'],
    );
  }
  const { code, stderr } = await winnow(['import', '-', '--out', '-'], { input: 'BZh91AY' });
  assert.deepEqual([code, /Standard input is packed with bzip2/.test(stderr)], [2, true]);
});

test('an import warns when every completion is empty, and refuses to replace another one but for --force', async () => {
  writeFileSync(temp('empty.jsonl'), '{"id": 1, "completion": ""}\n');
  const out = ['--out', temp('kept')];
  const first = await winnow(['import', temp('empty.jsonl'), ...out, '--quiet']);
  assert.deepEqual(
    [first.code, first.stderr],
    [0, 'winnow: every completion is empty. If the texts are in another field: --map completion=NAME --force.\n'],
  );
  writeFileSync(temp('words.jsonl'), '{"id": 1, "completion": "x"}\n');
  const second = await winnow(['import', temp('words.jsonl'), ...out]);
  assert.equal(second.code, 2);
  assert.match(second.stderr, /kept is there already: 1 samples? imported from .*empty\.jsonl\.\n.*--force/);
  assert.equal((await winnow(['import', temp('words.jsonl'), ...out, '--force'])).code, 0);
});

test('an import refuses an index twice, and a pool that was drawn', async () => {
  writeFileSync(temp('twice.jsonl'), '{"id":1,"sample_index":0,"completion":"x"}\n'.repeat(2));
  const server = await startTestServer();
  await winnow(drawInto('drawn', server.baseUrl));
  await server.close();
  const cases: readonly [string, string, RegExp][] = [
    ['twice.jsonl', 'y', /sample_index 0 twice, on lines 1 and 2/],
    ['problems.jsonl', 'drawn', /holds samples that winnow sample has drawn/],
  ];
  for (const [file, out, message] of cases) {
    const { code, stderr } = await winnow(['import', temp(file), '--out', temp(out)]);
    assert.match(stderr, message);
    assert.equal(code, 2);
  }
});
