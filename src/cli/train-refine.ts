import type { RefinementTask } from '../core/index.ts';
import { readRefinementTasks } from '../synthesize/index.ts';
import {
  checkKinds,
  type EncodedTasks,
  probeRefinement,
  type RefinementExample,
  type RefineRow,
  type RefineSettings,
  refinementExamples,
  refineOutcome,
  refineReport,
  refineSettings,
  refineSteps,
  type Trainer,
  trainRefiner,
} from '../train/index.ts';
import type { CommandContext } from './command.ts';
import type { Progress } from './progress.ts';
import type { TrainOptions } from './train.ts';
import { allOf, leaks, openTrainer, planOf, wordsFor } from './train-inputs.ts';
import { announceInterrupt, writeResults } from './train-results.ts';

/** Trains a refiner, or with `--dry-run` says what that would take. */
export async function train(argument: string, options: TrainOptions, context: CommandContext): Promise<void> {
  const startedAt = new Date();
  const plan = await planOf('refine', argument, options);
  const settings = refineSettings(plan.settings);
  const folder = options.out ?? 'train-refine';
  const tasks = await allOf(readRefinementTasks(plan.tasks));
  const heldOutTasks = plan.heldOut === undefined ? [] : await allOf(readRefinementTasks(plan.heldOut));
  const opened = await openTrainer(plan, folder, options, context);
  try {
    const { trainer } = opened;
    const words = await wordsFor(plan.form, trainer.tokenizer);
    const encode = (from: readonly RefinementTask[]): EncodedTasks =>
      refinementExamples(from, trainer.tokenizer, words, settings.maxTokens);
    const encoded = encode(tasks);
    const notes = [...remarks(encoded, settings.maxTokens), ...leaks(tasks, heldOutTasks)];
    for (const note of notes) context.note(note);
    const { examples } = encoded;
    checkKinds(examples, settings);
    const steps = refineSteps(examples, settings);
    if (options.dryRun === true) return await forecast(trainer, examples, settings, options, context);
    const heldOut = encode(heldOutTasks).examples;
    const progress = context.progress('training', { total: steps, unit: 'steps' });
    announceInterrupt(folder, context);
    const run = await trainRefiner(trainer, examples, {
      ...{ folder, settings, heldOut, seed: context.seed, signal: context.signal, identity: opened.identity },
      onRow: (row) => showRefineRow(row, progress, context),
    });
    progress.end();
    const report = refineReport(run, `Training of a refiner: ${plan.model}`, notes);
    const outcome = refineOutcome(run);
    await writeResults({ folder, plan, opened, report, outcome, state: run.best.state, startedAt }, context);
  } finally {
    await opened.close();
  }
}

/** The live view: the last step's losses behind the bar, an evaluation on a line of its own. */
export function showRefineRow(row: RefineRow, progress: Progress, context: CommandContext): void {
  const { direct_loss: direct, refine_loss: refine } = row;
  const shown = Object.entries({ direct, refine }).flatMap(([kind, loss]) =>
    loss === undefined ? [] : [`${kind} ${loss.toFixed(4)}`],
  );
  if (row.kind === 'evaluation') {
    context.note(`step ${row.step}: held-out loss  ${shown.join('  ')}`);
    return;
  }
  progress.add(1, { tokens: row.tokens });
  progress.say(shown.join('  '));
}

function remarks({ examples, withoutTarget, tooLong }: EncodedTasks, maxTokens: number): readonly string[] {
  const direct = examples.filter(({ kind }) => kind === 'direct').length;
  return [
    `${direct} direct and ${examples.length - direct} refinement examples.`,
    ...(withoutTarget > 0 ? [`${withoutTarget} tasks have no target and are left out.`] : []),
    ...(tooLong > 0 ? [`${tooLong} tasks are longer than max_tokens (${maxTokens}) and are left out.`] : []),
  ];
}

async function forecast(
  trainer: Trainer,
  examples: readonly RefinementExample[],
  settings: RefineSettings,
  { trainPrice }: TrainOptions,
  context: CommandContext,
): Promise<void> {
  const { steps, trainedTokens, longest, seconds } = await probeRefinement(trainer, examples, settings, context.seed);
  const cost = trainPrice === undefined ? {} : { cost: (trainedTokens * trainPrice) / 1e6 };
  const figures = { steps, trained_tokens: trainedTokens, longest, seconds };
  context.emit({ dry_run: true, examples: examples.length, ...figures, ...cost });
  const said = cost.cost === undefined ? '' : `, cost about ${cost.cost.toFixed(2)}`;
  const minutes = `about ${(seconds / 60).toFixed(1)} min on this trainer`;
  context.print(
    `${steps} steps of ${settings.batch}: ${trainedTokens.toLocaleString('en-US')} tokens, the longest example ${longest}; ${minutes}${said}.`,
  );
}
