import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Assets, loadAssets } from './assets.ts';
import { bubblewrapWorkers } from './bubblewrap-worker.ts';
import { gradeCode } from './grade-code.ts';
import { makePool } from './pool.ts';
import { probeBubblewrap } from './probe.ts';
import { provenWorkers } from './prove.ts';
import { pyodideWorkers } from './pyodide-worker.ts';
import { quickjsWorkers } from './quickjs-worker.ts';
import type { Sandbox, SandboxKind } from './sandbox.ts';

const LIMITS = { memoryMb: 256, outputMb: 1 };
const { native } = await probeBubblewrap();

/** A sandbox of one worker over assets that are not as they were shipped. */
function sandboxOver(kind: SandboxKind, assets: Assets): Sandbox {
  const language = kind === 'quickjs' ? 'javascript' : 'python';
  const slowness = 3;
  const start =
    kind === 'quickjs'
      ? quickjsWorkers(LIMITS, assets)
      : kind === 'pyodide'
        ? pyodideWorkers(LIMITS, assets)
        : bubblewrapWorkers(native as NonNullable<typeof native>, LIMITS, assets);
  return { kind, language, workers: 1, slowness, ...makePool(1, provenWorkers(start, language, slowness)) };
}

function changed(name: string, from: string, to: string): Assets {
  const text = (loadAssets().get(name) as Buffer).toString();
  assert.equal(text.split(from).length, 2, `${name} has \`${from}\` once`);
  return new Map([...loadAssets(), [name, Buffer.from(text.replace(from, () => to))]]);
}

const SQUARE = 'def f(x): return x * x';
const TASK = { tests: ['assert f(3) == 9'] };
const CALL = { fn_name: 'f', tests: [{ input: '3', output: '9', testtype: 'functional' }] };

for (const kind of ['pyodide', 'bubblewrap'] as const) {
  const skip = kind === 'bubblewrap' && native === undefined ? 'bubblewrap does not work here' : false;
  describe(`what is broken is no program's fault: ${kind}`, { skip }, () => {
    async function verdictsOver(assets: Assets): Promise<readonly string[]> {
      const sandbox = sandboxOver(kind, assets);
      after(() => sandbox.close());
      const verdicts = [];
      for (const task of [TASK, CALL]) {
        const { kind: verdict, detail } = await gradeCode(task, SQUARE, sandbox, { from: 'program' });
        verdicts.push(`${verdict}: ${detail}`);
      }
      return verdicts;
    }

    test('an exception in the judge', async () => {
      const assets = changed(
        'judge.py',
        'def run_call(wire, job):\n',
        "def run_call(wire, job):\n    if job['name'] == 'f' and 'x * x' in job['program']: job['nothing']\n",
      );
      const [tests, call] = await verdictsOver(assets);
      assert.match(tests ?? '', /^correct/);
      assert.match(call ?? '', /^error: .*infrastructure: in the judge: KeyError/);
    });

    test('an exception where values are written and read', async () => {
      const line = '        payload = self.encode(message)\n';
      const [tests] = await verdictsOver(
        changed('wire.py', line, `        if message[-2:] == ((3,), {}): self.nothing\n${line}`),
      );
      assert.match(tests ?? '', /^error: .*infrastructure: in the judge: AttributeError/);
    });

    test("a candidate's side that does not fit the judge's", async () => {
      for (const assets of [
        changed('candidate.py', "if operation == 'find':", "if operation == 'found':"),
        changed('candidate.py', 'class Candidate:', 'class Candidates:'),
        changed('judge.py', 'def run_tests(', 'def run_tests(('),
      ]) {
        for (const verdict of await verdictsOver(assets)) assert.match(verdict, /^error: .*infrastructure/);
      }
    });
  });
}

test("what is broken is no program's fault: quickjs", async (t) => {
  const sandbox = sandboxOver(
    'quickjs',
    changed('quickjs-guest.js', "case 'handle': return proxyOf(value, data[2]);", ''),
  );
  t.after(() => sandbox.close());
  const task = { tests: 'assert(f(3) === 9)', language: 'javascript' };
  const verdict = await gradeCode(task, 'const f = (x) => x * x', sandbox, { from: 'program' });
  assert.match(`${verdict.kind}: ${verdict.detail}`, /^error: .*infrastructure: the sandbox judged a known program/);
});
