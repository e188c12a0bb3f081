import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCores, createEmbeddedTrainer, openCheckpoint } from '../../engine/index.ts';
import { renderCurves, type Table } from '../../train/index.ts';
import { openGrader } from '../../verify/index.ts';
import type { CommandContext } from '../command.ts';
import type { QuickstartOptions } from '../quickstart.ts';
import { learnToChoose } from './choosing.ts';
import { quickstartPage, resultTables, transcriptText } from './page.ts';
import { planFor } from './plan.ts';
import { drawPools } from './pools.ts';
import { learnToRefine } from './refining.ts';
import { type QuickstartResults, quickstartDocument } from './results.ts';
import { makeTasks } from './tasks.ts';

/** The whole loop: pools, grading, tasks, both trainings, the comparison on fresh problems, the report. */
export async function runQuickstart(options: QuickstartOptions, context: CommandContext): Promise<void> {
  const { out: folder } = options;
  const plan = planFor(options.minutes, context.seed);
  const base = await openCheckpoint(options.base);
  const stronger = await openCheckpoint(options.teacher ?? strongerOf(options.base));
  await mkdir(folder, { recursive: true });
  context.onInterrupt(`Everything so far is in ${folder}; run the same command again to go on.`);
  const cores = createCores(options.threads === undefined ? {} : { threads: options.threads });
  const { grade, close } = openGrader();
  try {
    const place = (name: string): string => path.join(folder, name);
    context.note('1 of 4  Draw candidates from the model, and from a stronger one.');
    const opened = await Promise.all(
      [base, stronger].map((checkpoint) => createEmbeddedTrainer(cores, checkpoint, { folder: place('pools') })),
    );
    const [student, teacher] = await Promise.all(opened.map((trainer) => trainer.publish()));
    if (student === undefined || teacher === undefined) throw new RangeError('Two models were opened.');
    const pools = await drawPools(place('pools'), plan, { student, stronger: teacher }, context);
    await Promise.all([student, teacher, ...opened].map((one) => one.close()));
    const tasks = await makeTasks(folder, pools, grade, plan);
    const { select, refine } = tasks;
    context.note(
      `        ${select.length} tasks to learn choosing from, ${refine.length} to learn refining and solving from.`,
    );
    context.note('2 of 4  Learn to choose, by reinforcement.');
    const choosing = await learnToChoose(place('selector'), tasks, plan, { cores, base }, context);
    context.note('3 of 4  Learn to solve and to refine together.');
    const refining = await learnToRefine(place('refiner'), tasks, { plan }, { cores, base }, context);
    context.note('4 of 4  Compare on fresh problems.');
    await tell({ plan, tasks, choosing, refining }, folder, context);
  } finally {
    await Promise.all([cores.close(), close()]);
  }
}

/** The bundled or self-made sibling that solves more. */
function strongerOf(base: string): string {
  return base === 'tiny'
    ? fileURLToPath(new URL('../../../assets/tiny/stronger', import.meta.url))
    : path.join(base, 'stronger');
}

async function tell(results: QuickstartResults, folder: string, context: CommandContext): Promise<void> {
  const report = path.join(folder, 'report.html');
  const document = quickstartDocument(results, report);
  await writeFile(report, renderCurves(quickstartPage(results)));
  await writeFile(path.join(folder, 'report.json'), `${JSON.stringify(document, null, 2)}\n`);
  context.emit(document);
  for (const table of resultTables(results)) context.print(`\n${textTable(table)}`);
  const [first] = results.choosing.transcripts;
  if (first !== undefined) context.print(`\nHow it chooses, for example\n${transcriptText(first)}`);
  context.note(`\nMore in ${report}. The trained models: ${results.choosing.model}, ${results.refining.model}`);
}

function textTable({ title, head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [title, ...all.map(line)].join('\n');
}
