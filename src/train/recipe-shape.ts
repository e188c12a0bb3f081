import * as z from 'zod';

/** Where the data, the model and the trainer of a recipe are. Paths are relative to the recipe. */
const PLACES = {
  /** `tiny`, a folder, or the name a training server knows the model by. */
  model: z.string().optional(),
  /** The folder with the tokenizer of a model that is on a server. */
  tokenizer: z.string().optional(),
  tasks: z.string().optional(),
  held_out: z.string().optional(),
  /** Direct tasks with targets: the solve batches of a selector's training. */
  solved: z.string().optional(),
  /** `embedded`, or the address of a server of the Tinker protocol. */
  trainer: z.string().optional(),
  /** Rank of low-rank factors; 0 trains all weights. */
  rank: z.int().min(0).optional(),
  /** `judge`: the prompts of GenSelect and refine; `families`: those of the tiny checkpoint. */
  form: z.enum(['auto', 'judge', 'families']).optional(),
  /** Put every place of the loss under the divergence from the untouched base. */
  reference: z.boolean().optional(),
};

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const positive = z.number().min(0);
/** At 1 a moving average would never move. */
const decay = z.number().min(0).lt(1);

const OPTIMISER = {
  learning_rate: positive,
  warmup_updates: z.int().min(0),
  decay: z.enum(['constant', 'linear', 'cosine']),
  final_share: share,
  beta1: decay,
  beta2: decay,
  epsilon: z.number().gt(0),
  weight_decay: positive,
  clip_norm: positive,
};

const SELECT = {
  ...OPTIMISER,
  steps: count,
  groups: count,
  rollouts: z.int().min(2),
  temperature: z.number().gt(0),
  top_p: z.number().gt(0).max(1),
  max_tokens: count,
  updates: count,
  epochs: count,
  clip_low: z.number().gt(0).max(1).nullable(),
  clip_high: z.number().min(1).nullable(),
  normalise_by_std: z.boolean(),
  loss_mean: z.enum(['token', 'sequence']),
  dynamic_sampling: z.boolean(),
  refill_limit: z.number().min(1),
  overlong: z.union(
    [
      z.enum(['keep', 'filter']).transform((kind) => ({ kind })),
      z.strictObject({ cache_tokens: count }).transform((given) => ({
        kind: 'punish' as const,
        cacheTokens: given.cache_tokens,
      })),
    ],
    'expected keep, filter or {"cache_tokens": n}',
  ),
  kl_weight: positive,
  solve_every: z.int().min(0),
  solve_batch: count,
  solve_weight: positive,
  staleness: z.int().min(0).max(16),
  concurrency: count,
  evaluate_every: z.int().min(0),
  votes: count,
  evaluate_temperature: z.number().gt(0),
  save_every: count,
  patience: z.int().min(0),
  on_collapse: z.enum(['warn', 'stop']),
};

const REFINE = {
  ...OPTIMISER,
  steps: count.nullable(),
  epochs: z.number().gt(0),
  mixture: z.enum(['joint', 'direct', 'refine']),
  lambda: share,
  batch: count,
  refine_share: share,
  max_tokens: count,
  evaluate_every: z.int().min(0),
  save_every: count,
  patience: z.int().min(0),
};

const settingsOf = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).partial();

/** A recipe for each kind of training. */
export const RECIPES = {
  select: z.strictObject({ kind: z.literal('select'), ...PLACES, settings: settingsOf(SELECT) }),
  refine: z.strictObject({ kind: z.literal('refine'), ...PLACES, settings: settingsOf(REFINE) }),
};

/** The names that may stand in a recipe, beside each other and under `settings`. */
export const RECIPE_KEYS = {
  select: { top: ['kind', 'settings', ...Object.keys(PLACES)], settings: Object.keys(SELECT) },
  refine: { top: ['kind', 'settings', ...Object.keys(PLACES)], settings: Object.keys(REFINE) },
};
