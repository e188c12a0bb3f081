/**
 * Programs a second on real HumanEval samples, warm, one worker a core: node benchmarks/verify-code/speed.ts [--write]
 * Contenders take turns over the same programs, so that a busy machine slows all alike; read the ratios. Samples that
 * run into the time limit are left out: they measure the limit.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { gradeCode, openSandbox, probeSandboxes, readProgram } from '../../src/verify/code/index.ts';
import { type Case, GROUPS } from '../../src/verify/code/labelled-cases.testkit.ts';
import { replaceTable } from './table.ts';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    programs: { type: 'string', default: '200' },
  },
});
const [rounds, count, cores] = [Number(values.rounds), Number(values.programs), availableParallelism()];
const python = process.env.PYTHON ?? '/usr/bin/python3';
const all = (GROUPS['HumanEval samples']?.() ?? []).filter(({ label }) => label !== 'timed out');
const stride = Math.floor(all.length / (rounds * count));
const slices = Array.from({ length: rounds }, (_, round) =>
  Array.from({ length: count }, (_unused, i) => all[(round * count + i) * stride] as Case),
);

/** Runs `each` over the programs, as many at once as there are cores. Returns how many passed. */
async function over(cases: readonly Case[], each: (one: Case, lane: number) => Promise<boolean>): Promise<number> {
  let [next, passed] = [0, 0];
  await Promise.all(
    Array.from({ length: cores }, async (_, lane) => {
      for (let i = next++; i < cases.length; i = next++) if (await each(cases[i] as Case, lane)) passed += 1;
    }),
  );
  return passed;
}

/** The whole file that a plain run needs. */
function whole({ task, text }: Case): string {
  const { program = '' } = readProgram(text, { prompt: task.prompt ?? '', entryPoint: task.entry_point ?? '' });
  return `${program}\n${task.tests as string}\ncheck(${task.entry_point})\n`;
}

const plain = (one: Case): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(python, ['-'], { stdio: ['pipe', 'ignore', 'ignore'], timeout: 5000 });
    child.on('close', (code) => resolve(code === 0));
    child.stdin.on('error', () => undefined);
    child.stdin.end(whole(one));
  });

function forkRunner() {
  const lanes = Array.from({ length: cores }, () => {
    const child = spawn(python, [new URL('fork_runner.py', import.meta.url).pathname], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  return {
    async run(one: Case, lane: number): Promise<boolean> {
      const { child, lines } = lanes[lane] as (typeof lanes)[number];
      child.stdin.write(`${JSON.stringify(whole(one))}\n`);
      return (await lines.next()).value === 'True';
    },
    close: () => {
      for (const { child } of lanes) child.kill();
    },
  };
}

const reports = await probeSandboxes();
const kinds = (['bubblewrap', 'pyodide'] as const).filter((kind) =>
  reports.some((r) => r.kind === kind && r.available),
);
const sandboxes = await Promise.all(kinds.map((kind) => openSandbox({ kind })));
const forks = forkRunner();
const contenders: readonly { readonly name: string; readonly run: (one: Case, lane: number) => Promise<boolean> }[] = [
  { name: `plain ${python} a program`, run: plain },
  { name: 'fork a program, no isolation', run: forks.run },
  ...sandboxes.map((sandbox) => ({
    name: sandbox.kind,
    run: async ({ task, text }: Case) => (await gradeCode(task, text, sandbox)).kind === 'correct',
  })),
];

for (const { run } of contenders) await over(slices[0] ?? [], run); // warm
const rates = contenders.map((): number[] => []);
const passed = contenders.map(() => 0);
for (const cases of slices) {
  for (const [index, { run }] of contenders.entries()) {
    const begun = performance.now();
    passed[index] = (passed[index] ?? 0) + (await over(cases, run));
    rates[index]?.push((cases.length * 1000) / (performance.now() - begun));
  }
}
forks.close();
await Promise.all(sandboxes.map((sandbox) => sandbox.close()));

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const ratios = (index: number, to: number): readonly number[] =>
  (rates[index] ?? []).map((rate, round) => rate / (rates[to]?.[round] ?? 1));
const lines = [
  '| runner | programs a second | against plain | against fork | passed |',
  '| --- | ---: | ---: | ---: | ---: |',
];
contenders.forEach(({ name }, i) => {
  lines.push(
    `| ${name} | ${median(rates[i] ?? []).toFixed(0)} | ${median(ratios(i, 0)).toFixed(1)} × | ${median(ratios(i, 1)).toFixed(1)} × | ${passed[i]} of ${rounds * count} |`,
  );
});
console.log(lines.join('\n'));
if (values.write) replaceTable('speed', lines);
