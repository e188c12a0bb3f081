import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createCores, createEmbeddedTrainer, newCheckpoint } from '../engine/index.ts';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'winnow-engine-'));
const folder = path.join(root, 'small');
after(() => rmSync(root, { recursive: true }));

const CONTEXT = 64;
const checkpoint = await newCheckpoint({
  name: 'small',
  config: {
    ...{ hiddenSize: 24, layers: 2, heads: 2, keyValueHeads: 1, headDim: 8, feedForward: 40 },
    ...{ ropeTheta: 1e4, normEpsilon: 1e-6, contextTokens: CONTEXT, tied: true },
  },
  vocabulary: {
    pieces: [...'0123456789'],
    special: ['<|end|>', '<|user|>'],
    chatTemplate: '{% for message in messages %}<|user|>{{ message.content }}{% endfor %}',
  },
  seed: 4,
});
const cores = createCores({ threads: 0 });
const untrained = await createEmbeddedTrainer(cores, checkpoint, { folder: root });
await untrained.exportModel(folder);
await untrained.close();

interface Engine {
  readonly child: ChildProcess;
  readonly state: string;
  post(route: string, body: object): Promise<{ readonly status: number; readonly text: string }>;
}

/** `winnow engine` as a process of its own; `wrap` is a command to run it under. */
async function startEngine(wrap: readonly string[] = []): Promise<Engine> {
  const state = mkdtempSync(path.join(root, 'state-'));
  const line = ['engine', '--model', folder, '--port', '0', '--state', state, '--threads', '1', '--json'];
  const [command = '', ...rest] = [...wrap, process.execPath, MAIN, ...line];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ready = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null) createInterface(child.stdout).once('line', resolve);
    child.once('exit', () => reject(new Error(said.join(''))));
  });
  const { url } = JSON.parse(await ready) as { url: string };
  return {
    child,
    state,
    async post(route, body) {
      const reply = await fetch(url + route, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: reply.status, text: await reply.text() };
    },
  };
}

/** A model on the server, to which requests go in order; each resolves with its result as text. */
async function createModel({ post }: Engine): Promise<(route: string, body: object) => Promise<string>> {
  const call = async (route: string, body: object): Promise<Record<string, unknown>> =>
    JSON.parse((await post(`/api/v1/${route}`, body)).text);
  const { session_id: session } = await call('create_session', { tags: [] });
  const result = async (request: unknown): Promise<string> =>
    (await post('/api/v1/retrieve_future', { request_id: request })).text;
  const created = await call('create_model', { session_id: session, base_model: 'small', lora_config: { rank: 0 } });
  const { model_id: id } = JSON.parse(await result(created.request_id)) as { model_id: string };
  let number = 0;
  return async (route, body) => result((await call(route, { model_id: id, seq_id: ++number, ...body })).request_id);
}

const tensor = (data: readonly number[]) => ({ data });
const passOf = (tokens: readonly number[], loss = 'cross_entropy', more: object = {}): object => ({
  forward_backward_input: {
    data: [
      {
        model_input: { chunks: [{ tokens: tokens.slice(0, -1) }] },
        loss_fn_inputs: { target_tokens: tensor(tokens.slice(1)), ...more },
      },
    ],
    loss_fn: loss,
  },
});
const GOOD = passOf([1, 2, 3, 4]);

async function stop({ child }: Engine): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
}

test('the server says what is wrong with each kind of bad input, and keeps serving', async () => {
  const engine = await startEngine();
  const model = await createModel(engine);
  const complete = (prompt: unknown) => engine.post('/v1/completions', { model: 'small', prompt, max_tokens: 4 });
  const long = Array.from({ length: CONTEXT }, () => 1);
  const refused: [unknown, RegExp][] = [
    [long, /The prompt has 64 tokens; the model's context of 64/],
    [[1, 12], /holds the token 12; the vocabulary has 0 to 11/],
    ['two', /has no \\"t\\"/],
    ['', /The prompt has no tokens/],
  ];
  for (const [prompt, message] of refused) {
    const { status, text } = await complete(prompt);
    assert.equal(status, 400, text);
    assert.match(text, message);
  }
  const asked = await engine.post('/api/v1/asample', {
    base_model: 'small',
    prompt: { chunks: [{ tokens: long }] },
    sampling_params: { max_tokens: 1 },
  });
  const { request_id: request } = JSON.parse(asked.text) as { request_id: string };
  assert.match((await engine.post('/api/v1/retrieve_future', { request_id: request })).text, /context of 64/);

  assert.match(await model('forward_backward', passOf([...long, 1, 1])), /Datum 0 has 65 tokens.*context holds 64/);
  assert.match(await model('forward_backward', passOf([1, 2, 99])), /Datum 0 holds the token 99.*0 to 11/);
  const exploding = { logprobs: tensor([-1e6, -1e6]), advantages: tensor([-1, -1]) };
  const infinite = await model('forward_backward', passOf([1, 2, 3], 'importance_sampling', exploding));
  assert.match(infinite, /importance_sampling after 0 updates is Infinity/);
  // Infinity - Infinity: two ratios of opposite advantage.
  const opposite = { ...exploding, advantages: tensor([-1, 1]) };
  const noNumber = await model('forward_backward', passOf([1, 2, 3], 'importance_sampling', opposite));
  assert.match(noNumber, /importance_sampling after 0 updates is NaN/);

  assert.match(await model('forward_backward', GOOD), /loss:sum/);
  assert.match(await model('optim_step', { adam_params: {} }), /grad_norm/);
  assert.equal((await complete('12')).status, 200);
  await stop(engine);
});

test('a state that was cut short or changed on the disk is named, and the server keeps serving', async () => {
  const engine = await startEngine();
  const model = await createModel(engine);
  const { path: saved } = JSON.parse(await model('save_weights', { path: 'kept' })) as { path: string };
  const [id = ''] = readdirSync(engine.state);
  const files = path.join(engine.state, id, 'weights', 'kept');
  const weights = path.join(files, 'model.safetensors');
  const whole = readFileSync(weights);
  truncateSync(weights, whole.length - 4);
  assert.match(
    await model('load_weights', { path: saved }),
    /kept\/model\.safetensors is not a whole safetensors file/,
  );
  writeFileSync(weights, whole);
  const optimizer = path.join(files, 'optimizer.safetensors');
  const moments = readFileSync(optimizer);
  truncateSync(optimizer, 100);
  assert.match(await model('load_weights', { path: saved }), /kept\/optimizer\.safetensors is not a whole/);
  writeFileSync(optimizer, moments);
  assert.match(await model('load_weights', { path: saved }), /"load_weights"/);
  await stop(engine);
});

test('weights that diverged are an error of the caller, and the server keeps serving', async () => {
  const engine = await startEngine();
  const model = await createModel(engine);
  await model('forward_backward', GOOD);
  assert.match(await model('optim_step', { adam_params: { learning_rate: 1e38 } }), /grad_norm/);
  assert.match(await model('forward_backward', GOOD), /cross_entropy after 1 updates is NaN.*"category":"user"/);
  const { path: published } = JSON.parse(await model('save_weights_for_sampler', {})) as { path: string };
  const sampling = { model_path: published, prompt: { chunks: [{ tokens: [1] }] }, sampling_params: { max_tokens: 2 } };
  const asked = JSON.parse((await engine.post('/api/v1/asample', sampling)).text) as { request_id: string };
  const drawn = await engine.post('/api/v1/retrieve_future', { request_id: asked.request_id });
  assert.match(drawn.text, /logits are no finite numbers.*"category":"user"/);
  const fresh = await createModel(engine);
  assert.match(await fresh('forward_backward', GOOD), /loss:sum/);
  await stop(engine);
});

const bash = spawnSync('bash', ['-c', 'ulimit -f 16']).status === 0;

test('a full disk is an error that names the folder, and the server keeps serving', {
  skip: bash ? false : 'there is no bash to limit the size of files with',
}, async () => {
  // The limit of a file's size stands in for a full disk: 16 KiB hold no checkpoint.
  const engine = await startEngine(['bash', '-c', 'ulimit -f 16; exec "$@"', 'bash']);
  const model = await createModel(engine);
  await model('forward_backward', GOOD);
  const full = await model('save_weights', { path: 'state' });
  assert.match(full, /The checkpoint .*weights\/state could not be written: .*(EFBIG|ENOSPC)/);
  assert.match(await model('save_weights_for_sampler', { path: 'named' }), /sampler_weights\/named could not be/);
  const left = readdirSync(engine.state, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    left.filter((name) => name.endsWith('.tmp') || name.endsWith('.safetensors')),
    [],
  );
  assert.match(await model('optim_step', { adam_params: {} }), /grad_norm/);
  assert.match(await model('save_weights_for_sampler', {}), /tinker:/);
  await stop(engine);
});

test('a checkpoint that cannot be served ends the command with what is wrong with which file', () => {
  const start = (model: string) =>
    spawnSync(process.execPath, [MAIN, 'engine', '--model', model, '--port', '0'], { encoding: 'utf8' });
  const config = path.join(folder, 'config.json');
  const good = readFileSync(config, 'utf8');
  const refused: [string, RegExp][] = [
    [good.replace('"qwen3"', '"llama"'), /small\/config\.json describes the architecture/],
    [good.replace('"num_hidden_layers": 2', '"num_hidden_layers": 1'), /holds model\.layers\.1\./],
    [good.replace('"intermediate_size": 40', '"intermediate_size": 48'), /calls for \[48,24\]/],
    [good.slice(0, 40), /small\/config\.json is not JSON/],
  ];
  for (const [text, message] of refused) {
    writeFileSync(config, text);
    const { status, stderr } = start(folder);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
  writeFileSync(config, good);
  const nowhere = start(path.join(root, 'nowhere'));
  assert.deepEqual([nowhere.status, /no config\.json in .*nowhere/.test(nowhere.stderr)], [2, true]);
});
