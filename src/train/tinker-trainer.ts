import * as z from 'zod';
import { WinnowError } from '../core/index.ts';
import { checkDatum, lossTerms } from './losses.ts';
import { type SamplerAddress, tinkerModel } from './tinker-model.ts';
import { createTinkerTransport, type TinkerConnection } from './tinker-transport.ts';
import type { Datum, Loss, PassResult, Tokenizer, Trainer } from './trainer.ts';

export interface TinkerTrainerOptions extends TinkerConnection {
  readonly baseModel: string;
  readonly tokenizer: Tokenizer;
  /** Rank of the low-rank factors; 0 (the default) trains all weights where the server can. */
  readonly rank?: number;
  readonly seed?: number;
  /** Between two signs of life to the server; default 10 s. */
  readonly heartbeatMs?: number;
}

/** A model on the server: its number for each request, and submissions one after the other. */
interface RemoteModel {
  readonly id: string;
  /** Sends a request that takes its place in the model's order; resolves with the result, later. */
  submit(path: string, body: (seqId: number) => object): Promise<Readonly<Record<string, unknown>>>;
}

/** Larger batches are sent in parts, whose gradients add up. */
const MAX_BODY_TOKENS = 200_000;

const PassSchema = z.object({
  loss_fn_outputs: z.array(z.object({ logprobs: z.object({ data: z.array(z.number()) }) })),
});

/**
 * A trainer behind the Tinker protocol. Every request of a model carries its number, so that sending it again after a lost
 * connection does not do it twice; requests are submitted in order without waiting for results.
 */
export async function createTinkerTrainer(options: TinkerTrainerOptions): Promise<Trainer> {
  const { baseModel, tokenizer, rank = 0, seed, heartbeatMs = 10_000 } = options;
  const transport = createTinkerTransport(options);
  let sessionId = await createSession();
  let modelNumber = 0;
  let samplerNumber = 0;
  let publications = 0;
  let saves = 0;
  /** Some servers refuse to save under a name a second time. */
  let replacesStates = true;
  let closed = false;

  async function createSession(): Promise<string> {
    const session = await transport.post('create_session', { tags: ['winnow'], sdk_version: '0.1.0' });
    return String(session.session_id);
  }

  const heartbeat = setInterval(() => {
    // A server that forgot the session says so to the next request; nothing else is lost by a missed beat.
    transport.post('session_heartbeat', { session_id: sessionId }).catch(() => undefined);
  }, heartbeatMs);
  heartbeat.unref();

  async function createModel(): Promise<RemoteModel> {
    const { request_id: request, ...created } = await transport.post('create_model', {
      session_id: sessionId,
      model_seq_id: ++modelNumber,
      base_model: baseModel,
      lora_config: { rank, ...(seed === undefined ? {} : { seed }) },
    });
    const result = await transport.result(String(request));
    return remoteModel(String(result.model_id ?? created.model_id));
  }

  function remoteModel(id: string): RemoteModel {
    let seqId = 0;
    let submitted: Promise<unknown> = Promise.resolve();
    return {
      id,
      async submit(path, body) {
        const accepted = submitted.then(async () => {
          const number = seqId + 1;
          const reply = await transport.post(path, { model_id: id, seq_id: number, ...body(number) });
          // The number of a request that was refused is not spent.
          seqId = number;
          return reply;
        });
        submitted = accepted.catch(() => undefined);
        return transport.result(String((await accepted).request_id));
      },
    };
  }

  async function pass(path: 'forward' | 'forward_backward', data: readonly Datum[], loss: Loss): Promise<PassResult> {
    if (data.length === 0) throw new WinnowError('bad-input', 'The batch has no data; expected at least one datum.');
    for (const [index, datum] of data.entries()) checkDatum(loss, datum, index);
    const remote = current();
    const parts = await Promise.all(
      splitData(data).map(async (part) => {
        const input = { data: part.map((datum) => wireDatum(datum, loss)), ...wireLoss(loss) };
        const result = await remote.submit(path, () => ({ [`${path}_input`]: input }));
        const parsed = PassSchema.safeParse(result);
        if (parsed.success && parsed.data.loss_fn_outputs.length === part.length) return parsed.data.loss_fn_outputs;
        throw new WinnowError(
          'bad-response',
          `The training server's ${path} did not answer with log-probabilities for each datum.`,
        );
      }),
    );
    const logprobs = parts.flat().map((output) => output.logprobs.data);
    const sums = data.map((datum, i) => lossTerms(loss, datum, logprobs[i] ?? []).losses.reduce((a, b) => a + b, 0));
    return { loss: sums.reduce((a, b) => a + b, 0), logprobs };
  }

  let model = await createModel();
  function current(): RemoteModel {
    if (!closed) return model;
    throw new WinnowError('wrong-use', `The trainer of ${baseModel} was closed.`);
  }

  async function unload(remote: RemoteModel): Promise<void> {
    const { request_id: request } = await transport.post('unload_model', { model_id: remote.id });
    await transport.result(String(request));
  }

  return {
    name: baseModel,
    tokenizer,
    forwardBackward: (data, loss) => pass('forward_backward', data, loss),
    forward: (data, loss) => pass('forward', data, loss),
    async optimStep({ learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-12, weightDecay = 0, clipNorm = 0 }) {
      const adam = { learning_rate: learningRate, beta1, beta2, eps: epsilon, weight_decay: weightDecay };
      // Left out where it is not wanted: some servers do not know it.
      const clip = clipNorm > 0 ? { grad_clip_norm: clipNorm } : {};
      const { metrics } = await current().submit('optim_step', () => ({ adam_params: { ...adam, ...clip } }));
      const norm = Object.entries(metrics ?? {}).find(([key]) => /grad_?norm/.test(key))?.[1];
      return typeof norm === 'number' ? { gradientNorm: norm } : {};
    },
    async publish() {
      const { id, submit } = current();
      const request = { sampling_session_seq_id: ++samplerNumber };
      const result = await submit('save_weights_for_sampler', () => request);
      const name = `${baseModel}@${id}/${++publications}`;
      return tinkerModel(transport, addressOf(result), name, tokenizer);
    },
    async save(name) {
      const another = `${name}-${++saves}`;
      const saveAs = (path: string) => current().submit('save_weights', () => ({ path }));
      const { path } = await saveAs(replacesStates ? name : another).catch((error: unknown) => {
        if (!(replacesStates && error instanceof WinnowError && error.status === 409)) throw error;
        replacesStates = false;
        return saveAs(another);
      });
      if (typeof path === 'string') return path;
      throw new WinnowError('bad-response', 'The training server saved a state without saying where.');
    },
    async load(path, { optimizer = true } = {}) {
      const before = current();
      // Servers take a load only as a model's first request; a server that was restarted has forgotten the session too.
      const next = await createModel().catch(async (error: unknown) => {
        if (!(error instanceof WinnowError && error.code === 'not-found')) throw error;
        sessionId = await createSession();
        return createModel();
      });
      await next.submit('load_weights', () => ({ path, optimizer }));
      model = next;
      await unload(before).catch(() => undefined);
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(heartbeat);
      await unload(model).catch(() => undefined);
      await transport.close();
    },
  };
}

function addressOf({ sampling_session_id: session, path }: Readonly<Record<string, unknown>>): SamplerAddress {
  if (typeof session === 'string') return { sampling_session_id: session };
  if (typeof path === 'string') return { model_path: path };
  throw new WinnowError('bad-response', 'The training server published weights without saying how to reach them.');
}

function splitData(data: readonly Datum[]): readonly (readonly Datum[])[] {
  const parts: Datum[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const datum of data) {
    if (tokens + datum.tokens.length > MAX_BODY_TOKENS) {
      parts.push([]);
      tokens = 0;
    }
    parts.at(-1)?.push(datum);
    tokens += datum.tokens.length;
  }
  return parts;
}

function wireDatum({ tokens, targets, weights, logprobs, advantages }: Datum, { name }: Loss): object {
  const floats = (data: readonly number[]) => ({ data, dtype: 'float32', shape: [data.length] });
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens }] },
    loss_fn_inputs: {
      target_tokens: { data: targets, dtype: 'int64', shape: [targets.length] },
      ...(name === 'cross_entropy'
        ? { weights: floats(weights ?? []) }
        : { logprobs: floats(logprobs ?? []), advantages: floats(advantages ?? []) }),
    },
  };
}

function wireLoss(loss: Loss): object {
  if (loss.name !== 'ppo' && loss.name !== 'cispo') return { loss_fn: loss.name };
  const { clipLow = 0.8, clipHigh = 1.2 } = loss;
  return { loss_fn: loss.name, loss_fn_config: { clip_low_threshold: clipLow, clip_high_threshold: clipHigh } };
}
