import { randomInt } from 'node:crypto';
import { type Sample, type TokenLogprob, type Usage, WinnowError } from '../core/index.ts';
import type { Delta, GenerateOptions, GenerateRequest, Generation } from '../model/index.ts';
import type { Tokenizer, TrainedModel } from '../train/protocol/index.ts';
import type { Cores } from './cores/cores.ts';
import type { MemoryModel } from './memory-model.ts';
import { createSampler, type OwnedSampler, type SamplerOptions } from './sampling/sampler.ts';
import type { Completion, Sampler } from './sampling/sampling-request.ts';
import { createTextWatch } from './sampling/text-watch.ts';
import { chunkOf } from './training/training-pass.ts';
import type { ModelConfig } from './transformer/config.ts';
import { trainingWorkspaceBytes } from './transformer/forward.ts';

/** What an embedded model is made of. */
export interface EmbeddedParts extends SamplerOptions {
  readonly cores: Cores;
  readonly placed: MemoryModel;
  readonly name: string;
  /** Tells apart models whose weights differ. */
  readonly hash: string;
  readonly tokenizer: Tokenizer;
  /** Called once when the model was closed and its memory given back. */
  readonly onClose?: () => Promise<void>;
}

/** A model on the embedded engine whose sampler the engine's own server can use directly. */
export interface EmbeddedModel extends TrainedModel {
  readonly contextTokens: number;
  readonly sampler: Sampler;
  /** `generate` for a prompt given as tokens; the request's own messages or prompt are not looked at. */
  generateFrom(prompt: readonly number[], request: GenerateRequest, options?: GenerateOptions): Promise<Generation>;
  /** The log-probability of each token of a prompt but the first, whose place has `undefined`. */
  promptLogprobs(prompt: readonly number[]): Promise<readonly (number | undefined)[]>;
  close(): Promise<void>;
}

/** Where a model is computed: on the processor's cores or on a GPU. */
export interface ModelCompute {
  readonly config: ModelConfig;
  readonly sampler: OwnedSampler;
  /** The log-probability of each of the targets, aligned with tokens. */
  logprobs(tokens: readonly number[], targets: readonly number[]): Promise<readonly number[]>;
  release(): void;
}

/** Wraps weights in memory as a Model. Its memory lives until `close`, which waits for what is running. */
export function createEmbeddedModel(parts: EmbeddedParts): EmbeddedModel {
  const { cores, placed } = parts;
  const compute: ModelCompute = {
    config: placed.model.layout.config,
    sampler: createSampler(cores, placed.model, parts),
    logprobs: (tokens, targets) => logprobsOf(cores, placed, tokens, targets),
    release: () => placed.release(),
  };
  return modelOn(compute, parts);
}

/** A model, wherever it is computed. */
export function modelOn(
  compute: ModelCompute,
  { name, hash, tokenizer, onClose }: Pick<EmbeddedParts, 'name' | 'hash' | 'tokenizer' | 'onClose'>,
): EmbeddedModel {
  const { config, sampler: inner } = compute;
  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function whileOpen<T>(work: () => Promise<T>): Promise<T> {
    if (closing !== undefined) throw new WinnowError('wrong-use', `The model ${name} was closed.`);
    const call = work();
    running.add(call);
    try {
      return await call;
    } finally {
      running.delete(call);
    }
  }
  const sampler: Sampler = { sample: (request) => whileOpen(() => inner.sample(request)) };
  const service = { name, tokenizer, sampler, contextTokens: config.contextTokens };

  async function release(): Promise<void> {
    await Promise.allSettled(running);
    // Rows of aborted requests leave with the slice that is under way.
    await inner.idle();
    compute.release();
    await onClose?.();
  }

  return {
    name,
    identity: `embedded:${hash}`,
    contextTokens: config.contextTokens,
    tokenizer,
    sampler,
    countTokens: async (text) => tokenizer.encode(text).length,
    sampleTokens: (request) => sampler.sample({ ...request, stopTokens: request.stopTokens ?? tokenizer.endTokens }),
    generate: async (request, options = {}) => {
      options.signal?.throwIfAborted();
      return generate(service, promptOf(tokenizer, request), request, options);
    },
    generateFrom: (prompt, request, options = {}) => generate(service, prompt, request, options),
    promptLogprobs: (prompt) =>
      whileOpen(async () => {
        if (prompt.length < 2) return prompt.map(() => undefined);
        return [undefined, ...(await compute.logprobs(prompt.slice(0, -1), prompt.slice(1)))];
      }),
    close() {
      closing ??= release();
      return closing;
    },
  };
}

interface Service {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly sampler: Sampler;
  readonly contextTokens: number;
}

async function generate(
  service: Service,
  prompt: readonly number[],
  request: GenerateRequest,
  { signal, onDelta, onSamples }: GenerateOptions,
): Promise<Generation> {
  const { tokenizer, name } = service;
  const { n = 1, firstIndex = 0, seed = randomInt(2 ** 31), stop = [], logprobs } = request;
  const watches = Array.from({ length: n }, () => createTextWatch(tokenizer, stop));
  const sent = watches.map(() => 0);

  function sendText(index: number, text: string): void {
    const from = sent[index] ?? 0;
    if (text.length <= from) return;
    sent[index] = text.length;
    const delta: Delta = { index: firstIndex + index, text: text.slice(from) };
    onDelta?.(delta);
  }

  const completions = await service.sampler.sample({
    prompt,
    n,
    maxTokens: request.maxTokens ?? Math.max(1, service.contextTokens - prompt.length),
    temperature: request.temperature ?? 1,
    topP: request.topP ?? 1,
    topK: request.topK ?? 0,
    seed: seed + firstIndex,
    stopTokens: tokenizer.endTokens,
    alternatives: logprobs ?? 0,
    stopAfter: (index, tokens, from) => watches[index]?.stopAfter(tokens, from),
    ...(signal === undefined ? {} : { signal }),
    ...(onDelta === undefined
      ? {}
      : { onTokens: (index, { tokens }) => sendText(index, watches[index]?.settled(tokens) ?? '') }),
  });
  const samples = completions.map((completion, i): Sample => {
    const text = watches[i]?.text(completion.tokens) ?? '';
    sendText(i, text);
    return {
      index: firstIndex + i,
      text,
      finishReason: completion.stopReason,
      model: name,
      usage: usageOf(i === 0 ? prompt.length : 0, completion.tokens.length, i === 0 ? 1 : 0),
      tokenIds: completion.tokens,
      ...(logprobs === undefined ? {} : { logprobs: tokenLogprobs(tokenizer, completion) }),
    };
  });
  onSamples?.(samples);
  const written = completions.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { samples, usage: usageOf(prompt.length, written, 1) };
}

/** One forward pass. */
async function logprobsOf(
  cores: Cores,
  { model }: MemoryModel,
  tokens: readonly number[],
  targets: readonly number[],
): Promise<readonly number[]> {
  const chunk = [{ tokens, targets, weights: tokens.map(() => 0) }];
  const bytes = trainingWorkspaceBytes(model.layout, chunkOf(chunk).batch);
  const [result] = await cores.runIn('pass', bytes, (workspace) => ({
    model,
    chunks: [chunk],
    loss: { name: 'cross_entropy' },
    gradient: undefined,
    workspace,
  }));
  return result?.logprobs[0] ?? [];
}

/** The prompt is computed once for all samples of a call, so it counts once. */
function usageOf(promptTokens: number, completionTokens: number, requests: number): Usage {
  return { promptTokens, completionTokens, reasoningTokens: 0, cachedTokens: 0, requests };
}

function promptOf(tokenizer: Tokenizer, request: GenerateRequest): readonly number[] {
  const { messages, prompt, n = 1, firstIndex = 0, tools, responseFormat } = request;
  const refuse = (message: string): never => {
    throw new WinnowError('wrong-use', message);
  };
  if ((messages === undefined) === (prompt === undefined)) refuse('Expected either messages or a prompt.');
  if (messages?.length === 0) refuse('Expected at least one message.');
  if (!Number.isSafeInteger(n) || n < 1) refuse(`n is ${n}; expected a whole number of at least 1.`);
  if (!Number.isSafeInteger(firstIndex) || firstIndex < 0) refuse(`firstIndex is ${firstIndex}; expected 0 or more.`);
  if ((tools !== undefined && tools.length > 0) || responseFormat !== undefined) {
    throw new WinnowError('unsupported', 'The embedded engine has neither tools nor response formats.', {
      hint: 'Leave them out, or use a server that has them.',
    });
  }
  return messages === undefined ? tokenizer.encode(prompt ?? '') : tokenizer.renderChat(messages);
}

function tokenLogprobs(tokenizer: Tokenizer, { tokens, logprobs, alternatives }: Completion): readonly TokenLogprob[] {
  const textOf = (token: number): string => tokenizer.decode([token]);
  return tokens.map((token, i) => ({
    token: textOf(token),
    logprob: logprobs[i] ?? 0,
    top: (alternatives[i] ?? []).map((other) => ({ token: textOf(other.token), logprob: other.logprob })),
  }));
}
