import type { Method, PromptOverrides } from '../aggregate/index.ts';
import type { Report } from '../evaluate/index.ts';
import type { Model } from '../model/index.ts';
import type { CommandContext, DefineCommand } from './command.ts';
import { estimateEvaluation } from './dry-run.ts';
import {
  defaultMethods,
  namedMethods,
  type OpenPool,
  openCachedJudge,
  openPool,
  openResults,
  openSandboxFor,
} from './evaluate-inputs.ts';
import { addJudgeOptions, type JudgeOptions, judgeSamplingOf, readPromptFiles } from './judge-options.ts';
import { addModelOptions, oneOf } from './model-options.ts';
import { integer, integers } from './options.ts';
import { readPrices } from './prices.ts';

export interface EvaluateCommandOptions extends JudgeOptions {
  readonly methods?: string;
  readonly k?: readonly number[];
  readonly labels?: string;
  readonly subsets: number;
  readonly prices?: string;
  readonly sandbox: 'auto' | 'pyodide' | 'bubblewrap';
  readonly out?: string;
  readonly dryRun?: true;
}

const EXAMPLES = `
Methods: single, majority, weighted[score=NAME], best-of-n[score=NAME], oracle (pass@k), and those that ask a judge:
genselect, tournament, pairwise, refine, recursive, universal, code-cluster. Without --methods: single, majority, oracle,
and for each score in the pool weighted and best-of-n.

Figures are expectations over all k-subsets of a problem's samples; a method that asks a judge is run on --subsets of them.
A sample without a verdict counts as not solved, and the report says how many there are. A k that no problem reaches is
refused; one that some do not reach leaves those out, with a note.

Examples:
  winnow evaluate pool --k 1,2,4,8 --out results
  winnow evaluate outputs.jsonl --labels correct_by_source --json
  winnow evaluate pool --methods majority,best-of-n[score=rm_score],oracle --k 8
  winnow evaluate pool --methods majority,genselect --k 8 --judge http://localhost:8000/v1#my-selector
`;

export const define: DefineCommand = (command, start) => {
  addJudgeOptions(addModelOptions(command))
    .argument('<pool>', 'a pool, or any file of samples: .jsonl, .json, .parquet, .gz and .zst; "-" is standard input')
    .option('--methods <list>', 'methods to compare, options in brackets')
    .option(
      '--k <list>',
      'sizes of the candidate sets (default: 1, 2, 4, ... up to the samples of the first problem)',
      integers(1),
    )
    .option('--labels <name>', 'take this recorded label instead of grading')
    .option('--subsets <n>', 'candidate sets a problem and k on which a judging method is run', integer(1), 1)
    .option('--prices <file>', 'JSON with money per million tokens: {"model": {"input": 0.5, "output": 1.5}}')
    .option(
      '--sandbox <kind>',
      'where programs run: auto, pyodide or bubblewrap',
      oneOf(['auto', 'pyodide', 'bubblewrap']),
      'auto',
    )
    .option('--out <dir>', 'folder for report.json, report.md, report.html, results.jsonl and manifest.json')
    .option('--dry-run', 'estimate what the judging methods would take, and ask nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (pool: string, options: EvaluateCommandOptions) => evaluate(pool, options, start({ ...options })));
};

/** Evaluates a pool, prints the report, and writes it where `out` says. */
export async function evaluate(pool: string, options: EvaluateCommandOptions, context: CommandContext): Promise<void> {
  const startedAt = new Date();
  const { out } = options;
  const { checkReportFolder, judgeFailures, renderText, writeReport } = await import('../evaluate/index.ts');
  if (out !== undefined && !options.dryRun) await checkReportFolder(out);
  const named = options.methods === undefined ? undefined : await namedMethods(options.methods);
  const source = await openPool(pool, context);
  const methods = named ?? (await defaultMethods(source.scores));
  if (options.dryRun) return estimateEvaluation(source.groups, methods, options, context).finally(source.close);
  const prompts = await readPromptFiles(options);
  const { judge, isKept } = await openCachedJudge(pool, options, context);
  const found = await evaluateSource(source, { methods, prompts, judge, isKept }, options, context).finally(
    source.close,
  );
  const report = { ...found, notes: [...source.notes(), ...found.notes] };
  if (out !== undefined) {
    await writeReport(out, report);
    const { writeManifest } = await import('./evaluate-manifest.ts');
    const { sandbox } = options;
    const judging = { sampling: judgeSamplingOf(options), prompts, ...(judge === undefined ? {} : { judge }) };
    await writeManifest(out, { pool, context, report, startedAt, sandbox, judging });
  }
  if (!(context.json && context.quiet)) context.print(renderText(report));
  if (out !== undefined)
    context.note(`Written to ${out}: report.html, report.md, report.json, results.jsonl, manifest.json.`);
  context.emit(report);
  if (report.left_out.failed_runs > 0) context.exitWith(1);
  const failures = judgeFailures(report.diagnostics).filter(({ failed }) => failed > 0);
  if (failures.length > 0) context.exitWith(failures.every(({ failed, asked }) => failed === asked) ? 3 : 1);
  if (source.badLines() > 0 || report.left_out.without_gold > 0) context.exitWith(2);
}

/** Who and what decides. */
interface Judged {
  readonly methods: readonly Method[];
  readonly prompts: PromptOverrides;
  readonly judge: Model | undefined;
  /** Whether what the judge says is kept. */
  readonly isKept: boolean;
}

async function evaluateSource(
  { groups }: OpenPool,
  { methods, prompts, judge, isKept }: Judged,
  options: EvaluateCommandOptions,
  context: CommandContext,
): Promise<Report> {
  const [{ evaluatePool }, { openGrader }] = await Promise.all([
    import('../evaluate/index.ts'),
    import('../verify/index.ts'),
  ]);
  const { k, labels, subsets } = options;
  const prices = await readPrices(options.prices);
  const { grade, close: closeGrader } = openGrader({ sandbox: { kind: options.sandbox } });
  const sandbox = await openSandboxFor(methods, options);
  const results = await openResults(options.out);
  const progress = context.progress('evaluating', { unit: 'problems' });
  const kept = isKept ? ' What the judge has said so far is kept.' : '';
  context.onInterrupt(`Nothing was written; run the same command again.${kept}`);
  try {
    const report = await evaluatePool(groups, {
      methods,
      judgement: labels === undefined ? { kind: 'grader', grade } : { kind: 'label', name: labels, grade },
      ...(k === undefined ? {} : { ks: k }),
      ...(judge === undefined ? {} : { judge, concurrency: options.concurrency }),
      ...(options.prices === undefined ? {} : { prices }),
      context: {
        prompts,
        judgeSampling: judgeSamplingOf(options),
        ...(sandbox === undefined ? {} : { sandbox }),
      },
      subsets,
      seed: context.seed,
      onJudgeFailure: progress.say,
      signal: context.signal,
      onQuestion: async (result) => {
        const judged = result.cells.flat().reduce((sum, cell) => sum + (cell.judgeTokens ?? 0) * cell.runs.length, 0);
        progress.add(1, { tokens: judged });
        await results.write(result);
      },
    });
    progress.end();
    await results.close();
    return report;
  } catch (error) {
    await results.abort();
    throw error;
  } finally {
    await Promise.all([closeGrader(), sandbox?.close(), judge?.close?.()]);
  }
}
