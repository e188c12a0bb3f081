import type { Command } from 'commander';
import { snakeNames } from '../core/index.ts';
import type { Judgement } from '../evaluate/index.ts';
import type { TargetIndex } from '../synthesize/index.ts';
import type { CommandContext, DefineCommand, StartCommand } from './command.ts';
import { openPool } from './evaluate-inputs.ts';
import { oneOf } from './model-options.ts';
import { integer, number, repeated } from './options.ts';
import { judgementOf, type TaskOptions, writeTasks } from './synthesize-run.ts';

interface SelectOptions extends TaskOptions {
  readonly minCandidates: number;
  readonly maxCandidates: number;
  readonly maxPassRate: number;
  readonly maxCorrectShare: number;
}

interface RefineOptions extends TaskOptions {
  readonly candidates: number;
  readonly teacherLabels?: string;
  readonly targets: 'verified' | 'any';
  readonly direct: number;
  readonly dropAllRight?: boolean;
}

const FILES = `
--out ends in .jsonl (also .gz, .zst), .json or .parquet. Beside it go NAME.summary.json (what was kept, dropped and why, the rules, the seed, the
prompts), with --decontaminate NAME.removed.jsonl, and for verl and trl the reward in Python, winnow_reward.py.
Evaluation sets are files of problems, or names: aime24, aime25, hmmt-feb-25, math500, amc, olympiadbench, livecodebench, knights-and-knaves.
`;

const SELECT_EXAMPLES = `${FILES}
Examples:
  winnow synthesize select pool --out tasks.jsonl
  winnow synthesize select pool --labels correct_by_source --out tasks.jsonl --min-candidates 4 --max-candidates 8
  winnow synthesize select pool --out train.parquet --format verl --tokenizer ./Qwen3-1.7B --decontaminate aime24 --decontaminate held-out.jsonl
`;

const REFINE_EXAMPLES = `${FILES}
Examples:
  winnow synthesize refine student --teacher teacher --out tasks.jsonl
  winnow synthesize refine student --teacher teacher --targets any --candidates 4 --direct 1 --out sft.parquet --format messages
`;

const PROBLEM_EXAMPLES = `
Reads the hub at HF_ENDPOINT (default https://huggingface.co; a token in HF_TOKEN), keeps what it read under XDG_CACHE_HOME/winnow/datasets.

Examples:
  winnow synthesize problems aime25 --out aime25.jsonl
  winnow synthesize problems openmathreasoning --limit 20000 --out problems.jsonl
`;

export const define: DefineCommand = (command, start) => {
  defineSelect(command.command('select').description('tasks of choosing a correct candidate'), start);
  defineRefine(command.command('refine').description('tasks of writing a better solution'), start);
  defineProblems(command.command('problems').description('the problems of a published data set'), start);
};

function commonOptions(command: Command): Command {
  return command
    .argument('<pool>', 'a pool, or any file of samples: .jsonl, .json, .parquet, .gz and .zst; "-" is standard input')
    .requiredOption('--out <file>', 'where the tasks go; "-" is standard output')
    .option('--format <name>', 'winnow, verl, trl or messages', oneOf(['winnow', 'verl', 'trl', 'messages']), 'winnow')
    .option('--labels <name>', 'take this recorded label instead of grading')
    .option('--sandbox <kind>', 'auto, pyodide or bubblewrap', oneOf(['auto', 'pyodide', 'bubblewrap']), 'auto')
    .option('--max-prompt-tokens <n>', 'longest prompt', integer(1), 16_384)
    .option('--max-candidate-tokens <n>', 'longest candidate', integer(1), 12_288)
    .option('--tokenizer <place>', 'tokenizer.json, or its folder, to count by (default: an estimate on the high side)')
    .option('--decontaminate <set>', 'leave out problems of this evaluation set; may be given several times', repeated);
}

function defineSelect(command: Command, start: StartCommand): void {
  commonOptions(command)
    .option('--min-candidates <n>', 'smallest candidate set', integer(2), 2)
    .option('--max-candidates <n>', 'largest candidate set', integer(2), 16)
    .option('--max-pass-rate <share>', "most of a problem's samples that may be correct", number(0, 1), 0.5)
    .option('--max-correct-share <share>', 'most of a candidate set that may be correct', number(0, 1), 0.5)
    .option('--tasks-per-problem <n>', 'most tasks of one problem', integer(1), 4)
    .addHelpText('after', SELECT_EXAMPLES)
    .action(async (pool: string, options: SelectOptions) => select(pool, options, start({ ...options })));
}

function defineRefine(command: Command, start: StartCommand): void {
  commonOptions(command)
    .option('--candidates <k>', 'candidates shown', integer(1), 4)
    .option('--teacher <pool>', "pool with the solutions to learn from, matched by the problems' words")
    .option('--teacher-labels <name>', "take this label of the teacher's samples instead of grading them")
    .option('--targets <which>', 'verified solutions, or any', oneOf(['verified', 'any']), 'verified')
    .option('--direct <ratio>', 'direct-solving examples for each refinement example', number(0), 1)
    .option('--drop-all-right', 'leave out candidate sets that are right already')
    .option('--tasks-per-problem <n>', 'most refinement tasks of one problem', integer(1), 1)
    .addHelpText('after', REFINE_EXAMPLES)
    .action(async (pool: string, options: RefineOptions) => refine(pool, options, start({ ...options })));
}

function defineProblems(command: Command, start: StartCommand): void {
  command
    .argument('<name>', 'openmathreasoning, opencodereasoning, or an evaluation set by name')
    .requiredOption('--out <file>', 'where the problems go; "-" is standard output')
    .option('--limit <n>', 'stop after so many', integer(1))
    .addHelpText('after', PROBLEM_EXAMPLES)
    .action(async (name: string, options: { readonly out: string; readonly limit?: number }) =>
      problems(name, options, start({ ...options })),
    );
}

async function select(pool: string, options: SelectOptions, context: CommandContext): Promise<void> {
  const synthesize = await import('../synthesize/index.ts');
  const { minCandidates, maxCandidates, maxPassRate, maxCorrectShare, tasksPerProblem } = options;
  const rules = { minCandidates, maxCandidates, maxPassRate, maxCorrectShare, tasksPerProblem };
  await writeTasks(pool, options, context, {
    rules: snakeNames(rules),
    openWriter: () => synthesize.openSelectionWriter(options.out, { format: options.format }),
    async make({ groups, settings, onTask }) {
      const summary = await synthesize.synthesizeSelection(groups, { ...settings, rules, onTask });
      if (summary.tasks.kept === 0) throw synthesize.nothingToSelect(summary, options.labels);
      if (summary.problems.dropped.without_gold > 0) context.exitWith(2);
      return { summary, text: synthesize.describeSelection(summary) };
    },
  });
}

async function refine(pool: string, options: RefineOptions, context: CommandContext): Promise<void> {
  const synthesize = await import('../synthesize/index.ts');
  const { candidates, tasksPerProblem, direct: directRatio, dropAllRight = false } = options;
  const rules = { candidates, tasksPerProblem, directRatio, dropAllRight };
  await writeTasks(pool, options, context, {
    rules: snakeNames({ ...rules, targets: options.targets }),
    openWriter: () => synthesize.openRefinementWriter(options.out, { format: options.format }),
    async make({ groups, settings, onTask, grade }) {
      const judgement = judgementOf(options.teacherLabels, grade);
      const targets = await readTargets(options, judgement, context);
      try {
        const given = targets === undefined ? {} : { targets };
        const summary = await synthesize.synthesizeRefinement(groups, { ...settings, ...given, rules, onTask });
        if (summary.tasks.refine === 0) throw synthesize.nothingToRefine(summary);
        return { summary, text: synthesize.describeRefinement(summary) };
      } finally {
        targets?.close();
      }
    },
  });
}

async function readTargets(
  { teacher, targets }: RefineOptions,
  judgement: Judgement,
  context: CommandContext,
): Promise<TargetIndex | undefined> {
  if (teacher === undefined) return undefined;
  const { indexTargets } = await import('../synthesize/index.ts');
  const source = await openPool(teacher, context);
  try {
    return await indexTargets(source.groups, { judgement, verified: targets === 'verified', signal: context.signal });
  } finally {
    await source.close();
    if (source.badLines() > 0) context.exitWith(2);
  }
}

async function problems(
  name: string,
  { out, limit }: { readonly out: string; readonly limit?: number },
  context: CommandContext,
): Promise<void> {
  const [{ datasetRows }, { openRowWriter }] = await Promise.all([
    import('../synthesize/index.ts'),
    import('../pool/index.ts'),
  ]);
  const rows = await openRowWriter(out);
  const progress = context.progress('reading', { unit: 'problems', ...(limit === undefined ? {} : { total: limit }) });
  context.onInterrupt('Nothing was written; what was downloaded is kept.');
  let count = 0;
  try {
    for await (const row of datasetRows(name, { signal: context.signal, ...(limit === undefined ? {} : { limit }) })) {
      await rows.write(row);
      count++;
      progress.add(1);
    }
    progress.end();
    await rows.close();
  } catch (error) {
    await rows.abort();
    throw error;
  }
  context.note(`${count.toLocaleString('en-US')} problems of ${name} -> ${out}`);
  context.emit({ name, out, problems: count });
}
