/** The Tinker protocol's face of the engine. The protocol is described in docs/engine.md. */
import { randomInt, randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { WinnowError } from '../../core/index.ts';
import { LOSS_NAMES, lossTerms } from '../../train/protocol/index.ts';
import type { EmbeddedModel } from '../embedded-model.ts';
import { createTextWatch } from '../sampling/text-watch.ts';
import { createFutures, type FutureKey } from './futures.ts';
import { logFault, messageOf, statusOf } from './http-errors.ts';
import type { ModelStore, ServedTrainer } from './model-store.ts';
import { readJson } from './openai.ts';
import { check } from './openai-request.ts';
import * as schema from './tinker-schema.ts';

/** How long `retrieve_future` waits before it answers "try again"; clients give up a little later. */
const POLL_MS = 30_000;

export interface TinkerOptions {
  readonly store: ModelStore;
  /** For tests: how long one poll waits. */
  readonly pollMs?: number;
}

export function tinkerRoutes({ store, pollMs = POLL_MS }: TinkerOptions): Hono {
  const app = new Hono();
  const futures = createFutures();
  const sessions = new Set<string>();
  const samplers = new Map<string, string>();

  app.onError((error, context) => {
    const status = error instanceof WinnowError && error.status !== undefined ? error.status : statusOf(error);
    logFault(error, status);
    return context.json({ detail: messageOf(error) }, status as 400);
  });

  function session(id: string): string {
    if (sessions.has(id)) return id;
    throw new WinnowError('not-found', `There is no session ${id}; the server was restarted, or it never was.`);
  }

  /** Answers with a request id for work on one model, done in the order of `seq_id`. */
  function queued(path: string, run: (served: ServedTrainer, body: unknown) => Promise<object>): void {
    app.post(path, async (context) => {
      const body = await readJson(context.req.raw);
      const { model_id: id, seq_id: seqId } = check(schema.AddressSchema, body);
      const served = store.trainer(id);
      const number = seqId ?? undefined;
      const key: FutureKey | undefined =
        number === undefined ? undefined : { name: `${id} seq_id ${number}`, body: [path, body] };
      // Even a body that cannot be read takes its turn: its number is spent.
      const requestId = futures.begin(() => served.turnstile.enter(number, async () => run(served, body)), key);
      return context.json({ request_id: requestId, future_id: requestId, model_id: id, status: 'pending' });
    });
  }

  app.post('/client/config', (context) => context.json({ parallel_fwdbwd_chunks: true, proto_write_fwdbwd: false }));
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/get_server_capabilities', (context) =>
    context.json({
      supported_models: [{ model_name: store.baseName, max_context_length: store.maxContextTokens }],
      supported_loss_fns: LOSS_NAMES,
    }),
  );
  app.post('/telemetry', (context) => context.json({ status: 'accepted' }));
  app.post('/create_session', async (context) => {
    check(schema.CreateSessionSchema, await readJson(context.req.raw));
    const id = `session-${randomUUID()}`;
    sessions.add(id);
    return context.json({ type: 'create_session', session_id: id });
  });
  app.post('/session_heartbeat', async (context) => {
    session(check(schema.SessionSchema, await readJson(context.req.raw)).session_id);
    return context.json({ type: 'session_heartbeat' });
  });
  app.post('/retrieve_future', async (context) => {
    const { request_id: id } = check(schema.RetrieveSchema, await readJson(context.req.raw));
    const result = await futures.retrieve(id, pollMs);
    if (result !== undefined) return context.json(result);
    return context.json({ type: 'try_again', request_id: id, queue_state: 'active' }, 408);
  });

  app.post('/create_model', async (context) => {
    const body = check(schema.CreateModelSchema, await readJson(context.req.raw));
    const { session_id: sessionId, model_seq_id: number, base_model: baseModel, lora_config: lora } = body;
    session(sessionId);
    const key = number == null ? undefined : { name: `${sessionId} model_seq_id ${number}`, body };
    const requestId = futures.begin(async () => {
      const { id } = await store.create(baseModel, lora?.rank ?? 0, lora?.seed ?? 0);
      return { type: 'create_model', model_id: id, base_model: baseModel };
    }, key);
    return context.json({ request_id: requestId, status: 'created', base_model: baseModel });
  });
  app.post('/unload_model', async (context) => {
    const { model_id: id } = check(schema.AddressSchema, await readJson(context.req.raw));
    store.trainer(id);
    const requestId = futures.begin(async () => {
      await store.unload(id);
      return { type: 'unload_model', model_id: id, status: 'unloaded' };
    });
    return context.json({ request_id: requestId, model_id: id });
  });
  app.post('/get_info', async (context) => {
    const served = store.trainer(check(schema.AddressSchema, await readJson(context.req.raw)).model_id);
    return context.json({ type: 'get_info', model_id: served.id, status: 'created', ...describe(served) });
  });
  app.get('/training_runs', (context) => {
    const runs = store.trainers().map(runOf);
    return context.json({ training_runs: runs, cursor: { offset: 0, limit: runs.length, total_count: runs.length } });
  });
  app.get('/training_runs/:id', (context) => context.json(runOf(store.trainer(context.req.param('id')))));

  queued('/forward_backward', (served, body) => pass(served, body, true));
  queued('/forward', (served, body) => pass(served, body, false));
  queued('/optim_step', async ({ trainer }, body) => {
    const { gradientNorm = 0 } = await trainer.optimStep(schema.readAdam(body));
    return { metrics: { 'grad_norm:mean': gradientNorm } };
  });
  queued('/save_weights', async ({ id, trainer }, body) => {
    const name = check(schema.SaveSchema, body).path ?? `step-${trainer.step()}`;
    await trainer.save(name);
    return { type: 'save_weights', path: `tinker://${id}/weights/${name}` };
  });
  queued('/load_weights', async ({ trainer }, body) => {
    const { path, optimizer } = check(schema.LoadSchema, body);
    await trainer.load(store.stateFolder(path), { optimizer });
    return { type: 'load_weights', path };
  });
  queued('/save_weights_for_sampler', async (served, body) => {
    const { path } = check(schema.SaveSchema, body);
    const reference = await store.publish(served, path ?? undefined);
    const samplingSession = `sampling-${randomUUID()}`;
    samplers.set(samplingSession, reference);
    return { type: 'save_weights_for_sampler', path: reference, sampling_session_id: samplingSession };
  });
  app.post('/weights_info', async (context) => {
    const { tinker_path: path } = check(schema.PathSchema, await readJson(context.req.raw));
    const served = store.trainer(path.slice('tinker://'.length).split('/')[0] ?? '');
    return context.json({ base_model: served.baseModel, is_lora: served.rank > 0, lora_rank: served.rank });
  });

  app.post('/create_sampling_session', async (context) => {
    const body = check(schema.SamplingSessionSchema, await readJson(context.req.raw));
    session(body.session_id);
    const reference = body.model_path ?? body.base_model ?? '';
    await store.open(reference);
    const id = `sampling-${randomUUID()}`;
    samplers.set(id, reference);
    return context.json({ type: 'create_sampling_session', sampling_session_id: id });
  });
  app.get('/samplers/:id', (context) => {
    const reference = samplerReference(context);
    const path = reference.startsWith('tinker://') ? { model_path: reference } : {};
    return context.json({ sampler_id: context.req.param('id'), base_model: store.baseName, ...path });
  });
  function samplerReference(context: Context): string {
    const reference = samplers.get(context.req.param('id') ?? '');
    if (reference === undefined) throw new WinnowError('not-found', 'There is no such sampling session.');
    return reference;
  }
  app.post('/asample', async (context) => {
    const body = check(schema.SampleSchema, await readJson(context.req.raw));
    const { sampling_session_id: samplingSession, seq_id: number } = body;
    const reference = samplingSession == null ? (body.model_path ?? body.base_model) : samplers.get(samplingSession);
    if (reference == null)
      throw new WinnowError('not-found', 'Expected a known sampling_session_id, a model_path or a base_model.');
    const key =
      samplingSession == null || number == null ? undefined : { name: `${samplingSession} seq_id ${number}`, body };
    const requestId = futures.begin(async () => sample(await store.open(reference), body), key);
    return context.json({ request_id: requestId, future_id: requestId, status: 'pending' });
  });
  return app;
}

async function pass({ trainer }: ServedTrainer, body: unknown, withGradient: boolean): Promise<object> {
  const { data, loss } = schema.readPass(body);
  const result = await (withGradient ? trainer.forwardBackward(data, loss) : trainer.forward(data, loss));
  const tensor = (values: Iterable<number>) => {
    const list = [...values];
    return { data: list, dtype: 'float32', shape: [list.length] };
  };
  return {
    loss_fn_output_type: 'ArrayRecord',
    loss_fn_outputs: data.map((datum, i) => {
      const logprobs = result.logprobs[i] ?? [];
      return { logprobs: tensor(logprobs), elementwise_loss: tensor(lossTerms(loss, datum, logprobs).losses) };
    }),
    metrics: { 'loss:sum': result.loss },
  };
}

async function sample(model: EmbeddedModel, body: schema.SampleBody): Promise<object> {
  const { sampling_params: parameters, num_samples: n } = body;
  const prompt = schema.tokensOf(body.prompt);
  const stop = [parameters.stop ?? []].flat();
  const strings = stop.filter((one): one is string => typeof one === 'string');
  const tokens = stop.filter((one): one is number => typeof one === 'number');
  const watch = createTextWatch(model.tokenizer, strings);
  const sequences = await model.sampler.sample({
    prompt,
    n,
    maxTokens: parameters.max_tokens ?? Math.max(1, model.contextTokens - prompt.length),
    temperature: parameters.temperature,
    topP: parameters.top_p,
    topK: Math.max(0, parameters.top_k),
    seed: parameters.seed ?? randomInt(2 ** 31),
    stopTokens: [...tokens, ...model.tokenizer.endTokens],
    stopAfter: (_index, drawn, from) => watch.stopAfter(drawn, from),
  });
  const logprobs = body.prompt_logprobs ? await model.promptLogprobs(prompt) : undefined;
  return {
    type: 'sample',
    sequences: sequences.map((one) => ({ tokens: one.tokens, logprobs: one.logprobs, stop_reason: one.stopReason })),
    ...(logprobs === undefined ? {} : { prompt_logprobs: logprobs.map((logprob) => logprob ?? null) }),
  };
}

function describe({ baseModel, rank }: ServedTrainer): object {
  const lora = rank > 0;
  return {
    model_data: { arch: 'qwen3', model_name: baseModel, base_model: baseModel, lora_config: { rank } },
    model_name: baseModel,
    is_lora: lora,
    lora_rank: rank,
  };
}

function runOf({ id, baseModel, rank, createdAt }: ServedTrainer): object {
  return {
    training_run_id: id,
    base_model: baseModel,
    model_owner: 'winnow',
    is_lora: rank > 0,
    lora_rank: rank,
    last_request_time: createdAt.toISOString(),
  };
}
