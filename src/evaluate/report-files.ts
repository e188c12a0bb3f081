import { access, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import { checkName, isFileName, makeFolder, writeFileWhole } from '../pool/index.ts';
import { renderHtml, renderMarkdown } from './render/index.ts';
import type { Report } from './report.ts';

/** What only a pool's folder holds; a report's manifest would take the place of the pool's own. */
const POOL_FILES = ['samples.jsonl', 'journal.jsonl'];

/** Throws `wrong-use` for a place that is no folder for results: a file, a file's name, or a folder that holds a pool. */
export async function checkReportFolder(folder: string): Promise<void> {
  checkName(folder, 'The folder for the results');
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true && (stats !== undefined || isFileName(folder))) {
    throw new WinnowError(
      'wrong-use',
      `a folder for the results was expected, but ${folder} is ${stats === undefined ? 'the name of a file' : 'a file'}`,
      { hint: 'Name a folder: report.html, report.md, report.json and results.jsonl go into it.' },
    );
  }
  for (const name of POOL_FILES) {
    if (!(await exists(path.join(folder, name)))) continue;
    throw new WinnowError('wrong-use', `a folder for the results was expected, but ${folder} holds a pool (${name})`, {
      hint: 'Name another folder, so that the pool can still be drawn on.',
    });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Writes report.json, report.md and report.html into a folder, which is made where it is not there. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  await checkReportFolder(folder);
  makeFolder(folder);
  await writeFileWhole(path.join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await renderReport(folder, report);
}

/** Writes report.md and report.html again. */
export async function renderReport(folder: string, report: Report): Promise<void> {
  await writeFileWhole(path.join(folder, 'report.md'), renderMarkdown(report));
  await writeFileWhole(path.join(folder, 'report.html'), renderHtml(report));
}

/** Reads report.json of a folder. Throws `not-found` where there is none and `bad-input` where it is not a report. */
export async function readReport(folder: string): Promise<Report> {
  const file = path.join(folder, 'report.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new WinnowError('not-found', `a folder with a report.json was expected, but ${file} cannot be read`, {
      hint: 'Name a folder that `winnow evaluate --out DIR` wrote.',
      cause,
    });
  }
  const { parseReport } = await import('./report-schema.ts');
  return parseReport(text, file);
}
