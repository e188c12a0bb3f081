/**
 * Continuous batching: requests wait in a queue; each core ("lane") carries a set of completions, runs them a few tokens
 * further, hands out what was drawn, and fills places that became free. Nothing is padded and nothing recompiles, so there is
 * no cost to lengths that differ or to places that are empty.
 */
import type { Cores } from '../cores/cores.ts';
import type { WeightsInMemory } from '../transformer/forward.ts';
import type { Prefix, Tail } from './cache.ts';
import type { Alternative, DecodedPiece, DecodeRow } from './decode.ts';
import { processorSampling } from './processor-sampling.ts';
import type { SamplingCompute } from './sampling-compute.ts';
import { type Completion, checkRequest, type Sampler, type SamplingRequest } from './sampling-request.ts';

/** A sampler that knows when no core works for it any more. */
export interface OwnedSampler extends Sampler {
  idle(): Promise<void>;
}

export interface SamplerOptions {
  /** Completions in progress per core, or on the GPU. */
  readonly rowsPerCore?: number;
  /** Tokens drawn between two looks at the queue. */
  readonly stepsPerSlice?: number;
}

interface Group {
  readonly request: SamplingRequest;
  readonly prefixTokens: Int32Array;
  prefix: Prefix | undefined;
  filled: Promise<unknown> | undefined;
  unfinished: number;
  readonly finish: (index: number, row: Row) => void;
  readonly fail: (error: unknown) => void;
  failed: boolean;
}

interface Row {
  readonly group: Group;
  readonly index: number;
  tail: Tail;
  token: number;
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly alternatives: (readonly Alternative[])[];
  stopReason: 'stop' | 'length' | undefined;
}

const FIRST_TAIL = 32;

/** A sampler over weights that stay as they are until it is no longer used. */
export function createSampler(cores: Cores, model: WeightsInMemory, options: SamplerOptions = {}): OwnedSampler {
  return samplerOn(processorSampling(cores, model), options);
}

/** A sampler of a model, wherever that is computed. */
export function samplerOn(compute: SamplingCompute, options: SamplerOptions = {}): OwnedSampler {
  const { rowsPerCore = compute.rowsPerLane, stepsPerSlice = 16 } = options;
  const { config } = compute;
  const waiting: Row[] = [];
  const lanes = new Set<Promise<void>>();

  /** Starts lanes once the calls of this turn are all in the queue, so that they are shared out evenly. */
  function wake(): void {
    setImmediate(() => {
      while (lanes.size < compute.lanes && waiting.length > 0) {
        const share = Math.ceil(waiting.length / (compute.lanes - lanes.size));
        const lane = runLane(waiting.splice(0, Math.min(share, rowsPerCore))).finally(() => {
          lanes.delete(lane);
          if (waiting.length > 0) wake();
        });
        lanes.add(lane);
      }
    });
  }

  async function runLane(first: Row[]): Promise<void> {
    let rows = first;
    try {
      while (rows.length > 0) {
        rows = await admit(rows);
        if (rows.length > 0) await runSlice(rows);
        rows = settle(rows);
        const room = Math.min(rowsPerCore - rows.length, Math.ceil(waiting.length / lanes.size));
        rows.push(...waiting.splice(0, Math.max(0, room)));
      }
    } catch (error) {
      for (const row of rows) row.group.fail(error);
      settle(rows);
    }
  }

  /** Fills prompts' caches and makes room for what the next slice may add; rows of failed groups leave. */
  async function admit(rows: Row[]): Promise<Row[]> {
    const groups = [...new Set(rows.map(({ group }) => group))];
    for (const { request, fail } of groups) if (request.signal?.aborted) fail(request.signal.reason);
    const open = groups.filter(({ failed }) => !failed);
    const fresh = open.filter(({ filled }) => filled === undefined);
    if (fresh.length > 0) startPrefill(fresh);
    await Promise.all(open.map(({ filled }) => filled));
    for (const row of rows) if (!row.group.failed) growTail(row);
    return settle(rows);
  }

  function startPrefill(groups: readonly Group[]): void {
    const prompts = groups.map((group) => {
      const prefix = compute.allocatePrefix(group.prefixTokens.length);
      group.prefix = prefix;
      return { tokens: group.prefixTokens, prefix };
    });
    const filled = compute.prefill(prompts);
    for (const group of groups) group.filled = filled;
  }

  function growTail(row: Row): void {
    const { maxTokens } = row.group.request;
    const needed = Math.min(row.tail.length + stepsPerSlice, Math.min(maxTokens, config.contextTokens) + 1);
    if (row.tail.capacity >= needed) return;
    const capacity = Math.max(needed, Math.min(FIRST_TAIL, maxTokens + 1), 2 * row.tail.capacity);
    row.tail = compute.growTail(row.tail, capacity);
  }

  async function runSlice(rows: readonly Row[]): Promise<void> {
    const pieces = await compute.decode(rows.map(toDecodeRow), stepsPerSlice);
    rows.forEach((row, i) => {
      const piece = pieces[i];
      if (piece !== undefined) append(row, piece);
    });
  }

  /** Takes out rows that ended or whose group failed, and gives back their memory. */
  function settle(rows: readonly Row[]): Row[] {
    const going: Row[] = [];
    for (const row of rows) {
      if (row.stopReason === undefined && !row.group.failed) {
        going.push(row);
        continue;
      }
      if (row.tail.capacity > 0) compute.free(row.tail.address);
      row.tail = { address: 0, capacity: 0, length: 0 };
      row.group.unfinished--;
      if (row.group.unfinished === 0 && row.group.prefix !== undefined) compute.free(row.group.prefix.address);
      if (!row.group.failed) row.group.finish(row.index, row);
    }
    return going;
  }

  return {
    async sample(request) {
      const { n = 1, prompt, signal } = request;
      checkRequest(request, config.vocabSize, config.contextTokens);
      signal?.throwIfAborted();
      return new Promise<readonly Completion[]>((resolve, reject) => {
        const finished: Completion[] = [];
        const group: Group = {
          request,
          prefixTokens: Int32Array.from(prompt.slice(0, -1)),
          prefix: undefined,
          filled: undefined,
          unfinished: n,
          failed: false,
          finish(index, { tokens, logprobs, alternatives, stopReason = 'length' }) {
            finished[index] = { tokens, logprobs, alternatives, stopReason };
            if (group.unfinished === 0) resolve(finished);
          },
          fail(error) {
            group.failed = true;
            reject(error);
          },
        };
        for (let index = 0; index < n; index++) {
          const tail = { address: 0, capacity: 0, length: 0 };
          const token = prompt.at(-1) ?? 0;
          waiting.push({
            group,
            index,
            tail,
            token,
            tokens: [],
            logprobs: [],
            alternatives: [],
            stopReason: undefined,
          });
        }
        wake();
      });
    },
    async idle() {
      while (lanes.size > 0 || waiting.length > 0) {
        await Promise.all(lanes);
        await new Promise(setImmediate);
      }
    },
  };
}

function toDecodeRow({ group, index, tail, token, tokens }: Row): DecodeRow {
  const { temperature = 1, topP = 1, topK = 0, seed = 0, maxTokens, stopTokens = [], alternatives = 0 } = group.request;
  const prefix = group.prefix ?? { address: 0, length: 0 };
  const settings = { temperature, topP, topK, seed: seed + index, maxTokens, stopTokens, alternatives };
  return { ...settings, prefix, tail, token, drawn: tokens.length };
}

function append(row: Row, piece: DecodedPiece): void {
  const from = row.tokens.length;
  row.tokens.push(...piece.tokens);
  row.logprobs.push(...piece.logprobs);
  row.alternatives.push(...piece.alternatives);
  row.token = row.tokens.at(-1) ?? row.token;
  row.tail = { ...row.tail, length: row.tail.length + piece.tokens.length };
  row.stopReason = piece.stopReason;
  const { stopAfter, onTokens } = row.group.request;
  const count = stopAfter?.(row.index, row.tokens, from);
  if (count !== undefined) {
    for (const list of [row.tokens, row.logprobs, row.alternatives]) list.length = count;
    row.stopReason = 'stop';
  }
  const { tokens, logprobs, alternatives, stopReason = 'length' } = row;
  onTokens?.(row.index, { tokens, logprobs, alternatives, stopReason });
}
