import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem, RefinementTask } from '../../core/index.ts';
import { type Checkpoint, type Cores, createEmbeddedTrainer, type EmbeddedModel } from '../../engine/index.ts';
import {
  type Mixture,
  measureRefinement,
  type RefinementForm,
  type RefinementScores,
  type RefineRun,
  readRecipe,
  refinementExamples,
  refinementPrompt,
  refineSettings,
  trainRefiner,
} from '../../train/index.ts';
import { gradeMath } from '../../verify/index.ts';
import type { CommandContext } from '../command.ts';
import { wordsFor } from '../train-inputs.ts';
import { showRefineRow } from '../train-refine.ts';
import type { Plan } from './plan.ts';
import { MAX_TOKENS } from './pools.ts';
import { solvingOf } from './solving.ts';
import type { Tasks } from './tasks.ts';

/** A refiner on fresh problems. */
export interface MeasuredRefiner {
  /** One refinement a task, drawn as the candidates were; a result for each number of candidates, smallest first. */
  readonly drawn: readonly RefinementScores[];
  /** The most likely refinement. It favours a model that copies: copying token by token is a vote at each place. */
  readonly greedy: readonly RefinementScores[];
  /** Greedy pass@1 without candidates. */
  readonly solving: number;
}

export interface RefiningResult {
  readonly run: RefineRun;
  readonly before: MeasuredRefiner;
  readonly after: MeasuredRefiner;
  readonly model: string;
}

const RECIPE = fileURLToPath(new URL('../../../recipes/quickstart-refine.yaml', import.meta.url));

/** Trains the refiner of the recipe, and measures it before and after on problems it has never seen. */
export async function learnToRefine(
  folder: string,
  tasks: Tasks,
  { plan, mixture = 'joint' }: { readonly plan: Plan; readonly mixture?: Mixture },
  { cores, base }: { readonly cores: Cores; readonly base: Checkpoint },
  context: CommandContext,
): Promise<RefiningResult> {
  const recipe = await readRecipe(RECIPE, 'refine', [`steps=${plan.refineSteps}`, `mixture=${mixture}`]);
  const settings = refineSettings(recipe.settings);
  const trainer = await createEmbeddedTrainer(cores, base, { folder: path.join(folder, 'states') });
  try {
    const words = await wordsFor('families', trainer.tokenizer);
    const form: RefinementForm = {
      prompt: (task) => refinementPrompt(task, trainer.tokenizer, words),
      grade: async ({ gold }, reply) =>
        gold === undefined ? undefined : (await gradeMath(gold, reply)).kind === 'correct',
    };
    const encode = (some: readonly RefinementTask[]) =>
      refinementExamples(some, trainer.tokenizer, words, settings.maxTokens).examples;
    const { refine, problems } = tasks.test;
    const before = await measure(await trainer.publish(), form, refine, problems, plan.seed);
    const progress = context.progress('refining', { total: plan.refineSteps, unit: 'steps' });
    const run = await trainRefiner(trainer, encode(tasks.refine), {
      ...{ folder, settings, heldOut: encode(tasks.watched.refine), seed: plan.seed, signal: context.signal },
      identity: { model: base.name, checkpoint: base.hash },
      onRow: (row) => showRefineRow(row, progress, context),
    });
    progress.end();
    const after = await measure(await trainer.publish(), form, refine, problems, plan.seed);
    const model = path.join(folder, 'model');
    await trainer.exportModel(model);
    return { run, before, after, model };
  } finally {
    await trainer.close();
  }
}

async function measure(
  model: EmbeddedModel,
  form: RefinementForm,
  tasks: readonly RefinementTask[],
  problems: readonly Problem[],
  seed: number,
): Promise<MeasuredRefiner> {
  try {
    const at = (temperature: number) =>
      measureRefinement(model, form, tasks, { maxTokens: MAX_TOKENS, seed, temperature });
    return { drawn: await at(1), greedy: await at(0), solving: await solvingOf(model, problems) };
  } finally {
    await model.close();
  }
}
