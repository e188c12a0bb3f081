import path from 'node:path';
import { WinnowError } from '../core/index.ts';
import type { EmbeddedTrainer } from '../engine/index.ts';
import type { RefinementWords, SelectionWords, Tokenizer, Trainer } from '../train/index.ts';
import { type Recipe, readRecipe, recipeOf, type TrainingKind } from '../train/index.ts';
import type { CommandContext } from './command.ts';
import type { TrainOptions } from './train.ts';

/** What a training command works from: the recipe with the options before it. */
export type TrainPlan<K extends TrainingKind> = Recipe<K> & {
  readonly tasks: string;
  readonly model: string;
  readonly trainer: string;
  readonly rank: number;
  readonly form: 'auto' | 'judge' | 'families';
};

export async function planOf<K extends TrainingKind>(
  kind: K,
  argument: string,
  options: TrainOptions,
): Promise<TrainPlan<K>> {
  const isRecipe = /\.ya?ml$/.test(argument);
  const { set = [], ...given } = options;
  const recipe = isRecipe ? await readRecipe(argument, kind, set) : recipeOf({ tasks: argument }, kind, set, '--set');
  const own = ['trainer', 'model', 'tokenizer', 'rank', 'heldOut', 'solved', 'form'] as const;
  const said = own.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]));
  const plan = { trainer: 'embedded', model: 'tiny', rank: 0, form: 'auto', ...recipe, ...Object.fromEntries(said) };
  if (plan.tasks !== undefined) return plan as TrainPlan<K>;
  throw new WinnowError('bad-input', `The recipe ${argument} names no tasks.`, { hint: 'Add tasks: FILE to it.' });
}

/** A trainer, with what only the embedded one can do. */
export interface OpenTrainer {
  readonly trainer: Trainer;
  /** A second one on the untouched base, for the divergence. */
  reference(): Promise<Trainer>;
  /** Writes the trained model, where it is on this machine. */
  readonly exportModel?: EmbeddedTrainer['exportModel'];
  readonly identity: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Opens the trainer that a plan names. States of the embedded one go into the run folder. */
export async function openTrainer(
  plan: TrainPlan<TrainingKind>,
  folder: string,
  { threads, device }: TrainOptions,
  context: CommandContext,
): Promise<OpenTrainer> {
  const engine = await import('../engine/index.ts');
  const { model, rank, trainer: place } = plan;
  if (place !== 'embedded') return openServer(plan, context);
  const checkpoint = await engine.openCheckpoint(model);
  const compute = await engine.openCompute(checkpoint, {
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
  });
  if (compute.device === 'webgpu') context.note(`Training on ${compute.name}.`);
  const open = (states: string): Promise<EmbeddedTrainer> =>
    compute.openTrainer(checkpoint, {
      folder: path.join(folder, states),
      seed: context.seed,
      ...(rank > 0 ? { lowRank: { rank } } : {}),
    });
  const trainer = await open('states');
  const references: Trainer[] = [];
  return {
    trainer,
    async reference() {
      const reference = await open('reference');
      references.push(reference);
      return reference;
    },
    exportModel: trainer.exportModel,
    identity: { model: checkpoint.name, checkpoint: checkpoint.hash, rank },
    async close() {
      for (const one of [trainer, ...references]) await one.close();
      await compute.close();
    },
  };
}

async function openServer(
  { model, rank, trainer: baseUrl, tokenizer: folder }: TrainPlan<TrainingKind>,
  context: CommandContext,
): Promise<OpenTrainer> {
  const [{ createTinkerTrainer }, { openTokenizer }] = await Promise.all([
    import('../train/index.ts'),
    import('../engine/index.ts'),
  ]);
  const tokenizer = await openTokenizer(folder ?? model).catch((cause: unknown) => {
    if (!(cause instanceof WinnowError && cause.code === 'not-found')) throw cause;
    throw new WinnowError('wrong-use', `The tokenizer of ${model} is needed here too. ${cause.message}`, {
      hint: 'Give a folder with its tokenizer.json and tokenizer_config.json: --tokenizer DIR.',
      cause,
    });
  });
  const apiKey = process.env.TINKER_API_KEY;
  const open = (): Promise<Trainer> =>
    createTinkerTrainer({
      ...{ baseUrl, baseModel: model, tokenizer, rank, seed: context.seed, signal: context.signal },
      onWait: ({ message }) =>
        context.warn(`winnow: ${message}\n  Waiting for it, ten minutes at most; Ctrl-C ends that.`),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
  const trainer = await open();
  const references: Trainer[] = [];
  return {
    trainer,
    async reference() {
      const reference = await open();
      references.push(reference);
      return reference;
    },
    identity: { model, rank },
    async close() {
      for (const one of [trainer, ...references]) await one.close();
    },
  };
}

/** The words in which tasks are put: those of the judge, or of the tiny checkpoint's families. */
export async function wordsFor(
  form: 'auto' | 'judge' | 'families',
  tokenizer: Tokenizer,
): Promise<SelectionWords & RefinementWords> {
  const { FAMILY_VOCABULARY, openTaskPrompts, readSelection, refinePrompt, selectPrompt } = await import(
    '../synthesize/index.ts'
  );
  const { pieces, special } = FAMILY_VOCABULARY;
  const isFamilies = form === 'families' || (form === 'auto' && tokenizer.vocabSize === pieces.length + special.length);
  if (!isFamilies) return openTaskPrompts();
  const asUser = (content: string) => ({ messages: [{ role: 'user' as const, content }] });
  return {
    select: ({ problem, candidates }) =>
      asUser(
        selectPrompt(
          problem,
          candidates.map(({ text }) => text),
        ),
      ),
    refine: ({ problem, candidates }) =>
      asUser(
        candidates.length === 0
          ? problem
          : refinePrompt(
              problem,
              candidates.map(({ text }) => text),
            ),
      ),
    readChoice: (reply, count) =>
      readSelection(reply, count) ?? { problem: 'it is not a restated solution with the letter of a candidate' },
  };
}

/** Says where held-out tasks are of problems that are trained on. */
export function leaks(
  tasks: readonly { readonly problem: string }[],
  heldOut: readonly { readonly problem: string }[],
): string[] {
  const trained = new Set(tasks.map(({ problem }) => problem));
  const shared = heldOut.filter(({ problem }) => trained.has(problem)).length;
  if (shared === 0) return [];
  return [
    `${shared} of ${heldOut.length} held-out tasks are of problems that are trained on: their figures will flatter. Hold out by problem.`,
  ];
}

/** All of a file's rows. */
export async function allOf<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
