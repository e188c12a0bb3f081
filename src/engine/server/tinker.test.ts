import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createTinkerTrainer, type Datum, type Loss, type Trainer } from '../../train/index.ts';
import { checkTrainer } from '../../train/testkit.ts';
import { embedded } from '../open.ts';
import { type ServerUnderTest, startSmallServer } from './server.testkit.ts';

const connect = (server: ServerUnderTest, baseUrl = server.tinkerBaseUrl): Promise<Trainer> =>
  createTinkerTrainer({
    baseUrl,
    baseModel: 'small',
    tokenizer: server.checkpoint.tokenizer,
    maxPauseMs: 20,
    patienceMs: 20_000,
  });

/** Servers that several tests use; each test has models of its own on them. */
const shared = await startSmallServer();
const hasty = await startSmallServer({ pollMs: 1 });
after(async () => {
  await shared.close();
  await hasty.close();
});

checkTrainer('tinker over http', async () => ({ trainer: await connect(shared) }));
checkTrainer('tinker over http, low rank, short polls', async () => {
  const { tokenizer } = hasty.checkpoint;
  return {
    trainer: await createTinkerTrainer({ baseUrl: hasty.tinkerBaseUrl, baseModel: 'small', tokenizer, rank: 4 }),
  };
});

const LOSS: Loss = { name: 'cross_entropy' };
const TOKENS = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2];
const DATUM: Datum = { tokens: TOKENS.slice(0, -1), targets: TOKENS.slice(1), weights: TOKENS.slice(1).map(() => 0.1) };

async function train(trainer: Trainer, steps: number): Promise<readonly number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push((await trainer.forwardBackward([DATUM], LOSS)).loss);
    await trainer.optimStep({ learningRate: 1e-3 });
  }
  return losses;
}

interface Proxy {
  readonly url: string;
  close(): void;
}

/** Passes requests on; `fate` may refuse one with a status, or lose its reply after the server has done the work. */
async function proxyTo(target: string, fate: (path: string, body: string) => 'pass' | 'lose' | number): Promise<Proxy> {
  const proxy = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const happens = fate(request.url ?? '', body.toString());
    if (typeof happens === 'number') {
      response.writeHead(happens, { 'content-type': 'application/json' }).end('{"detail": "refused"}');
      return;
    }
    const reply = await fetch(target + request.url, {
      method: request.method ?? 'POST',
      headers: { 'content-type': 'application/json' },
      ...(request.method === 'GET' ? {} : { body }),
    });
    const text = await reply.text();
    if (happens === 'lose') request.socket.destroy();
    else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(text);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}

test('replies that are lost are asked for again, and nothing is done twice', async () => {
  const server = shared;
  let [count, lost] = [0, 0];
  const proxy = await proxyTo(server.tinkerBaseUrl, () => {
    if (++count % 3 !== 0) return 'pass';
    lost++;
    return 'lose';
  });
  const direct = await connect(server);
  const expected = await train(direct, 4);
  const shaky = await connect(server, proxy.url);
  assert.deepEqual(await train(shaky, 4), expected);
  assert.ok(lost > 4);
  await shaky.close();
  await direct.close();
  proxy.close();
});

test('on a server that refuses to save under a name twice, each state gets a name of its own', async () => {
  const names: string[] = [];
  const proxy = await proxyTo(shared.tinkerBaseUrl, (route, body) => {
    if (!route.endsWith('/save_weights')) return 'pass';
    const { path: name } = JSON.parse(body) as { path: string };
    if (names.includes(name)) return 409;
    names.push(name);
    return 'pass';
  });
  const trainer = await connect(shared, proxy.url);
  const saved = [];
  for (let i = 0; i < 3; i++) {
    saved.push(await trainer.save('state'));
    await train(trainer, 1);
  }
  assert.deepEqual(names, ['state', 'state-2', 'state-3']);
  assert.equal(new Set(saved).size, 3);
  const before = (await trainer.forward([DATUM], LOSS)).loss;
  await trainer.load(saved[0] ?? '');
  assert.ok((await trainer.forward([DATUM], LOSS)).loss > before);
  await trainer.close();
  proxy.close();
});

test('training resumes from a saved state on a server that was restarted', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'winnow-restart-'));
  const first = await startSmallServer({ folder });
  const port = Number(new URL(first.url).port);
  const trainer = await connect(first);
  await train(trainer, 3);
  const saved = await trainer.save('before');
  const expected = await train(trainer, 3);
  await first.close();
  const second = await startSmallServer({ folder, port });
  await assert.rejects(trainer.forwardBackward([DATUM], LOSS), { code: 'not-found', message: /restarted/ });
  await trainer.load(saved);
  assert.deepEqual(await train(trainer, 3), expected);
  await trainer.close();
  await second.close();
  rmSync(folder, { recursive: true });
});

interface Raw {
  readonly post: (path: string, body: object) => Promise<{ status: number; body: Record<string, unknown> }>;
  readonly model: string;
}

/** A client that speaks the protocol by hand. */
async function raw(server: ServerUnderTest): Promise<Raw> {
  const post: Raw['post'] = async (route, body) => {
    const reply = await fetch(`${server.tinkerBaseUrl}/api/v1/${route}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
  };
  const session = await post('create_session', { tags: [], sdk_version: 'test' });
  const created = await post('create_model', {
    session_id: session.body.session_id,
    model_seq_id: 1,
    base_model: 'small',
    lora_config: { rank: 0 },
  });
  const result = await post('retrieve_future', { request_id: created.body.request_id });
  return { post, model: String(result.body.model_id) };
}

const wirePass = {
  data: [
    {
      model_input: { chunks: [{ type: 'encoded_text', tokens: DATUM.tokens }] },
      loss_fn_inputs: { target_tokens: { data: DATUM.targets } },
    },
  ],
  loss_fn: 'cross_entropy',
};

test('requests are done in the order of seq_id, whatever order they come in', async () => {
  const server = await startSmallServer({ pollMs: 50 });
  const { post, model } = await raw(server);
  const pass = (seqId: number) =>
    post('forward_backward', { model_id: model, seq_id: seqId, forward_backward_input: wirePass });
  const step = (seqId: number) =>
    post('optim_step', { model_id: model, seq_id: seqId, adam_params: { learning_rate: 0.01 } });
  const late = await pass(3);
  const middle = await step(2);
  const early = await post('retrieve_future', { request_id: late.body.request_id });
  assert.deepEqual([early.status, early.body.type], [408, 'try_again']);
  const first = await pass(1);
  const losses = [];
  for (const { body } of [first, middle, late]) {
    const result = await post('retrieve_future', { request_id: body.request_id });
    losses.push((result.body.metrics as Record<string, number>)['loss:sum']);
  }
  assert.ok((losses[2] ?? 9) < (losses[0] ?? 0), 'the third request saw the weights of the second');
  await server.close();
});

test('the same seq_id and body again is the same request; another body is a conflict', async () => {
  const server = shared;
  const { post, model } = await raw(server);
  const body = { model_id: model, seq_id: 1, forward_backward_input: wirePass };
  const [one, two] = [await post('forward_backward', body), await post('forward_backward', body)];
  assert.equal(one.body.request_id, two.body.request_id);
  assert.equal((await post('optim_step', { model_id: model, seq_id: 1, adam_params: {} })).status, 409);
});

test('wrong requests are answered with what is wrong, take their turn, and the server goes on', async () => {
  const server = shared;
  const { post, model } = await raw(server);
  const results: [object, RegExp][] = [
    [{ forward_backward_input: { ...wirePass, loss_fn: 'gspo' } }, /loss gspo is not known/],
    [{ forward_backward_input: { ...wirePass, loss_fn_config: { clip: 1 } } }, /no setting clip/],
    [{ forward_backward_input: { data: [] } }, /forward_backward_input/],
    [{}, /expected data/],
    [{ forward_backward_input: { ...wirePass, loss_fn: 'ppo' } }, /lacks logprobs/],
  ];
  for (const [index, [extra, message]] of results.entries()) {
    const { body } = await post('forward_backward', { model_id: model, seq_id: index + 1, ...extra });
    const result = await post('retrieve_future', { request_id: body.request_id });
    assert.match(String(result.body.error), message);
    assert.equal(result.body.category, 'user');
  }
  const good = await post('forward_backward', {
    model_id: model,
    seq_id: results.length + 1,
    forward_backward_input: wirePass,
  });
  assert.ok('metrics' in (await post('retrieve_future', { request_id: good.body.request_id })).body);
  assert.equal((await post('forward_backward', { model_id: 'none', seq_id: 1 })).status, 404);
  assert.equal((await post('retrieve_future', { request_id: 'none' })).status, 404);
  assert.equal((await post('session_heartbeat', { session_id: 'none' })).status, 404);
  assert.equal(
    (await post('asample', { model_path: 'tinker://../../etc/passwd', prompt: { chunks: [] }, sampling_params: {} }))
      .status,
    200,
  );
});

test('a body in protobuf is refused with the SDK that speaks JSON', async () => {
  const reply = await fetch(`${shared.tinkerBaseUrl}/api/v1/forward_backward`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array([10, 1, 97]),
  });
  assert.equal(reply.status, 400);
  assert.match(await reply.text(), /protobuf; this server reads JSON.*tinker<=0\.24\.1/);
});

test('weights published under a name are served after a restart; a path cannot leave the folder', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'winnow-named-'));
  const first = await startSmallServer({ folder });
  const { post, model } = await raw(first);
  const saved = await post('save_weights_for_sampler', { model_id: model, seq_id: 1, path: 'kept' });
  const { body } = await post('retrieve_future', { request_id: saved.body.request_id });
  assert.equal(body.path, `tinker://${model}/sampler_weights/kept`);
  await first.close();
  const second = await startSmallServer({ folder });
  const again = await raw(second);
  const sample = async (modelPath: string) => {
    const prompt = { chunks: [{ tokens: [1, 2, 3] }] };
    const asked = await again.post('asample', {
      model_path: modelPath,
      prompt,
      prompt_logprobs: true,
      sampling_params: { max_tokens: 4, seed: 1 },
    });
    return (await again.post('retrieve_future', { request_id: asked.body.request_id })).body;
  };
  const drawn = await sample(String(body.path));
  assert.equal((drawn.sequences as unknown[]).length, 1);
  assert.equal((drawn.prompt_logprobs as unknown[]).length, 3);
  assert.match(String((await sample(`tinker://${model}/sampler_weights/..`)).error), /cannot name/);
  assert.match(String((await sample('tinker://a/b')).error), /no path of the form/);
  await second.close();
  rmSync(folder, { recursive: true });
});

test('a published model draws the same texts through the protocol as on the engine itself', async () => {
  const server = shared;
  const trainer = await connect(server);
  const remote = await trainer.publish();
  const request = {
    messages: [{ role: 'user' as const, content: 'abc' }],
    n: 3,
    firstIndex: 2,
    seed: 7,
    maxTokens: 20,
  };
  const own = await embedded(server.checkpoint, { threads: 0 });
  const [far, near] = [await remote.generate(request), await own.generate(request)];
  assert.deepEqual(
    far.samples.map(({ index, text, tokenIds }) => ({ index, text, tokenIds })),
    near.samples.map(({ index, text, tokenIds }) => ({ index, text, tokenIds })),
  );
  const stop = near.samples[0]?.text.slice(2, 4) ?? '';
  const [cut] = (await remote.generate({ ...request, stop: [stop] })).samples;
  assert.equal(cut?.text, near.samples[0]?.text.slice(0, near.samples[0]?.text.indexOf(stop)));
  const reason = new DOMException('enough', 'AbortError');
  await assert.rejects(remote.generate(request, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await assert.rejects(remote.generate({}), { code: 'wrong-use' });
  await trainer.close();
  await own.close();
});

test('a server that is not there is named after patience is over', async () => {
  const server = await startSmallServer();
  const { tokenizer } = server.checkpoint;
  await server.close();
  const options = { baseUrl: server.tinkerBaseUrl, baseModel: 'small', tokenizer, patienceMs: 300 };
  await assert.rejects(createTinkerTrainer(options), { code: 'unreachable', message: /127\.0\.0\.1/ });
  await assert.rejects(createTinkerTrainer({ ...options, baseUrl: 'nowhere' }), { code: 'wrong-use' });
});
