/**
 * Agreement with labels made by execution: node benchmarks/verify-code/agreement.ts [sandbox ...] [--group NAME] [--write]
 * Prints one line a group and sandbox, and every difference. --write puts the table into docs/sandbox.md.
 */
import { parseArgs } from 'node:util';
import { gradeCode, openSandbox, type Sandbox, type SandboxKind } from '../../src/verify/code/index.ts';
import { type Case, GROUPS } from '../../src/verify/code/labelled-cases.testkit.ts';
import { replaceTable } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    group: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
  },
});
const kinds = (positionals.length > 0 ? positionals : ['bubblewrap', 'pyodide']) as SandboxKind[];
const names = values.group ?? Object.keys(GROUPS);

interface Judged {
  readonly one: Case;
  readonly kind: string;
  readonly detail: string;
}

async function judgeAll(sandbox: Sandbox, cases: readonly Case[]): Promise<readonly Judged[]> {
  const judged: Judged[] = new Array(cases.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: sandbox.workers }, async () => {
      for (let i = next++; i < cases.length; i = next++) {
        const one = cases[i] as Case;
        const { kind, detail } = await gradeCode(one.task, one.text, sandbox, { from: one.from });
        judged[i] = { one, kind, detail };
      }
    }),
  );
  return judged;
}

const verdicts = new Map<string, Map<string, string>>();

/** All groups in one sandbox: rows of the two tables. */
async function judgeIn(kind: SandboxKind): Promise<{ readonly table: string[]; readonly differences: string[] }> {
  const [table, differences]: [string[], string[]] = [[], []];
  const sandbox = await openSandbox({ kind });
  let [all, right] = [0, 0];
  for (const name of names) {
    const cases = (GROUPS[name]?.() ?? []).filter((_, i) => i % Number(values.every) === 0);
    const begun = performance.now();
    const judged = await judgeAll(sandbox, cases);
    const differ = judged.filter(({ one, kind: verdict }) => (verdict === 'correct') !== one.passed);
    const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
    table.push(
      `| ${name} | ${kind} | ${cases.length} | ${(100 - (100 * differ.length) / cases.length).toFixed(2)} % | ${differ.length} | ${minutes} |`,
    );
    console.log(table.at(-1));
    for (const { one, kind: verdict, detail } of differ) {
      differences.push(
        `| ${one.id} | ${kind} | ${one.label} | ${verdict}: ${detail.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 160)} |`,
      );
      console.log(differences.at(-1));
    }
    for (const { one, kind: verdict } of judged) {
      const id = `${one.group} ${one.id}`;
      verdicts.set(id, (verdicts.get(id) ?? new Map()).set(kind, verdict));
    }
    all += cases.length;
    right += cases.length - differ.length;
  }
  table.push(`| all | ${kind} | ${all} | ${((100 * right) / all).toFixed(2)} % | ${all - right} | |`);
  console.log(table.at(-1));
  await sandbox.close();
  return { table, differences };
}

// All at once: limits are of processor time, so that sharing the cores costs no verdict.
const judged = await Promise.all(kinds.map(judgeIn));
const split = [...verdicts].filter(([, by]) => new Set(by.values()).size > 1);
const between = split.map(
  ([id, by]) => `| ${id} | ${[...by].map(([kind, verdict]) => `${kind}: ${verdict}`).join(', ')} |`,
);
console.log(`${split.length} of ${verdicts.size} verdicts differ between the sandboxes`);
for (const line of between) console.log(line);
if (values.write) {
  replaceTable('agreement', [
    '| cases | sandbox | programs | agree | differ | minutes |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...judged.flatMap(({ table }) => table),
  ]);
  replaceTable('differences', [
    '| case | sandbox | label | verdict |',
    '| --- | --- | --- | --- |',
    ...judged.flatMap(({ differences }) => differences),
  ]);
  replaceTable('between', ['| case | verdicts |', '| --- | --- |', ...between]);
}
