import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { gradeCode } from './grade-code.ts';
import { openSandbox } from './open-sandbox.ts';
import { probeBubblewrap, probeSandboxes } from './probe.ts';
import type { Sandbox, SandboxKind, ScriptJob } from './sandbox.ts';

/** The same small programs in each sandbox's language. */
const PROGRAMS = {
  python: {
    echo: 'import sys\nprint(sys.stdin.read().upper(), end="")',
    loop: 'while True: pass',
    flood: 'while True: print("a" * 10000)',
    greedy: 'x = []\nwhile True: x.append(bytes(1 << 20))',
    fails: 'raise ValueError("no")',
    leaves: 'import sys\nprint("done")\nsys.exit(0)',
    leavesBadly: 'import sys\nprint("done")\nsys.exit(3)',
    square: 'def f(x):\n    return x * x',
    remembers:
      'import sys, os\nprint(getattr(sys, "mark", 0), os.path.exists("/tmp/mark"), os.path.exists("/dev/shm/mark"), os.path.exists("/tmp/__proto__"))\nsys.mark = 1\ntry: open("/tmp/__proto__", "w").close()\nexcept OSError: pass\nfor p in ("/tmp", "/dev/shm"):\n  try:\n    os.mkdir(p + "/mark"); open(p + "/mark/x", "w").close(); os.chmod(p + "/mark", 0); os.chmod(p, 0)\n  except OSError: pass',
    fresh: '0 False False False\n',
    append: 'def f(items, x):\n    items.append(x)',
    assertSquare: ['assert f(3) == 9', 'assert f(-2) == 4'],
    assertWrong: ['assert f(3) == 8', 'assert f(-2) == 4'],
    assertAppend: ['items = [1]\nf(items, 2)\nassert items == [1, 2]'],
    assertCallback: ['assert apply(lambda x: x + 1, 4) == 5'],
    apply: 'def apply(g, x): return g(x)',
    broken: 'assert f(3 ==',
  },
  javascript: {
    echo: 'process.stdout.write(require("fs").readFileSync(0, "utf8").toUpperCase())',
    loop: 'while (true);',
    flood: 'while (true) console.log("a".repeat(10000))',
    greedy: 'const x = []; while (true) x.push(new Uint8Array(1 << 20))',
    fails: 'throw new TypeError("no")',
    leaves: 'console.log("done"); process.exit(0)',
    leavesBadly: 'console.log("done"); process.exit(3)',
    square: 'const f = (x) => x * x',
    remembers: 'console.log(globalThis.mark ?? 0); globalThis.mark = 1',
    fresh: '0\n',
    append: 'function f(items, x) { items.push(x) }',
    assertSquare: ['assert.strictEqual(f(3), 9)', 'console.assert(f(-2) === 4)'],
    assertWrong: ['assert.strictEqual(f(3), 8)', 'console.assert(f(-2) === 4)'],
    assertAppend: ['const items = [1]; f(items, 2); assert.deepStrictEqual(items, [1, 2])'],
    assertCallback: ['assert.strictEqual(apply((x) => x + 1, 4), 5)'],
    apply: 'const apply = (g, x) => g(x)',
    broken: 'assert(f(3 ===',
  },
} as const;

const native = await probeBubblewrap();
const KINDS: readonly SandboxKind[] = ['pyodide', 'bubblewrap', 'quickjs'];
for (const kind of KINDS) {
  const skip =
    kind === 'bubblewrap' && native.native === undefined ? `bubblewrap does not work here: ${native.detail}` : false;
  describe(`every sandbox keeps the same promises: ${kind}`, { skip }, () => {
    const programs = PROGRAMS[kind === 'quickjs' ? 'javascript' : 'python'];
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ kind, workers: 2, memoryMb: 128, outputMb: 1 });
    });
    after(() => sandbox.close());
    const script = (program: string, stdin = ''): ScriptJob => ({
      kind: 'script',
      program,
      stdin,
      timeLimitMs: 5000 * sandbox.slowness,
    });

    test('a script gets its input and its output is whole', async () => {
      const text = 'naïve ✓ line\n'.repeat(2000);
      const result = await sandbox.run(script(programs.echo, text));
      assert.equal(result.outcome, 'passed');
      assert.equal(result.stdout, text.toUpperCase());
    });

    test('a call gets JSON arguments and gives a JSON value', async () => {
      const result = await sandbox.run({
        kind: 'call',
        program: programs.square,
        name: 'f',
        arguments: ['12'],
        timeLimitMs: 5000,
      });
      assert.deepEqual([result.outcome, result.value], ['passed', '144']);
    });

    test('assert-style tests give one record each, and changed arguments are seen', async () => {
      const run = (program: string, tests: readonly string[]) =>
        sandbox.run({ kind: 'tests', program, tests, timeLimitMs: 5000 });
      const outcomes = async (program: string, tests: readonly string[]) =>
        (await run(program, tests)).records?.map(({ outcome }) => outcome);
      assert.deepEqual(await outcomes(programs.square, programs.assertSquare), ['passed', 'passed']);
      assert.deepEqual(await outcomes(programs.square, programs.assertWrong), ['failed', 'passed']);
      assert.deepEqual(await outcomes(programs.append, programs.assertAppend), ['passed']);
      assert.deepEqual(await outcomes(programs.apply, programs.assertCallback), ['passed']);
    });

    test('what goes wrong is named', async () => {
      const outcome = async (program: string, timeLimitMs = 5000 * sandbox.slowness) =>
        (await sandbox.run({ ...script(program), timeLimitMs })).outcome;
      assert.equal(await outcome(programs.fails), 'exception');
      assert.equal(await outcome(programs.loop, 300), 'timeout');
      assert.equal(await outcome(programs.flood), 'output-limit');
      assert.equal(await outcome(programs.greedy), 'memory');
      assert.equal(await outcome(programs.leavesBadly), 'exception');
    });

    test('leaving with status 0 ends a script well', async () => {
      const result = await sandbox.run(script(programs.leaves));
      assert.deepEqual([result.outcome, result.stdout], ['passed', 'done\n']);
    });

    test('nothing of one run is seen by the next', async () => {
      for (let i = 0; i < 4; i++) assert.equal((await sandbox.run(script(programs.remembers))).stdout, programs.fresh);
    });

    test('numbers drawn at random are the same in each run', {
      skip: kind === 'quickjs' && 'Python only',
    }, async () => {
      const program = 'import random\nprint(random.random(), random.getrandbits(64))';
      const runs = await Promise.all(Array.from({ length: 4 }, () => sandbox.run(script(program))));
      assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1);
    });

    const oneCore = availableParallelism() === 1 && 'this machine has one core';
    const others = kind !== 'bubblewrap' && 'only bubblewrap chooses cores';
    test('a run begins on one core, and may use all when it is long', { skip: others || oneCore }, async () => {
      const program = [
        'import os, time',
        'cores = [len(os.sched_getaffinity(0))]',
        'end = time.process_time() + 4',
        'while time.process_time() < end and cores[-1] == cores[0]: cores.append(len(os.sched_getaffinity(0)))',
        'print(cores[0], cores[-1])',
      ];
      const own = await openSandbox({ kind, workers: 1 });
      const { stdout = '' } = await own.run(script(program.join('\n'))).finally(() => own.close());
      const [first = 0, last = 0] = stdout.split(' ').map(Number);
      assert.ok(first === 1 && last > 1, stdout);
    });

    test('many runs at once keep their own answers, with killers between them', async () => {
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          sandbox.run(
            i % 20 === 7 ? { ...script(programs.loop), timeLimitMs: 200 } : script(programs.echo, `run ${i}`),
          ),
        ),
      );
      results.forEach(({ outcome, stdout }, i) => {
        assert.deepEqual([outcome, stdout], i % 20 === 7 ? ['timeout', stdout] : ['passed', `RUN ${i}`]);
      });
    });

    test('a run that was given up before it started rejects', async () => {
      await assert.rejects(sandbox.run(script(programs.echo), AbortSignal.abort()), { name: 'AbortError' });
    });

    test("tests that do not parse are the task's fault", async () => {
      const verdict = await gradeCode(
        { tests: programs.broken, language: sandbox.language },
        programs.square,
        sandbox,
        { from: 'program' },
      );
      assert.equal(verdict.kind, 'error');
      assert.match(verdict.detail, /^task: .*parse/);
    });

    test('a closed sandbox refuses', async () => {
      const other = await openSandbox({ kind, workers: 1 });
      await other.close();
      await assert.rejects(other.run(script(programs.echo)), { code: 'wrong-use' });
    });
  });
}

test('JavaScript tests that wait for a promise fail with it, wherever it is rejected', async (t) => {
  const sandbox = await openSandbox({ kind: 'quickjs', workers: 1 });
  t.after(() => sandbox.close());
  const grade = async (tests: string, program: string) =>
    (await gradeCode({ tests, language: 'javascript', entry_point: 'f' }, program, sandbox, { from: 'program' })).kind;
  const forms = [
    'f(3).then((value) => assert.strictEqual(value, 9))',
    '(async () => { assert.strictEqual(await f(3), 9) })(); 1',
    '(async () => { if ((await f(3)) !== 9) throw new Error("no") })()',
    'const check = async (g) => assert.strictEqual(await g(3), 9)',
  ];
  for (const form of forms) {
    assert.equal(await grade(form, 'const f = async (x) => x * x'), 'correct', form);
    assert.equal(await grade(form, 'const f = async (x) => x'), 'wrong', form);
    assert.equal(await grade(form, 'const f = async (x) => new Promise(() => {})'), 'wrong', form);
  }
});

test('JavaScript programs may be modules, end in a promise, and return what is gone through', async (t) => {
  const sandbox = await openSandbox({ kind: 'quickjs', workers: 1 });
  t.after(() => sandbox.close());
  const grade = async (task: object, program: string) =>
    (await gradeCode({ ...task, language: 'javascript' }, program, sandbox, { from: 'program' })).kind;
  const square = { tests: 'assert.strictEqual(f(3), 9)' };
  assert.equal(await grade(square, 'export const f = (x) => x * x;\nexport { f };'), 'correct');
  assert.equal(await grade(square, 'export default function f(x) { return x * x }'), 'correct');
  const main = 'const main = async () => { for await (const line of lines) console.log(line) };\nmain()';
  const lines = "const lines = require('readline').createInterface({ input: process.stdin });\n";
  assert.equal(await grade({ stdin_tests: [{ input: '5\n6\n', output: '5\n6' }] }, lines + main), 'correct');
  const range = { tests: 'assert.deepStrictEqual([...f(3)], [0, 1, 2]); assert.strictEqual(String(new P()), "P")' };
  const program = 'function* f(n) { for (let i = 0; i < n; i++) yield i }\nclass P { toString() { return "P" } }';
  assert.equal(await grade(range, program), 'correct');
  const thenable = { tests: '(async () => { assert.strictEqual(await f(3), 9) })()' };
  assert.equal(await grade(thenable, 'const f = (x) => ({ then(resolve) { resolve(x * x) } })'), 'correct');
});

test('the report names the one that auto picks, and auto picks it', async () => {
  const chosen = (await probeSandboxes()).filter((report) => report.chosen);
  const sandbox = await openSandbox();
  await sandbox.close();
  assert.deepEqual(
    chosen.map(({ kind, available }) => [kind, available]),
    [[sandbox.kind, true]],
  );
});
