import type { SelectionTask } from '../../core/index.ts';
import type { RunFiles, SavedPoint } from '../run/run-files.ts';
import type { TrainedModel, Trainer } from '../trainer.ts';
import { batchesAhead } from './batches-ahead.ts';
import { signsOfCollapse } from './collapse.ts';
import { type Batch, type BatchSource, drawBatch } from './draw-batch.ts';
import type { Examiner } from './examiner.ts';
import { noContrast } from './no-contrast.ts';
import { openPolicies } from './policies.ts';
import { miniBatches } from './policy-data.ts';
import { type EvaluationRow, type SelectRow, type StepRow, stepRow } from './rows.ts';
import type { SelectSettings } from './settings.ts';
import { type UpdateContext, type UpdateMetrics, updatePolicy } from './update-policy.ts';
import { readWaiting, waitingRows } from './waiting-batches.ts';

/** A point from which a run goes on. */
export interface SelectPoint extends SavedPoint {
  /** Place in the stream of tasks behind everything that was drawn. */
  readonly next: number;
  /** The file of batches that were drawn and not yet learned from. */
  readonly waiting?: string;
  readonly best?: SavedPoint;
  readonly stopped?: string;
  readonly finished?: true;
}

export interface SelectLoop {
  readonly trainer: Trainer;
  readonly settings: SelectSettings;
  readonly files: RunFiles<SelectPoint, SelectRow>;
  readonly examiner: Examiner;
  readonly source: BatchSource<SelectionTask>;
  readonly context: UpdateContext;
  readonly signal?: AbortSignal;
  readonly onRow: (row: SelectRow) => void;
  readonly onNote: (note: string) => void;
}

/** Steps in a row in which nothing counted (no group had contrast, or every reply was cut off) after which a run ends. */
const EMPTY_STEPS = 3;

/**
 * The steps of a run from its last saved point on. A policy's version draws the batch that is learned from `staleness` steps later
 * than it could be, whatever is ready earlier, so that metrics depend on the seed alone.
 */
export async function selectLoop(loop: SelectLoop): Promise<SelectPoint & { readonly best: SavedPoint }> {
  const { trainer, settings, files, examiner, source, context, signal, onNote } = loop;
  const { steps, staleness, votes, saveEvery } = settings;
  const from = files.last;
  const { rows } = files;
  const ahead = batchesAhead(from?.next ?? 0, readWaiting(files, from?.waiting));
  const policies = openPolicies(trainer);
  let best = from?.best;
  let stopped = from?.stopped;
  let step = from?.step ?? 0;

  function add(row: SelectRow): void {
    files.addRow(row);
    loop.onRow(row);
  }

  async function learn(batch: Batch): Promise<void> {
    const updates: UpdateMetrics[] = [];
    const parts = miniBatches(batch.groups, settings);
    for (let epoch = 0; epoch < settings.epochs; epoch++) {
      for (const [i, part] of parts.entries()) {
        const number = ((step - 1) * settings.epochs + epoch) * settings.updates + i;
        updates.push(await updatePolicy(trainer, part, number, context));
      }
    }
    const row = stepRow(step, Math.max(0, step - 1 - staleness), batch, updates);
    add(row);
    if (row.groups < settings.groups) {
      onNote(`Step ${step} learned from ${row.groups} of ${settings.groups} groups; ${row.drawn_groups} were drawn.`);
    }
  }

  /** Publishes the policy as it is where something needs it: the batches that it draws, an evaluation. */
  async function release(): Promise<void> {
    const first = step === 0 ? 1 : step + 1 + staleness;
    const last = stopped === undefined ? Math.min(steps, step + 1 + staleness) : 0;
    const due = examiner.isDue(step, stopped !== undefined);
    if (!due && first > last) return;
    const policy = await policies.publish(step);
    for (let next = first; next <= last; next++)
      ahead.add(next, (position) => drawBatch(policy, source, position, settings));
    if (due) await examine(policy);
  }

  async function examine(policy: TrainedModel): Promise<void> {
    const row = await examiner.examine(policy, step, step === 0 ? votes : 1);
    add(row);
    if (step === 0 || row.greedy <= scoreAt(rows, best?.step)) return;
    best = { step, state: await trainer.save(best?.state.endsWith('best-a') ? 'best-b' : 'best-a') };
  }

  async function save(finished = false): Promise<SelectPoint> {
    const { waiting, next } = await ahead.settle();
    const name = files.nextName();
    const waitingName = `${name}-waiting.jsonl`;
    if (waiting.length > 0) files.writeRows(waitingName, waitingRows(waiting));
    const point: SelectPoint = {
      step,
      state: finished && best !== undefined ? best.state : await trainer.save(name),
      next,
      ...(waiting.length > 0 ? { waiting: waitingName } : {}),
      ...(best === undefined ? {} : { best }),
      ...(stopped === undefined ? {} : { stopped }),
      ...(finished ? { finished } : {}),
    };
    files.addSaved(point);
    return point;
  }

  async function finish(): Promise<SelectPoint> {
    if (best !== undefined) {
      await trainer.load(best.state, { optimizer: false });
      const policy = await policies.publish(steps + 1);
      add({ ...(await examiner.examine(policy, best.step, votes)), final: true });
    }
    return save(true);
  }

  try {
    if (from !== undefined) await trainer.load(from.state);
    let point = from;
    if (from === undefined) await release();
    while (step < steps && stopped === undefined) {
      const batch = await ahead.take(step + 1);
      step++;
      const started = performance.now();
      await policies.closeBefore(step - staleness);
      await learn(batch);
      stopped = reasonToStop(rows, best, settings, onNote);
      await release();
      files.addTiming({ step, seconds: (performance.now() - started) / 1000, at: new Date().toISOString() });
      const interrupted = signal?.aborted === true;
      if (step % saveEvery === 0 || step === steps || stopped !== undefined || interrupted || best?.step === step) {
        point = await save();
      }
      if (interrupted) signal.throwIfAborted();
    }
    if (point?.finished !== true) point = await finish();
    const { state } = point;
    return { ...point, best: point.best ?? { step, state } };
  } finally {
    await policies.closeAll();
  }
}

function scoreAt(rows: readonly SelectRow[], step: number | undefined): number {
  const row = rows.find((one): one is EvaluationRow => one.kind === 'evaluation' && one.step === step);
  return row === undefined || step === undefined ? -1 : row.greedy;
}

const taughtNothing = ({ loss }: StepRow): boolean => loss === undefined;

/** Why to end here; says what looks like a collapse. Throws when there was nothing to learn from at all. */
function reasonToStop(
  rows: readonly SelectRow[],
  best: SavedPoint | undefined,
  { patience, onCollapse }: SelectSettings,
  onNote: (note: string) => void,
): string | undefined {
  const steps = rows.filter((row): row is StepRow => row.kind === 'step');
  const last = steps.slice(-EMPTY_STEPS);
  if (last.length === EMPTY_STEPS && last.every(taughtNothing)) {
    const nothing = noContrast(last);
    if (steps.every(taughtNothing)) throw nothing;
    // What was learned so far may be all there is to learn: that is an end, not a failure.
    return `${nothing.message} ${nothing.hint}`;
  }
  const history = steps.map((row) => ({ ...row, length: row.completion_tokens / Math.max(1, row.rollouts) }));
  const signs = signsOfCollapse(history);
  if (signs.length > 0 && signsOfCollapse(history.slice(0, -1)).length === 0) {
    onNote(`Step ${steps.at(-1)?.step} looks like a collapse: ${signs.join('; ')}.`);
  }
  if (signs.length > 0 && onCollapse === 'stop') return `collapse: ${signs.join('; ')}`;
  const since = rows.filter((row) => row.kind === 'evaluation' && row.step > (best?.step ?? 0)).length;
  if (patience > 0 && since >= patience) return `${since} evaluations without a gain since step ${best?.step ?? 0}`;
  return undefined;
}
