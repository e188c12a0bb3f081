import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SelectionTask } from '../../core/index.ts';
import { type Checkpoint, type Cores, createEmbeddedTrainer, type EmbeddedModel } from '../../engine/index.ts';
import {
  type EvaluationSettings,
  type MeasuredSelector,
  measureSelector,
  type PolicyForm,
  readRecipe,
  refinementExamples,
  type SelectRun,
  type SelectSettings,
  selectionForm,
  selectSettings,
  trainSelector,
} from '../../train/index.ts';
import type { CommandContext } from '../command.ts';
import { wordsFor } from '../train-inputs.ts';
import { showSelectRow } from '../train-select.ts';
import type { Plan } from './plan.ts';
import { solvingOf } from './solving.ts';
import type { Tasks } from './tasks.ts';

/** What a selector does with one task, in its own words. */
export interface Transcript {
  readonly task: SelectionTask;
  readonly before: string;
  readonly after: string;
}

export interface ChoosingResult {
  readonly run: SelectRun;
  readonly before: MeasuredSelector;
  readonly after: MeasuredSelector;
  readonly transfer: { readonly before: MeasuredSelector; readonly after: MeasuredSelector };
  readonly multiStep: { readonly before: MeasuredSelector; readonly after: MeasuredSelector };
  readonly outOfDomain: { readonly before: MeasuredSelector; readonly after: MeasuredSelector };
  readonly solving: { readonly before: number; readonly after: number };
  readonly transcripts: readonly Transcript[];
  /** The trained selector as a Hugging Face folder. */
  readonly model: string;
}

const RECIPE = fileURLToPath(new URL('../../../recipes/quickstart.yaml', import.meta.url));
const VOTES = 8;

/** Trains the selector of the recipe, and measures it before and after on tasks it has never seen. */
export async function learnToChoose(
  folder: string,
  tasks: Tasks,
  plan: Plan,
  { cores, base }: { readonly cores: Cores; readonly base: Checkpoint },
  context: CommandContext,
): Promise<ChoosingResult> {
  const recipe = await readRecipe(RECIPE, 'select', [`steps=${plan.selectSteps}`]);
  const settings = selectSettings(recipe.settings);
  const trainer = await createEmbeddedTrainer(cores, base, { folder: path.join(folder, 'states') });
  try {
    const words = await wordsFor('families', trainer.tokenizer);
    const form = selectionForm(trainer.tokenizer, words);
    const direct = tasks.refine.filter(({ kind }) => kind === 'direct');
    const solved = refinementExamples(direct, trainer.tokenizer, words, Number.POSITIVE_INFINITY).examples;
    const measure = (model: EmbeddedModel) => measureAll(model, form, tasks, settings, plan.seed);

    const untrained = await trainer.publish();
    const before = await measure(untrained);
    const progress = context.progress('choosing', { total: settings.steps, unit: 'steps' });
    const run = await trainSelector(trainer, tasks.select, {
      ...{ folder, form, settings, solved, heldOut: tasks.watched.select, seed: plan.seed, signal: context.signal },
      identity: { model: base.name, checkpoint: base.hash },
      onRow: (row) => showSelectRow(row, progress, context),
      onNote: context.note,
    });
    progress.end();
    const trained = await trainer.publish();
    const after = await measure(trained);
    const transcripts = await transcribe(tasks.test.select, after.test, form, { untrained, trained });
    const model = path.join(folder, 'model');
    await trainer.exportModel(model);
    await Promise.all([untrained.close(), trained.close()]);
    return {
      run,
      before: before.test,
      after: after.test,
      transfer: { before: before.transfer, after: after.transfer },
      multiStep: { before: before.multiStep, after: after.multiStep },
      outOfDomain: { before: before.outOfDomain, after: after.outOfDomain },
      solving: { before: before.solving, after: after.solving },
      transcripts,
      model,
    };
  } finally {
    await trainer.close();
  }
}

async function measureAll(
  model: EmbeddedModel,
  form: PolicyForm<SelectionTask>,
  { test }: Tasks,
  { maxTokens, topP, concurrency, evaluateTemperature: temperature }: SelectSettings,
  seed: number,
) {
  const settings: EvaluationSettings = { votes: VOTES, temperature, topP, maxTokens, concurrency, seed };
  return {
    test: await measureSelector(model, form, test.select, settings),
    transfer: await measureSelector(model, form, test.transfer, settings),
    multiStep: await measureSelector(model, form, test.multiStep, settings),
    outOfDomain: await measureSelector(model, form, test.outOfDomain, settings),
    solving: await solvingOf(model, test.problems),
  };
}

/** Most transcripts of either kind: where the trained selector is right against the majority, and where it is wrong. */
const SHOWN = { gains: 5, misses: 3 };

async function transcribe(
  tasks: readonly SelectionTask[],
  { greedyByTask, majorityByTask }: MeasuredSelector,
  form: PolicyForm<SelectionTask>,
  { untrained, trained }: { readonly untrained: EmbeddedModel; readonly trained: EmbeddedModel },
): Promise<readonly Transcript[]> {
  const hasContrast = ({ correct }: SelectionTask): boolean => correct.includes(true) && correct.includes(false);
  const gains = tasks.filter((task, i) => hasContrast(task) && greedyByTask[i] === 1 && majorityByTask[i] === 0);
  const misses = tasks.filter((task, i) => hasContrast(task) && greedyByTask[i] === 0);
  const reply = async (model: EmbeddedModel, task: SelectionTask): Promise<string> => {
    const request = { prompt: form.prompt(task), maxTokens: 32, temperature: 0, seed: 0 };
    const [sequence] = await model.sampleTokens(request);
    return model.tokenizer.decode(sequence?.tokens ?? []);
  };
  const shown = [...gains.slice(0, SHOWN.gains), ...misses.slice(0, SHOWN.misses)];
  return Promise.all(
    shown.map(async (task) => ({ task, before: await reply(untrained, task), after: await reply(trained, task) })),
  );
}
