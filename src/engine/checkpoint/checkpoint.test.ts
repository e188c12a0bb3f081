import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { cp, mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeRng, WinnowError } from '../../core/index.ts';
import { createCores } from '../cores/cores.ts';
import { createArena } from '../kernels/machine.ts';
import { placeModel } from '../memory-model.ts';
import { openTokenizer } from '../open.ts';
import { packBatch } from '../transformer/batch.ts';
import { forward, projectLogits, trainingWorkspaceBytes } from '../transformer/forward.ts';
import { initialiseWeights } from '../transformer/initialise.ts';
import { layoutOf } from '../transformer/layout.ts';
import { SMALL } from '../transformer/model.testkit.ts';
import { characterTokenizerFiles } from './character-tokenizer.ts';
import { readCheckpoint, readModel, writeCheckpoint } from './checkpoint.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'winnow-checkpoint-'));
after(() => rmSync(scratch, { recursive: true }));

const TOKENIZER = characterTokenizerFiles({
  pieces: [...'0123456789+-= abcde'],
  special: ['<|end|>', '<|user|>'],
  chatTemplate: "{% for message in messages %}<|user|>{{ message['content'] }}{% endfor %}=",
});

function smallCheckpoint(tied: boolean): Parameters<typeof writeCheckpoint>[1] {
  const layout = layoutOf({ ...SMALL, tied });
  const weights = new Float32Array(layout.bytes / 4);
  initialiseWeights(layout, weights, makeRng(3));
  return { layout, weights, tokenizerFiles: TOKENIZER, endTokens: [19] };
}

interface Expected {
  readonly sequences: readonly {
    readonly tokens: readonly number[];
    readonly logits: readonly (readonly number[])[];
  }[];
}

for (const name of ['tied-f32', 'untied-bf16', 'tied-f16']) {
  test(`logits equal those of transformers within 1e-4: ${name}`, async () => {
    const cores = createCores({ threads: 0 });
    const stored = await readModel(path.join(fixtures, name));
    const { model } = await placeModel(cores, stored.layout, stored.weights);
    const expected: Expected = JSON.parse(readFileSync(path.join(fixtures, name, 'expected.json'), 'utf8'));
    const { sequences } = expected;
    const batch = packBatch(sequences.map(({ tokens }) => Int32Array.from(tokens)));
    const bytes = trainingWorkspaceBytes(stored.layout, batch);
    const arena = createArena(cores.heap.allocate(bytes, 'test'), bytes);
    const tape = forward(cores.machine, model, batch, arena);
    const V = stored.layout.paddedVocab;
    const logits_NV = arena.take(batch.tokens.length * V);
    projectLogits(cores.machine, model, batch.tokens.length, tape.normed_ND, logits_NV);
    const floats = cores.machine.floats();
    let worst = 0;
    sequences.forEach(({ logits }, s) => {
      logits.forEach((row, t) => {
        const start = logits_NV / 4 + (batch.rowsOf[s]?.[t] ?? 0) * V;
        for (const [v, logit] of row.entries()) worst = Math.max(worst, Math.abs(logit - (floats[start + v] ?? 0)));
      });
    });
    assert.ok(worst < 1e-4, `largest difference ${worst}`);
  });
}

for (const tied of [true, false]) {
  test(`what was written is read back bit for bit, ${tied ? 'tied' : 'untied'}`, async () => {
    const folder = path.join(scratch, `round-${tied}`);
    const written = smallCheckpoint(tied);
    await writeCheckpoint(folder, written);
    const read = await readCheckpoint(folder);
    assert.deepEqual(read.layout, written.layout);
    const trainable = written.layout.trainable;
    assert.deepEqual(read.weights.subarray(0, trainable), written.weights.subarray(0, trainable));
    assert.deepEqual(read.tokenizer.endTokens, [19]);
  });
}

test('a bfloat16 checkpoint keeps eight bits of every weight', async () => {
  const folder = path.join(scratch, 'bf16');
  const written = smallCheckpoint(true);
  await writeCheckpoint(folder, { ...written, type: 'BF16' });
  const { weights } = await readModel(folder);
  const far = weights.findIndex((value, i) => Math.abs(value - (written.weights[i] ?? 0)) > Math.abs(value) / 256);
  assert.equal(far, -1);
});

test('a chat is rendered by the template, special tokens included, and decoding leaves them out', async () => {
  const folder = path.join(scratch, 'chat');
  await writeCheckpoint(folder, smallCheckpoint(true));
  const { tokenizer } = await readCheckpoint(folder);
  const ids = tokenizer.renderChat([{ role: 'user', content: '12+3' }]);
  assert.deepEqual(ids, [20, 1, 2, 10, 3, 12]);
  assert.equal(tokenizer.decode([...ids, 19]), '12+3=');
  for (const text of ['1é', 'é', 'é1']) {
    assert.throws(() => tokenizer.encode(text), { code: 'bad-input', message: /has no "é"/ });
  }
  assert.deepEqual(tokenizer.encode(''), []);
  // Models' vocabularies may be larger than their tokenizer's.
  assert.deepEqual([tokenizer.decode([]), tokenizer.decode([1, 9999, 2])], ['', '12']);
});

test('a tokenizer opens without weights, whatever the architecture', async () => {
  const folder = path.join(scratch, 'tokenizer');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(TOKENIZER)) writeFileSync(path.join(folder, name), text);
  const bare = await openTokenizer(folder);
  assert.deepEqual([bare.vocabSize, bare.endTokens, bare.encode('12')], [21, [19], [1, 2]]);
  writeFileSync(
    path.join(folder, 'config.json'),
    '{"model_type": "qwen2", "vocab_size": 32, "eos_token_id": [19, 20]}',
  );
  const { vocabSize, endTokens } = await openTokenizer(folder);
  assert.deepEqual([vocabSize, endTokens], [32, [19, 20]]);
});

test('a tokenizer that cannot be used is named', async () => {
  const folder = path.join(scratch, 'broken-tokenizer');
  mkdirSync(folder);
  await assert.rejects(openTokenizer(folder), {
    code: 'not-found',
    message: /no tokenizer\.json in .*broken-tokenizer/,
  });
  const refused = async (name: string, text: string, message: RegExp): Promise<void> => {
    for (const [file, good] of Object.entries(TOKENIZER)) writeFileSync(path.join(folder, file), good);
    writeFileSync(path.join(folder, name), text);
    const render = async () => (await openTokenizer(folder)).renderChat([{ role: 'user', content: '1' }]);
    await assert.rejects(render(), { name: 'WinnowError', code: 'bad-input', message });
  };
  await refused('tokenizer.json', '{"model":', /tokenizer\.json is not JSON/);
  await refused('tokenizer.json', '{"model": {}}', /tokenizer\.json is not a tokenizer/);
  await refused('tokenizer_config.json', '[', /tokenizer_config\.json is not JSON/);
  await refused('tokenizer_config.json', '{"chat_template": "{% for %}"}', /chat template of .*broken-tokenizer/);
});

test('a second save replaces the first whole, and an interrupted replacement is undone on reading', async () => {
  const folder = path.join(scratch, 'twice');
  const first = smallCheckpoint(true);
  await writeCheckpoint(folder, first);
  const before = (await readModel(folder)).hash;
  const second = { ...first, weights: first.weights.map((value) => value + 1) };
  await writeCheckpoint(folder, second);
  assert.notEqual((await readModel(folder)).hash, before);
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.includes('twice')),
    ['twice'],
  );
  // What a kill between the two renames leaves behind:
  await rename(folder, `${folder}.previous`);
  assert.notEqual((await readModel(folder)).hash, before);
});

test('a folder that cannot be written is an io error, and what was there stays', async () => {
  const file = path.join(scratch, 'not-a-folder');
  writeFileSync(file, 'x');
  await assert.rejects(writeCheckpoint(path.join(file, 'inside'), smallCheckpoint(true)), { code: 'io' });
  assert.equal(readFileSync(file, 'utf8'), 'x');
});

/** A copy of a good checkpoint with one file changed, and the error that reading it gives. */
async function errorAfter(name: string, change: (folder: string) => void | Promise<void>): Promise<WinnowError> {
  const folder = path.join(scratch, name);
  await mkdir(folder, { recursive: true });
  await cp(path.join(fixtures, 'tied-f16'), folder, { recursive: true });
  await change(folder);
  const error = await readModel(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WinnowError, `${name} was accepted`);
  assert.ok(error.message.includes(scratch), 'the message names the file');
  return error;
}

const edit = (folder: string, change: Record<string, unknown>): void => {
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
};

test('each kind of broken checkpoint is named', async () => {
  const weightsOf = (folder: string): string => path.join(folder, 'model.safetensors');
  const rewrite = (folder: string, change: (bytes: Buffer) => Buffer): void =>
    writeFileSync(weightsOf(folder), change(readFileSync(weightsOf(folder))));
  const withHeader = (folder: string, change: (header: Record<string, unknown>) => object, more = 0): void =>
    rewrite(folder, (bytes) => {
      const length = Number(bytes.readBigUInt64LE());
      const header = change(JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, unknown>);
      const json = Buffer.from(JSON.stringify(header));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(json.length));
      return Buffer.concat([size, json, bytes.subarray(8 + length), Buffer.alloc(more)]);
    });
  const dataBytes = (folder: string): number => {
    const bytes = readFileSync(weightsOf(folder));
    return bytes.length - 8 - Number(bytes.readBigUInt64LE());
  };
  const surplus = (folder: string): void => {
    const end = dataBytes(folder);
    const entry = { dtype: 'F16', shape: [2], data_offsets: [end, end + 4] };
    withHeader(folder, (header) => ({ ...header, 'model.layers.0.self_attn.q_proj.bias': entry }), 4);
  };
  const renamed = (folder: string): void =>
    withHeader(folder, ({ 'model.norm.weight': norm, ...others }) => ({ ...others, 'model.norm.wait': norm }));
  /** A hole in the file stands for weights that no machine's memory takes. */
  const enormous = (folder: string): void => {
    const [rows, width, end] = [2 ** 33, 16, dataBytes(folder)];
    edit(folder, { vocab_size: rows });
    withHeader(folder, ({ 'model.embed_tokens.weight': embedding, ...others }) => ({
      ...others,
      unused: embedding,
      'model.embed_tokens.weight': { dtype: 'F16', shape: [rows, width], data_offsets: [end, end + 2 * rows * width] },
    }));
    withHeader(folder, ({ unused, ...others }) => ({ 'lm_head.weight': unused, ...others }));
    truncateSync(weightsOf(folder), statSync(weightsOf(folder)).size + 2 * rows * width);
  };
  const cases: readonly [string, string, RegExp, (folder: string) => void][] = [
    ['empty', 'bad-input', /0 bytes/, (folder) => rewrite(folder, () => Buffer.alloc(0))],
    ['truncated', 'bad-input', /only \d+ bytes of data/, (folder) => rewrite(folder, (b) => b.subarray(0, -2))],
    ['longer', 'bad-input', /the header explains/, (folder) => rewrite(folder, (b) => Buffer.concat([b, b]))],
    ['header length', 'bad-input', /header claims/, (folder) => rewrite(folder, (b) => b.fill(0xff, 0, 8))],
    ['header text', 'bad-input', /not JSON/, (folder) => rewrite(folder, (b) => b.fill(0x80, 8, 20))],
    ['shape', 'bad-input', /calls for \[40,32\]/, (folder) => edit(folder, { hidden_size: 32 })],
    ['more layers', 'bad-input', /lacks model.layers.1/, (folder) => edit(folder, { num_hidden_layers: 2 })],
    ['layers without end', 'bad-input', /num_hidden_layers/, (folder) => edit(folder, { num_hidden_layers: 1e9 })],
    ['surplus tensor', 'bad-input', /holds model.layers.0.self_attn.q_proj.bias, which no Qwen3/, surplus],
    ['missing tensor', 'bad-input', /lacks model.norm.weight/, renamed],
    [
      'no number',
      'bad-input',
      /norm.weight holds NaN at place 15/,
      (folder) => rewrite(folder, (b) => b.fill(0xff, b.length - 2)),
    ],
    ['enormous', 'unsupported', /takes 1099\.5 GB in f32; this machine has/, enormous],
    [
      'folder',
      'io',
      /EISDIR/,
      (folder) => {
        rmSync(weightsOf(folder));
        mkdirSync(weightsOf(folder));
      },
    ],
    ['no layers', 'bad-input', /num_hidden_layers/, (folder) => edit(folder, { num_hidden_layers: 0 })],
    [
      'architecture',
      'unsupported',
      /LlamaForCausalLM/,
      (folder) => edit(folder, { model_type: 'llama', architectures: ['LlamaForCausalLM'] }),
    ],
    ['odd width', 'unsupported', /multiple of 8/, (folder) => edit(folder, { intermediate_size: 25 })],
    ['missing', 'not-found', /could not be opened/, (folder) => rmSync(weightsOf(folder))],
  ];
  for (const [name, code, message, change] of cases) {
    const error = await errorAfter(name.replaceAll(' ', '-'), change);
    assert.match(error.message, message);
    assert.equal(error.code, code, `${name}: ${error.message}`);
  }
});

test('a file cut at any place is refused, never half read', async () => {
  const whole = readFileSync(path.join(fixtures, 'tied-f16', 'model.safetensors'));
  for (let length = 0; length < whole.length; length += 509) {
    const error = await errorAfter('cut', (folder) =>
      writeFileSync(path.join(folder, 'model.safetensors'), whole.subarray(0, length)),
    );
    assert.equal(error.code, 'bad-input');
  }
});
