import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkModel } from '../../model/testkit.ts';
import { newCheckpoint } from '../checkpoint/new-checkpoint.ts';
import type { EmbeddedModel } from '../embedded-model.ts';
import { SMALL } from '../transformer/model.testkit.ts';
import type { Gpu } from './gpu.ts';
import { createGpuModel } from './gpu-embedded-model.ts';
import { openTestGpu, skip } from './webgpu.testkit.ts';

const { vocabSize: _, ...shape } = SMALL;
const checkpoint = await newCheckpoint({
  name: 'small',
  config: shape,
  vocabulary: {
    pieces: [...'0123456789abcdefghijklmnopqrstuvwxyz '],
    special: ['<|end|>', '<|user|>'],
    chatTemplate: '{% for message in messages %}<|user|>{{ message.content }}{% endfor %}',
  },
  seed: 4,
  embeddingDeviation: 0.15,
});
const END = 37;
const gpu = skip === false ? await openTestGpu() : undefined;
after(() => gpu?.close());
const open = (): Promise<EmbeddedModel> => createGpuModel(gpu as Gpu, checkpoint);

/** What the sampler draws for the conformance suite's prompts, all at once; the suite draws them in parts and alone. */
async function referenceTexts(): Promise<Map<string, string>> {
  const model = await open();
  const { tokenizer } = checkpoint;
  const texts = new Map<string, string>();
  const draw = async (prompt: string, ids: readonly number[], seed: number): Promise<void> => {
    const maxTokens = SMALL.contextTokens - ids.length;
    const [sequence] = await model.sampler.sample({ prompt: ids, seed, maxTokens, stopTokens: [END] });
    texts.set(`${prompt}/${seed}`, tokenizer.decode(sequence?.tokens ?? []));
  };
  const chats = ['one', 'many', 'stream', ...Array.from({ length: 40 }, (_value, i) => `call ${i}`)];
  const calls = chats.flatMap((chat) =>
    Array.from({ length: chat.startsWith('call') ? 2 : 8 }, (_value, i) =>
      draw(chat, tokenizer.renderChat([{ role: 'user', content: chat }]), 100 + i),
    ),
  );
  await Promise.all([...calls, draw('raw', tokenizer.encode('raw'), 7)]);
  await model.close();
  return texts;
}

if (skip === false) {
  const texts = await referenceTexts();
  checkModel('webgpu', async () => ({
    model: await open(),
    expected: (prompt, seed) => texts.get(`${prompt}/${seed}`) ?? 'missing',
  }));
} else {
  test('the contract of a model on the GPU', { skip }, () => undefined);
}

test('the log-probabilities of a prompt are those of its own tokens', { skip }, async () => {
  const model = await open();
  const prompt = [3, 1, 4, 1, 5];
  const [first, ...rest] = await model.promptLogprobs(prompt);
  assert.equal(first, undefined);
  assert.ok(rest.length === 4 && rest.every((logprob = 1) => logprob < 0));
  await model.close();
});
