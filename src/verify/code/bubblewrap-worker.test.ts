import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bubblewrapWorkers } from './bubblewrap-worker.ts';
import { gradeCode } from './grade-code.ts';
import { openSandbox } from './open-sandbox.ts';
import { probeBubblewrap } from './probe.ts';
import type { ScriptJob, TestsJob } from './sandbox.ts';

const { native, detail } = await probeBubblewrap();
const skip = native === undefined ? `bubblewrap does not work here: ${detail}` : false;

test('a worker outlives programs that change their own limits, or leave, while it begins their run', {
  skip,
}, async (t) => {
  const start = bubblewrapWorkers(native as NonNullable<typeof native>, { memoryMb: 256, outputMb: 1 });
  const worker = await start(0);
  t.after(() => worker.close());
  const job: TestsJob = {
    kind: 'tests',
    program: 'import resource\nresource.setrlimit(resource.RLIMIT_CPU, (3, 3))\ndef f(x): return x',
    tests: ['assert f(1) == 1'],
    timeLimitMs: 5000,
  };
  const leaves: ScriptJob = { kind: 'script', program: 'import os\nos._exit(0)', stdin: '', timeLimitMs: 5000 };
  for (let i = 0; i < 300; i++) {
    assert.deepEqual((await worker.run(job)).records, [{ outcome: 'passed' }]);
    assert.equal((await worker.run(leaves)).why, '');
    assert.ok(worker.alive);
  }
});

/** Processes below this one that Python runs in, the latest first. */
function pythons(): readonly number[] {
  const fields = (pid: string): readonly string[] => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    } catch {
      return []; // it ended meanwhile
    }
  };
  const all = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, fields(pid)]),
  );
  const below = (pid: string): boolean =>
    pid === String(process.pid) || (all.has(pid) && below(all.get(pid)?.[1] ?? ''));
  const name = (pid: string): string => readFileSync(`/proc/${pid}/comm`, 'latin1');
  return [...all]
    .filter(([pid, stat]) => stat[0] !== 'Z' && below(pid) && name(pid).startsWith('python'))
    .toSorted((a, b) => Number(b[1][19]) - Number(a[1][19]))
    .map(([pid]) => Number(pid));
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

test('whichever of its processes dies while a worker waits, the next program is not blamed', { skip }, async (t) => {
  const sandbox = await openSandbox({ kind: 'bubblewrap', workers: 1 });
  t.after(() => sandbox.close());
  const grade = () =>
    gradeCode({ tests: ['assert f(3) == 9'] }, 'def f(x): return x * x', sandbox, { from: 'program' });
  for (const which of [0, 1, 2]) {
    assert.equal((await grade()).kind, 'correct');
    await settled(); // the next candidate has begun to wait
    const found = pythons();
    assert.equal(found.length, 3, 'supervisor, judge and the next candidate');
    process.kill(found[which] as number, 'SIGKILL');
    await settled();
    assert.equal((await grade()).kind, 'correct', `process ${which}`);
  }
});
