import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestServer, type TestServer, type TestServerOptions } from '../model/testkit.ts';

/** The exit codes of commands that ask a judge, against a server that misbehaves. */

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'winnow-judge-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const temp = (name: string): string => path.join(folder, name);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function winnow(...line: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...line], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** A pool of problems that need a judge, which the server's prompts tell by their names. */
function pool(name: string, problems: number): string {
  const rows = Array.from({ length: problems }, (_, p) =>
    ['1', '2', '3'].map((answer) => ({
      problem_id: `p${p}`,
      problem: `Problem p${p}.`,
      gold: '1',
      completion: `\\boxed{${answer}}`,
    })),
  );
  const text = rows.flat().map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(temp(name), text.join(''));
  return temp(name);
}

async function withServer(options: TestServerOptions, use: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer({ respond: () => ({ text: 'Judgment: 0' }), ...options });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const evaluate = (file: string, { baseUrl }: TestServer, ...more: readonly string[]): Promise<Ran> =>
  winnow(
    ...['evaluate', file, '--methods', 'genselect', '--k', '3', '--judge', `${baseUrl}#judge`],
    ...['--json', '--quiet', ...more],
  );

test('a judge that answers exits with 0, one that fails on some problems with 1, with a note of it', async () => {
  await withServer({}, async (server) => {
    assert.equal((await evaluate(pool('good.jsonl', 2), server)).code, 0);
  });
  // What is answered by 400 is not tried again, and does not count towards a lost judge.
  const fault: TestServerOptions['fault'] = ({ prompt }) =>
    prompt.includes('Problem p1.') ? { status: 400 } : undefined;
  await withServer({ fault }, async (server) => {
    const { code, stdout, stderr } = await evaluate(pool('some.jsonl', 2), server);
    assert.equal(code, 1, stderr);
    assert.match(JSON.parse(stdout).notes.join('\n'), /genselect.* fell back in 1 of 2 runs .*refused/);
  });
});

test('a judge that refuses everything exits with 3, and the report says that no figure is its own', async () => {
  await withServer({ fault: () => ({ status: 400 }) }, async (server) => {
    const { code, stdout } = await evaluate(pool('refused.jsonl', 2), server);
    assert.equal(code, 3);
    assert.match(JSON.parse(stdout).notes.join('\n'), /fell back in 2 of 2 runs/);
  });
});

test('a judge that is gone, asks for a key or never answers exits with 3 and leaves no report', async () => {
  const cases: readonly (readonly [TestServerOptions['fault'], RegExp])[] = [
    [() => ({ status: 401 }), /401/],
    [() => 'hang', /has not replied once, and failed 3 times; the last: .*--timeout/s],
  ];
  for (const [fault, message] of cases) {
    await withServer({ fault: fault as NonNullable<TestServerOptions['fault']> }, async (server) => {
      const run = await evaluate(pool('lost.jsonl', 20), server, '--out', temp('lost'), '--timeout', '0.2');
      assert.equal(run.code, 3, run.stderr);
      assert.match(run.stderr, message);
      assert.equal(JSON.parse(run.stdout).error.code === 'internal', false);
      assert.ok(!existsSync(temp('lost')), 'nothing is left behind');
    });
  }
  const gone = await startTestServer();
  await gone.close();
  const { code, stderr } = await winnow('solve', 'What is 1?', '--model', `${gone.baseUrl}#m`, '--quiet');
  assert.equal(code, 3);
  assert.match(stderr, /no connection to/);
});

test('an evaluation that was killed leaves a part, which the next one removes', async () => {
  const file = pool('killed.jsonl', 2);
  const parts = (): string[] => readdirSync(temp('killed')).filter((name) => name.endsWith('.part'));
  await withServer({ fault: () => 'hang' }, async ({ baseUrl, requests }) => {
    const line = [
      'evaluate',
      file,
      '--methods',
      'genselect',
      '--k',
      '3',
      '--judge',
      `${baseUrl}#j`,
      '--out',
      temp('killed'),
    ];
    const child = spawn(process.execPath, [MAIN, ...line], { stdio: 'ignore' });
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  assert.equal(parts().length, 1);
  assert.equal((await winnow('evaluate', file, '--quiet', '--out', temp('killed'))).code, 0);
  assert.deepEqual(parts(), []);
});

test('of a pool that is only a journal, the manifest of an evaluation names the journal and the problems', async () => {
  writeFileSync(temp('problems.jsonl'), '{"id": "a", "problem": "Q", "answer": "1"}\n');
  await withServer({ respond: () => ({ text: '\\boxed{1}' }) }, async ({ baseUrl }) => {
    const line = ['sample', '--problems', temp('problems.jsonl'), '--out', temp('drawn'), '--n', '2'];
    assert.equal((await winnow(...line, '--model', `${baseUrl}#m`)).code, 0);
  });
  rmSync(temp('drawn/samples.jsonl'));
  const { code, stderr } = await winnow('evaluate', temp('drawn'), '--out', temp('of-journal'), '--quiet');
  assert.equal(code, 0, stderr);
  const { data } = JSON.parse(readFileSync(temp('of-journal/manifest.json'), 'utf8'));
  assert.deepEqual(Object.keys(data), ['journal.jsonl', 'problems.jsonl']);
});

test('solve --json has the names of the files, equal for equal seeds, and the seed is 0 unless given', async () => {
  const text = 'The answer is \\boxed{4}.';
  await withServer(
    { respond: (prompt) => ({ text: prompt.includes('Judgment') ? 'Judgment: 0' : text }) },
    async (server) => {
      const solve = async (...more: readonly string[]): Promise<Record<string, never>> => {
        const line = ['solve', 'What is 2 + 2?', '--model', `${server.baseUrl}#m`, '--n', '2', '--method', 'universal'];
        const { code, stdout, stderr } = await winnow(...line, '--json', '--quiet', ...more);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
      };
      const attempt = await solve();
      const camel = new Set<string>();
      JSON.stringify(attempt, (key: string, value: unknown) => {
        if (/[a-z][A-Z]/.test(key)) camel.add(key);
        return value;
      });
      assert.deepEqual([...camel], []);
      assert.deepEqual(Object.keys(attempt), ['question', 'candidates', 'outcome', 'usage', 'timings']);
      const [first] = attempt.candidates as unknown as Record<string, unknown>[];
      assert.deepEqual(
        [first?.sample_index, first?.completion, first?.finish_reason, first?.answer],
        [0, text, 'stop', '4'],
      );
      const seedsFrom = (start: number): unknown[] => server.requests.slice(start).map(({ body }) => body.seed);
      const count = server.requests.length;
      const unseeded = seedsFrom(0);
      await solve('--seed', '0');
      assert.deepEqual(seedsFrom(count), unseeded);
      await solve('--seed', '1');
      assert.notDeepEqual(seedsFrom(2 * count), unseeded);
    },
  );
});
