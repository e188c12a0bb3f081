import { type SelectionTask, snakeNames } from '../core/index.ts';
import { readRefinementTasks, readSelectionTasks } from '../synthesize/index.ts';
import {
  type Forecast,
  type PolicyForm,
  probeSelection,
  type RefinementExample,
  refinementExamples,
  type SelectRow,
  selectionForm,
  selectOutcome,
  selectReport,
  selectSettings,
  type Trainer,
  trainSelector,
} from '../train/index.ts';
import type { CommandContext } from './command.ts';
import { readPrices } from './prices.ts';
import type { Progress } from './progress.ts';
import type { TrainOptions } from './train.ts';
import { allOf, leaks, openTrainer, planOf, type TrainPlan, wordsFor } from './train-inputs.ts';
import { announceInterrupt, writeResults } from './train-results.ts';

/** Trains a selector, or with `--dry-run` says what that would take. */
export async function train(argument: string, options: TrainOptions, context: CommandContext): Promise<void> {
  const startedAt = new Date();
  const plan = await planOf('select', argument, options);
  const settings = selectSettings(plan.settings);
  const tasks = await allOf(readSelectionTasks(plan.tasks));
  const heldOut = plan.heldOut === undefined ? [] : await allOf(readSelectionTasks(plan.heldOut));
  const folder = options.out ?? 'train-select';
  const opened = await openTrainer(plan, folder, options, context);
  try {
    const { trainer } = opened;
    const words = await wordsFor(plan.form, trainer.tokenizer);
    const form = selectionForm(trainer.tokenizer, words);
    const notes = leaks(tasks, heldOut);
    for (const note of notes) context.warn(`winnow: ${note}`);
    if (options.dryRun === true) return await forecast(trainer, { tasks, heldOut }, form, plan, options, context);
    const solved = plan.solved === undefined ? [] : await solvedExamples(plan.solved, trainer, words);
    const progress = context.progress('training', { total: settings.steps, unit: 'steps' });
    announceInterrupt(folder, context);
    const run = await trainSelector(trainer, tasks, {
      ...{ folder, form, settings, heldOut, solved, seed: context.seed, signal: context.signal },
      identity: opened.identity,
      ...(plan.reference === true ? { reference: await opened.reference() } : {}),
      onRow: (row) => showSelectRow(row, progress, context),
      onNote(note) {
        notes.push(note);
        context.note(note);
      },
    });
    progress.end();
    const report = selectReport(run, `Training of a selector: ${plan.model}`, notes.slice(-50));
    const outcome = selectOutcome(run);
    await writeResults({ folder, plan, opened, report, outcome, state: run.best.state, startedAt }, context);
  } finally {
    await opened.close();
  }
}

async function solvedExamples(
  file: string,
  { tokenizer }: Trainer,
  words: Parameters<typeof refinementExamples>[2],
): Promise<readonly RefinementExample[]> {
  const tasks = await allOf(readRefinementTasks(file));
  const direct = tasks.filter(({ kind }) => kind === 'direct');
  return refinementExamples(direct, tokenizer, words, Number.POSITIVE_INFINITY).examples;
}

/** The live view: the last step's figures behind the bar, an evaluation on a line of its own. */
export function showSelectRow(row: SelectRow, progress: Progress, context: CommandContext): void {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  if (row.kind === 'evaluation') {
    const { greedy, sampled, majority, random, pass_at_n: best } = row;
    const voted = majority === undefined ? '' : `, majority ${percent(majority)}`;
    const limits = `random ${percent(random)}${voted}, pass@N ${percent(best)}`;
    const which = row.final === true ? `best state, step ${row.step}` : `step ${row.step}`;
    context.note(`${which}: held out greedy ${percent(greedy)}, sampled ${percent(sampled)} (${limits})`);
    return;
  }
  progress.add(1, { tokens: row.prompt_tokens + row.completion_tokens });
  const entropy = `entropy ${row.entropy.toFixed(3)}`;
  progress.say(
    `reward ${row.reward.toFixed(3)}  valid ${percent(row.valid)}  ${entropy}  groups ${row.groups}/${row.drawn_groups}`,
  );
}

async function forecast(
  trainer: Trainer,
  { tasks, heldOut }: Readonly<Record<'tasks' | 'heldOut', readonly SelectionTask[]>>,
  form: PolicyForm<SelectionTask>,
  plan: TrainPlan<'select'>,
  options: TrainOptions,
  context: CommandContext,
): Promise<void> {
  const prices = await readPrices(options.prices);
  const price = prices[plan.model];
  const found = await probeSelection(trainer, tasks, {
    form,
    settings: selectSettings(plan.settings),
    heldOut: heldOut.length,
    seed: context.seed,
    tasks: options.probe,
    ...(price === undefined ? {} : { price }),
    ...(options.trainPrice === undefined ? {} : { trainPrice: options.trainPrice }),
  });
  context.emit({ dry_run: true, ...snakeCased(found) });
  context.print(describe(found, tasks.length));
  for (const warning of found.warnings) context.warn(`winnow: ${warning}`);
}

function describe(found: Forecast, tasks: number): string {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const count = (value: number): string => Math.round(value).toLocaleString('en-US');
  const { contrast, probed, drawnTokens, seconds } = found;
  const hours = (value: number): string =>
    value < 3600 ? `${(value / 60).toFixed(1)} min` : `${(value / 3600).toFixed(1)} h`;
  return [
    `Probed ${probed.tasks} of ${tasks} tasks with ${probed.rollouts} rollouts; nothing was trained.`,
    `groups with contrast   ${percent(contrast.value)} (${percent(contrast.low)} to ${percent(contrast.high)}); all right ${percent(found.allRight)}, all wrong ${percent(found.allWrong)}, nothing known ${percent(found.unknown)}`,
    `replies                reward ${found.reward.toFixed(3)}, valid ${percent(found.valid)}, cut off ${percent(found.cut)}, ${found.completionTokens.toFixed(0)} tokens each`,
    `prompts                ${found.promptTokens.toFixed(0)} tokens; longest with its reply ${found.longest}`,
    `a step draws           ${count(found.groupsPerStep)} groups`,
    `the run takes          ${count(drawnTokens.completion)} drawn and ${count(found.trainedTokens)} trained tokens, ${found.passes.toFixed(1)} passes over the tasks; ${count(found.evaluationReplies)} replies of them for evaluation`,
    `time                   about ${hours(seconds.drawing)} drawing and ${hours(seconds.training)} learning on this trainer`,
    ...(found.cost === undefined ? [] : [`cost                   about ${found.cost.toFixed(2)}`]),
  ].join('\n');
}

function snakeCased(value: unknown): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? snakeNames(inner) : inner,
  );
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
