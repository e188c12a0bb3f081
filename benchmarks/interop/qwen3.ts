/**
 * A folder in the exact shape of Qwen3-0.6B but for its two layers (bfloat16 in shards, tied embeddings, 151,936 tokens with a
 * tokenizer of the real size, several end tokens) loads and samples here as in `transformers`: token ids, chats, logits within
 * 1e-4 of the largest, greedy completions. Weights are random. Prints one JSON document; without Python it says so.
 *
 *   python3 -m venv venv && venv/bin/pip install torch transformers
 *   PYTHON=venv/bin/python node benchmarks/interop/qwen3.ts
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Message } from '../../src/core/index.ts';
import { createCores, embedded, openCheckpoint } from '../../src/engine/index.ts';
import { createArena } from '../../src/engine/kernels/machine.ts';
import { placeModel } from '../../src/engine/memory-model.ts';
import { packBatch } from '../../src/engine/transformer/batch.ts';
import { forward, projectLogits, trainingWorkspaceBytes } from '../../src/engine/transformer/forward.ts';

const python = process.env.PYTHON ?? 'python3';
if (spawnSync(python, ['-c', 'import torch, transformers, tokenizers']).status !== 0) {
  console.log(`skipped: ${python} has no torch and transformers`);
  process.exit(0);
}

interface Expected {
  readonly versions: object;
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly chats: readonly { readonly messages: readonly Message[]; readonly ids: readonly number[] }[];
  readonly prompt: readonly number[];
  readonly drawn: readonly number[];
  readonly drawnText: string;
}

const folder = mkdtempSync(path.join(tmpdir(), 'winnow-qwen3-'));
try {
  const script = fileURLToPath(new URL('./make_qwen3.py', import.meta.url));
  const made = spawnSync(python, [script, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  assert.equal(made.status, 0);
  const expected = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as Expected;
  const shards = readdirSync(folder).filter((name) => name.endsWith('.safetensors')).length;
  assert.ok(shards > 1, `${shards} shards`);

  const opened = performance.now();
  const checkpoint = await openCheckpoint(folder);
  const { tokenizer, layout } = checkpoint;
  const openSeconds = (performance.now() - opened) / 1000;
  assert.deepEqual(tokenizer.endTokens, [151_645, 151_643]);
  for (const { text, ids } of expected.texts) assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
  for (const { messages, ids } of expected.chats) assert.deepEqual(tokenizer.renderChat(messages), ids);

  const worst = await logitDifference(expected.prompt);
  assert.ok(worst < 1e-4, `logits differ by ${worst} of the largest`);

  const model = await embedded(checkpoint);
  const started = performance.now();
  const [greedy] = await model.sampleTokens({ prompt: expected.prompt, maxTokens: 8, temperature: 0 });
  const secondsPerToken = (performance.now() - started) / 8000;
  assert.deepEqual(greedy?.tokens, expected.drawn);
  assert.equal(tokenizer.decode(expected.drawn), expected.drawnText);
  // At a high temperature tokens beyond the tokenizer's are drawn too: they have no text.
  const { samples } = await model.generate({ prompt: 'a', n: 4, maxTokens: 16, temperature: 50, topP: 0.99, seed: 1 });
  assert.ok(samples.every(({ tokenIds = [] }) => tokenIds.length === 16));
  await model.close();
  const report = { ...expected.versions, shards, openSeconds, logits: worst, secondsPerToken, drawn: greedy?.tokens };
  console.log(JSON.stringify(report));

  /** The largest difference of any logit, relative to the largest logit. */
  async function logitDifference(prompt: readonly number[]): Promise<number> {
    const cores = createCores({ threads: 0 });
    const { model: placed } = await placeModel(cores, layout, checkpoint.weights);
    const batch = packBatch([Int32Array.from(prompt)]);
    const bytes = trainingWorkspaceBytes(layout, batch);
    const arena = createArena(cores.heap.allocate(bytes, 'The pass'), bytes);
    const tape = forward(cores.machine, placed, batch, arena);
    const [rows, V] = [prompt.length, layout.paddedVocab];
    const logits_NV = arena.take(rows * V);
    projectLogits(cores.machine, placed, rows, tape.normed_ND, logits_NV);
    const ours = cores.machine.floats().subarray(logits_NV / 4, logits_NV / 4 + rows * V);
    const file = readFileSync(path.join(folder, 'logits.bin'));
    const theirs = new Float32Array(file.buffer, file.byteOffset, file.length / 4);
    const width = layout.config.vocabSize;
    assert.equal(theirs.length, rows * width);
    let [difference, largest] = [0, 0];
    for (let row = 0; row < rows; row++) {
      for (let v = 0; v < width; v++) {
        const value = theirs[row * width + v] ?? 0;
        difference = Math.max(difference, Math.abs((ours[row * V + v] ?? 0) - value));
        largest = Math.max(largest, Math.abs(value));
      }
    }
    await cores.close();
    return difference / largest;
  }
} finally {
  rmSync(folder, { recursive: true });
}
