import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CodeTaskRow } from './code-task.ts';
import { gradeCode } from './grade-code.ts';
import { HOSTILE, HOSTILE_JAVASCRIPT, type HostileProgram } from './hostile-programs.testkit.ts';
import { openSandbox } from './open-sandbox.ts';
import { probeBubblewrap } from './probe.ts';
import type { Sandbox } from './sandbox.ts';

/** Short, since a tenth of the programs run until it is over. */
const LIMIT_MS = 200;
const SECRET = `canary-${Math.random().toString(36).slice(2)}`;
const TASKS: Readonly<Record<HostileProgram['against'], CodeTaskRow>> = {
  tests: {
    entry_point: 'f',
    tests:
      'def check(candidate):\n    assert candidate(3) == 9\n    assert abs(candidate(4) - 16) < 1e-6\n    assert isinstance(candidate(5), int)\n    assert len(str(candidate(6))) == 2',
  },
  equality: { tests: ['assert f(3) == 9 and f(4) == 16'] },
  loop: { tests: ['for got, want in zip(map(f, [3, 4]), [9, 16]):\n    assert got == want'] },
  mapped: { tests: ['assert f(1) == 1', 'assert all(map(lambda p: f(p[0]) == p[1], [(3, 9), (4, 16)]))'] },
  order: { tests: ['assert 8 < f(3) < 10 and f(4) >= 16 and f(4) <= 16'] },
  sets: { tests: ['assert set([f(3)]) == set([9]) and abs(f(4) - 16) < 1e-6 and len(str(f(5))) == 2'] },
  library: { tests: ['assert math.isclose(f(3), 9) and math.isclose(f(4), 16)'] },
  given: { tests: ['def g(x=3):\n    return x\n\nassert f(g) == 9', 'assert g() == 3 and f(lambda: 4) == 16'] },
  script: { stdin_tests: [{ input: '7\n', output: '49\n' }] },
  call: { fn_name: 'f', tests: [{ input: '6', output: '42', testtype: 'functional' }] },
};
const HONEST: Readonly<Record<HostileProgram['against'], string>> = {
  tests: 'def f(x): return x * x',
  equality: 'def f(x): return x * x',
  loop: 'def f(x): return x * x',
  mapped: 'def f(x): return x * x',
  order: 'def f(x): return x * x',
  sets: 'def f(x): return x * x',
  library: 'import math\ndef f(x): return math.pow(x, 2)',
  given: 'def f(g): return g() ** 2',
  script:
    'import random, math, json\nwith open("/tmp/x", "w") as f: f.write("1")\nprint(int(open("/tmp/x").read()) * sum([int(input()) ** 2]))',
  call: 'def f(x): return x * 7',
};
const JAVASCRIPT_TESTS =
  'assert.strictEqual(f(3), 9); console.assert(Math.abs(f(4) - 16) < 1e-6); assert.deepStrictEqual([f(5)], [25])';
const inJavaScript = (tests: string): CodeTaskRow => ({ language: 'javascript', tests });
const JAVASCRIPT_TASKS = {
  ...TASKS,
  tests: inJavaScript(JAVASCRIPT_TESTS),
  given: inJavaScript('assert.deepStrictEqual(f((x) => x, 4), [4])'),
  equality: inJavaScript('(async () => { assert.strictEqual(await f(3), 9) })(); 0'),
  order: inJavaScript('const got = f(3); assert(got > 8 && got < 10)'),
};
const JAVASCRIPT_HONEST = {
  ...HONEST,
  tests: 'const f = (x) => x * x',
  given: 'const f = (g, x) => [g(x)]',
  equality: 'const f = async (x) => x * x',
  order: 'const f = (x) => x * x',
};

const folder = mkdtempSync(path.join(process.env.TMPDIR ?? '/var/tmp', 'winnow-canary-'));
const canary = path.join(folder, 'canary');
let connections = 0;
const server = createServer((_request, response) => response.end(SECRET));
server.on('connection', () => {
  connections += 1;
});

writeFileSync(canary, SECRET);
process.env.WINNOW_CANARY = SECRET;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
server.unref();
process.on('exit', () => rmSync(folder, { recursive: true }));

const fill = (program: string): string =>
  program
    .replaceAll('CANARY', canary)
    .replaceAll('PORT', String((server.address() as AddressInfo).port))
    .replaceAll('SECRET', SECRET);

test('the hostile suite has at least sixty programs, each with a name of its own', () => {
  assert.ok(HOSTILE.length >= 150);
  assert.equal(new Set(HOSTILE.map(({ name }) => name)).size, HOSTILE.length);
});

const native = await probeBubblewrap();
for (const kind of ['pyodide', 'bubblewrap', 'quickjs'] as const) {
  const [programs, tasks, honest] =
    kind === 'quickjs' ? [HOSTILE_JAVASCRIPT, JAVASCRIPT_TASKS, JAVASCRIPT_HONEST] : [HOSTILE, TASKS, HONEST];
  const skip =
    kind === 'bubblewrap' && native.native === undefined ? `bubblewrap does not work here: ${native.detail}` : false;
  describe(`${kind}: hostile programs`, { skip }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ kind, workers: 2, memoryMb: 256, outputMb: 2 });
    });
    after(() => sandbox.close());

    /** Everything that a program made visible: its output, its value, what its records say. */
    async function attack({
      against,
      program,
    }: HostileProgram): Promise<{ readonly passed: boolean; readonly seen: string }> {
      const text = fill(program);
      if (against === 'script') {
        const result = await sandbox.run({
          kind: 'script',
          program: text,
          stdin: '7\n',
          timeLimitMs: LIMIT_MS * sandbox.slowness,
        });
        return { passed: result.outcome === 'passed' && result.stdout?.trim() === '49', seen: JSON.stringify(result) };
      }
      const verdict = await gradeCode(tasks[against], text, sandbox, { from: 'program', timeLimitMs: LIMIT_MS });
      return { passed: verdict.kind === 'correct', seen: JSON.stringify([verdict.detail, verdict.tests]) };
    }

    test('none passes, none reaches the host, and honest programs beside them keep their verdicts', {
      timeout: 1_800_000,
    }, async () => {
      const passed: string[] = [];
      const leaked: string[] = [];
      const harmed: string[] = [];
      await Promise.all(
        programs.map(async (hostile) => {
          const { name, against } = hostile;
          const [result, beside] = await Promise.all([
            attack(hostile),
            gradeCode(tasks[against], honest[against], sandbox, { from: 'program' }),
          ]);
          if (result.passed) passed.push(name);
          if (result.seen.includes(SECRET)) leaked.push(name);
          if (beside.kind !== 'correct') harmed.push(`${name}: ${beside.kind} ${beside.detail}`);
          if (process.env.WINNOW_SHOW === '1') console.log(name, '→', result.seen.slice(0, 150));
        }),
      );
      assert.deepEqual({ passed, leaked, harmed }, { passed: [], leaked: [], harmed: [] });
      assert.equal(existsSync(`${canary}.touched`), false);
      assert.equal(connections, 0);
    });
  });
}
