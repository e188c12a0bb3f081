/**
 * Generative self-refinement (GSR, 2509.00084): one model learns to solve and to refine, by weighted negative
 * log-likelihood over both kinds of example.
 *
 * Where we differ from the paper: each kind's loss is a mean over its own tokens, so that lambda means the same for short
 * and long targets; it does not say how it normalises.
 */
import { createHash } from 'node:crypto';
import { WinnowError } from '../../core/index.ts';
import { openRunFiles, type RunFiles, type RunPlan, type SavedPoint } from '../run/run-files.ts';
import { learningRateAt } from '../run/schedule.ts';
import { adamSettings } from '../select/index.ts';
import type { Loss, TrainedModel, Trainer } from '../trainer.ts';
import type { RefinementExample } from './examples.ts';
import { batchesOf, jointBatch, kindLosses } from './joint-batch.ts';
import { type RefineSettings, refineSettings } from './settings.ts';

/** One step, or one evaluation, in `metrics.jsonl`. Losses are means a token. */
export interface RefineRow {
  readonly kind: 'step' | 'evaluation';
  readonly step: number;
  /** lambda x refine_loss + (1 - lambda) x direct_loss; one kind alone counts in full. */
  readonly loss: number;
  readonly direct_loss?: number;
  readonly refine_loss?: number;
  readonly tokens: number;
  readonly learning_rate?: number;
  readonly gradient_norm?: number;
  /** What `measure` found. */
  readonly measured?: Readonly<Record<string, number>>;
}

export interface RefineOptions {
  /** The run folder: new, or one to go on with. */
  readonly folder: string;
  readonly settings?: Partial<RefineSettings>;
  readonly seed?: number;
  readonly heldOut?: readonly RefinementExample[];
  /** Looks at the model by what it writes, at each evaluation. */
  readonly measure?: (model: TrainedModel) => Promise<Readonly<Record<string, number>>>;
  readonly identity?: RunPlan;
  /** The run ends after the step under way, saved. */
  readonly signal?: AbortSignal;
  readonly onRow?: (row: RefineRow) => void;
}

export interface RefineRun {
  readonly steps: number;
  readonly stopped?: string;
  /** The state with the lowest held-out loss, the trainer's own now; without held-out examples the last. */
  readonly best: SavedPoint;
  readonly rows: readonly RefineRow[];
}

interface RefinePoint extends SavedPoint {
  readonly best?: SavedPoint;
  readonly stopped?: string;
  readonly finished?: true;
}

const CROSS_ENTROPY: Loss = { name: 'cross_entropy' };

/** How many steps the settings ask for over these examples. */
export function refineSteps(examples: readonly RefinementExample[], settings: RefineSettings): number {
  const { steps, epochs, batch, mixture } = settings;
  const used = examples.filter(({ kind }) => mixture === 'joint' || kind === mixture);
  return steps ?? Math.ceil((epochs * used.length) / batch);
}

/** Trains a refiner and returns how it went. Run again with the same folder it goes on behind the last saved step. */
export async function trainRefiner(
  trainer: Trainer,
  examples: readonly RefinementExample[],
  options: RefineOptions,
): Promise<RefineRun> {
  const { folder, seed = 0, heldOut = [], identity = {} } = options;
  const settings = refineSettings(options.settings);
  checkKinds(examples, settings);
  const steps = refineSteps(examples, settings);
  const plan = {
    ...identity,
    ...settings,
    steps,
    seed,
    examples: hashExamples(examples),
    held_out: hashExamples(heldOut),
  };
  const files = openRunFiles<RefinePoint, RefineRow>(folder, plan);
  try {
    const { best, stopped, step } = await refineLoop(trainer, examples, { ...options, settings, steps, seed, files });
    return { steps: step, ...(stopped === undefined ? {} : { stopped }), best, rows: files.rows };
  } finally {
    files.close();
  }
}

interface RefineLoop extends Omit<RefineOptions, 'settings'> {
  readonly settings: RefineSettings;
  readonly steps: number;
  readonly seed: number;
  readonly files: RunFiles<RefinePoint, RefineRow>;
}

async function refineLoop(
  trainer: Trainer,
  examples: readonly RefinementExample[],
  loop: RefineLoop,
): Promise<RefinePoint & { readonly best: SavedPoint }> {
  const { settings, steps, files, heldOut = [], signal } = loop;
  const { lambda, evaluateEvery, saveEvery, patience } = settings;
  const batchAt = batchesOf(examples, settings, loop.seed);
  const from = files.last;
  let best = from?.best;
  let stopped = from?.stopped;
  let step = from?.step ?? 0;

  function add(row: RefineRow): void {
    files.addRow(row);
    loop.onRow?.(row);
  }

  async function learn(): Promise<void> {
    const batch = jointBatch(batchAt(step), lambda);
    const learningRate = learningRateAt(step - 1, steps, settings);
    const [pass, { gradientNorm }] = await Promise.all([
      trainer.forwardBackward(batch.data, CROSS_ENTROPY),
      trainer.optimStep(adamSettings(settings, learningRate)),
    ]);
    const tokens = batch.examples.reduce((sum, { target }) => sum + target.length, 0);
    const norm = gradientNorm === undefined ? {} : { gradient_norm: gradientNorm };
    const losses = lossFields(kindLosses(batch.examples, pass));
    add({ kind: 'step', step, loss: pass.loss, ...losses, tokens, learning_rate: learningRate, ...norm });
  }

  async function evaluate(): Promise<void> {
    const due = step === 0 || step === steps || (evaluateEvery > 0 && step % evaluateEvery === 0);
    if (!due || (heldOut.length === 0 && loop.measure === undefined)) return;
    const losses = heldOut.length === 0 ? {} : await heldOutLosses(trainer, heldOut, settings.batch);
    const loss = weighted(losses, lambda);
    const tokens = heldOut.reduce((sum, { target }) => sum + target.length, 0);
    const measured = loop.measure === undefined ? {} : { measured: await measurePublished(trainer, loop.measure) };
    add({ kind: 'evaluation', step, loss, ...lossFields(losses), tokens, ...measured });
    if (step === 0 || heldOut.length === 0 || loss >= lossAt(files.rows, best?.step)) return;
    best = { step, state: await trainer.save(best?.state.endsWith('best-a') ? 'best-b' : 'best-a') };
  }

  async function save(finished = false): Promise<RefinePoint> {
    const state = finished && best !== undefined ? best.state : await trainer.save(files.nextName());
    const ends = { ...(stopped === undefined ? {} : { stopped }), ...(finished ? { finished } : {}) };
    const point: RefinePoint = { step, state, ...(best === undefined ? {} : { best }), ...ends };
    files.addSaved(point);
    return point;
  }

  if (from !== undefined) await trainer.load(from.state);
  else await evaluate();
  let point = from;
  while (step < steps && stopped === undefined) {
    step++;
    await learn();
    await evaluate();
    const since = files.rows.filter((row) => row.kind === 'evaluation' && row.step > (best?.step ?? 0)).length;
    if (patience > 0 && since >= patience) stopped = `${since} evaluations without a gain`;
    const interrupted = signal?.aborted === true;
    if (step % saveEvery === 0 || step === steps || stopped !== undefined || interrupted || best?.step === step)
      point = await save();
    if (interrupted) signal.throwIfAborted();
  }
  if (point?.finished !== true) {
    if (best !== undefined) await trainer.load(best.state, { optimizer: false });
    point = await save(true);
  }
  return { ...point, best: point.best ?? { step, state: point.state } };
}

async function heldOutLosses(trainer: Trainer, heldOut: readonly RefinementExample[], batch: number) {
  const parts = Array.from({ length: Math.ceil(heldOut.length / batch) }, (_, i) =>
    heldOut.slice(i * batch, (i + 1) * batch),
  );
  const passes = await Promise.all(parts.map((part) => trainer.forward(jointBatch(part, 0.5).data, CROSS_ENTROPY)));
  return kindLosses(heldOut, { loss: 0, logprobs: passes.flatMap(({ logprobs }) => logprobs) });
}

async function measurePublished(trainer: Trainer, measure: NonNullable<RefineOptions['measure']>) {
  const model = await trainer.publish();
  try {
    return await measure(model);
  } finally {
    await model.close?.();
  }
}

function weighted({ direct, refine }: ReturnType<typeof kindLosses>, lambda: number): number {
  if (direct === undefined || refine === undefined) return direct ?? refine ?? 0;
  return lambda * refine + (1 - lambda) * direct;
}

function lossFields({ direct, refine }: ReturnType<typeof kindLosses>): Partial<RefineRow> {
  return {
    ...(direct === undefined ? {} : { direct_loss: direct }),
    ...(refine === undefined ? {} : { refine_loss: refine }),
  };
}

function lossAt(rows: readonly RefineRow[], step: number | undefined): number {
  const row = rows.find((one) => one.kind === 'evaluation' && one.step === step);
  return row?.loss ?? Number.POSITIVE_INFINITY;
}

/** Throws `bad-input` where a kind that the mixture needs has no example. */
export function checkKinds(examples: readonly RefinementExample[], { mixture }: RefineSettings): void {
  const needed = mixture === 'joint' ? (['refine', 'direct'] as const) : [mixture];
  const missing = needed.find((kind) => !examples.some((example) => example.kind === kind));
  if (missing === undefined) return;
  throw new WinnowError('bad-input', `There is no ${missing} example with a target, and the mixture is ${mixture}.`, {
    hint: 'Synthesise such tasks, or set mixture to the kind that is there.',
  });
}

/** Tells example sets apart without holding their text at once. */
function hashExamples(examples: readonly RefinementExample[]): string {
  const hash = createHash('sha256');
  for (const { id, kind, prompt, target } of examples) hash.update(JSON.stringify([id, kind, prompt, target]));
  return hash.digest('hex').slice(0, 16);
}
