import { readRefinementTasks } from '../synthesize/index.ts';
import {
  type EncodedTasks,
  type RefineRow,
  refinementExamples,
  refineOutcome,
  refineReport,
  refineSettings,
  refineSteps,
  trainRefiner,
} from '../train/index.ts';
import type { CommandContext } from './command.ts';
import type { Progress } from './progress.ts';
import type { TrainOptions } from './train.ts';
import { allOf, openTrainer, planOf, wordsFor } from './train-inputs.ts';
import { announceInterrupt, writeResults } from './train-results.ts';

/** Trains a refiner, or with `--dry-run` says what that would take. */
export async function train(argument: string, options: TrainOptions, context: CommandContext): Promise<void> {
  const startedAt = new Date();
  const plan = await planOf('refine', argument, options);
  const settings = refineSettings(plan.settings);
  const folder = options.out ?? 'train-refine';
  const opened = await openTrainer(plan, folder, options, context);
  try {
    const { trainer } = opened;
    const words = await wordsFor(plan.form, trainer.tokenizer);
    const encode = async (file: string): Promise<EncodedTasks> =>
      refinementExamples(await allOf(readRefinementTasks(file)), trainer.tokenizer, words, settings.maxTokens);
    const encoded = await encode(plan.tasks);
    const notes = remarks(encoded, settings.maxTokens);
    for (const note of notes) context.note(note);
    const { examples } = encoded;
    const steps = refineSteps(examples, settings);
    if (options.dryRun === true) return forecast(encoded, steps, settings.batch, options, context);
    const heldOut = plan.heldOut === undefined ? [] : (await encode(plan.heldOut)).examples;
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

function forecast(
  { examples }: EncodedTasks,
  steps: number,
  batch: number,
  { trainPrice }: TrainOptions,
  context: CommandContext,
): void {
  const tokens = examples.reduce((sum, { prompt, target }) => sum + prompt.length + target.length, 0);
  const trained = Math.round((tokens / Math.max(1, examples.length)) * batch * steps);
  const cost = trainPrice === undefined ? undefined : (trained * trainPrice) / 1e6;
  const longest = examples.reduce((most, { prompt, target }) => Math.max(most, prompt.length + target.length), 0);
  context.emit({
    dry_run: true,
    examples: examples.length,
    steps,
    trained_tokens: trained,
    longest,
    ...(cost === undefined ? {} : { cost }),
  });
  const said = cost === undefined ? '' : `, cost about ${cost.toFixed(2)}`;
  context.print(
    `${steps} steps of ${batch}: ${trained.toLocaleString('en-US')} tokens, the longest example ${longest}${said}.`,
  );
}
