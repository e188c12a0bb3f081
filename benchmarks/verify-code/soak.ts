/**
 * Mixed runs with killers in between: node benchmarks/verify-code/soak.ts [sandbox ...] [--runs 10000] [--write]
 * Checks that each verdict is the one of its own program, that memory stays flat, and that no process or temporary
 * file is left.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type CodeTaskRow, gradeCode, openSandbox, type SandboxKind } from '../../src/verify/code/index.ts';
import { replaceTable } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10000' },
    killers: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});
const kinds = (positionals.length > 0 ? positionals : ['bubblewrap', 'pyodide']) as SandboxKind[];
/** Temporary files of this process and its children go here, so that what they leave can be counted. */
const temporary = mkdtempSync(path.join(tmpdir(), 'soak-'));
process.env.TMPDIR = temporary;
const [runs, killers] = [Number(values.runs), Number(values.killers)];

/** Half of the killers die quickly; the other half must be killed. */
const KILLERS = [
  'import os; os._exit(0)',
  'while True: pass',
  'import sys\nsys.setrecursionlimit(10**9)\ndef g(x): return g(x) + 1\ng(0)',
  'x = []\nwhile True: x.append(bytes(1 << 20))',
  'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nwhile True: pass',
  'while True: print("a" * 10000)',
  'import time; time.sleep(1000)',
  'raise SystemExit(1)',
];

/** Run i's own task, and a program that solves it unless i says otherwise: only its own number is right. */
function honest(i: number): { readonly task: CodeTaskRow; readonly program: string; readonly right: boolean } {
  const right = i % 3 !== 0;
  const factor = right ? i : i + 1;
  const expected = String(7 * i);
  switch (i % 4) {
    case 0:
      return { task: { tests: [`assert f(7) == ${expected}`] }, program: `def f(x): return x * ${factor}`, right };
    case 1:
      return {
        task: { fn_name: 'f', tests: [{ input: '7', output: expected, testtype: 'functional' }] },
        program: `def f(x): return x * ${factor}`,
        right,
      };
    default:
      return {
        task: { stdin_tests: [{ input: '7', output: expected }] },
        program: `print(int(input()) * ${factor})`,
        right,
      };
  }
}

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Resident memory of this process and all below it, in MiB. */
function treeMemory(): number {
  const parents = new Map<number, number>();
  const memory = new Map<number, number>();
  for (const pid of processes()) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      memory.set(pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // it ended meanwhile
    }
  }
  const below = (pid: number): boolean =>
    pid === process.pid || (parents.has(pid) && pid > 1 && below(parents.get(pid) ?? 0));
  return [...memory].reduce((sum, [pid, size]) => sum + (below(pid) ? size : 0), 0);
}

/** Memory goes up and down with the processes of each run, so tenths are compared, by 20 looks each. */
const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(0);

const children = (): number =>
  processes().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1] === String(process.pid);
    } catch {
      return false;
    }
  }).length;

const lines = [
  '| sandbox | runs | killers | verdicts lost or swapped | processes left | temporary files left | memory in the second tenth | in the last | minutes |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const kind of kinds) {
  const sandbox = await openSandbox({ kind, memoryMb: 256, outputMb: 1 });
  let [next, wrong, killed] = [0, 0, 0];
  const memory: number[] = [];
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: sandbox.workers * 2 }, async () => {
      for (let i = next++; i < runs; i = next++) {
        if (i % Math.ceil(runs / 200) === 0) memory.push(treeMemory());
        const killer = i % Math.round(100 / killers) === 3;
        const { task, program, right } = honest(i);
        const text = killer ? (KILLERS[killed++ % KILLERS.length] ?? '') : program;
        const verdict = await gradeCode(task, text, sandbox, { from: 'program', timeLimitMs: 500 });
        const expected = killer ? verdict.kind !== 'correct' : verdict.kind === (right ? 'correct' : 'wrong');
        if (!expected) {
          wrong += 1;
          console.log(kind, i, text, verdict.kind, verdict.detail);
        }
      }
    }),
  );
  const minutes = (performance.now() - begun) / 60_000;
  await sandbox.close();
  const left = readdirSync(temporary);
  lines.push(
    `| ${kind} | ${runs} | ${killed} | ${wrong} | ${children()} | ${left.length} | ${median(memory.slice(20, 40))} MiB | ${median(memory.slice(-20))} MiB | ${minutes.toFixed(1)} |`,
  );
  console.log(lines.at(-1));
}
rmSync(temporary, { recursive: true });
if (values.write) replaceTable('soak', lines);
