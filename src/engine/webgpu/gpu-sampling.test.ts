import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeRng } from '../../core/index.ts';
import { createCores } from '../cores/cores.ts';
import { placeModel } from '../memory-model.ts';
import { createSampler, type SamplerOptions, samplerOn } from '../sampling/sampler.ts';
import type { Sampler, SamplingRequest } from '../sampling/sampling-request.ts';
import { chunkOf } from '../training/training-pass.ts';
import { SMALL } from '../transformer/model.testkit.ts';
import type { Gpu } from './gpu.ts';
import { type GpuModel, placeOnGpu } from './gpu-model.ts';
import { type GpuSampling, gpuSampling } from './gpu-sampling.ts';
import { createScratch } from './scratch.ts';
import { trainingPass } from './training-pass.ts';
import { openTestGpu, randomWeights, skip } from './webgpu.testkit.ts';

const { layout, weights } = randomWeights(SMALL, 5);
let gpu: Gpu;
let model: GpuModel;
let sampling: GpuSampling;
before(async () => {
  if (skip !== false) return;
  gpu = await openTestGpu();
  model = await placeOnGpu(gpu, layout, weights);
  sampling = gpuSampling(model);
});
after(() => {
  if (skip === false) gpu.close();
});
const sampler = (options?: SamplerOptions): Sampler => samplerOn(sampling, options);
const prompt = (length: number, seed = 1): number[] => {
  const rng = makeRng(seed);
  return Array.from({ length }, () => rng.int(SMALL.vocabSize));
};

const REQUESTS: Readonly<Record<string, SamplingRequest>> = {
  'a prompt of one token': { prompt: [7], maxTokens: 40, n: 3, seed: 1 },
  'a prompt of several pages': { prompt: prompt(50), maxTokens: 46, n: 5, seed: 2 },
  'a hot temperature': { prompt: prompt(17), maxTokens: 20, n: 4, seed: 3, temperature: 3 },
  'a truncated distribution': { prompt: prompt(9), maxTokens: 9, n: 4, seed: 4, topK: 5, topP: 0.8 },
};

for (const [name, request] of Object.entries(REQUESTS)) {
  test(`log-probabilities of sampled tokens are those of the forward pass: ${name}`, { skip }, async () => {
    const sequences = await sampler().sample(request);
    assert.equal(sequences.length, request.n);
    for (const { tokens, logprobs } of sequences) {
      assert.equal(tokens.length, request.maxTokens);
      const all = [...request.prompt, ...tokens];
      const datum = { tokens: all.slice(0, -1), targets: all.slice(1), weights: all.slice(1).map(() => 1) };
      const result = await trainingPass(
        model,
        createScratch(gpu),
        chunkOf([datum]),
        { name: 'cross_entropy' },
        undefined,
      );
      const expected = result.logprobs[0]?.slice(request.prompt.length - 1) ?? [];
      for (const [t, logprob] of logprobs.entries()) {
        assert.ok(Math.abs(logprob - (expected[t] ?? 0)) < 1e-4, `${logprob} and ${expected[t]} at ${t}`);
      }
    }
  });
}

test('a completion depends on its seed only, and is nearly always that of the processor', { skip }, async () => {
  const requests: SamplingRequest[] = Array.from({ length: 5 }, (_, i) => ({
    prompt: prompt(4 + 7 * i, i),
    maxTokens: 5 + 4 * i,
    n: 4,
    seed: 100 * i,
  }));
  const drawAll = (from: Sampler) => Promise.all(requests.map((request) => from.sample(request)));
  const expected = await drawAll(sampler());
  assert.deepEqual(await drawAll(sampler({ rowsPerCore: 3, stepsPerSlice: 4 })), expected);
  const cores = createCores({ threads: 0 });
  const placed = await placeModel(cores, layout, weights);
  const onProcessor = (await drawAll(createSampler(cores, placed.model))).flat();
  // A draw within rounding of the border between two tokens can fall on the other side.
  const same = expected.flat().filter(({ tokens }, i) => tokens.join() === onProcessor[i]?.tokens.join());
  assert.ok(same.length >= onProcessor.length - 1, `${same.length} of ${onProcessor.length} are the same`);
});

test('temperature 0 takes the most likely token, drawn on the device as from its logits', { skip }, async () => {
  const request = { prompt: prompt(6), maxTokens: 12, temperature: 0 };
  const [onDevice] = await sampler().sample(request);
  const [fromLogits] = await sampler().sample({ ...request, alternatives: 1 });
  const best = fromLogits?.alternatives.map(([first]) => first?.token);
  assert.deepEqual(onDevice?.tokens, best);
  assert.deepEqual(fromLogits?.tokens, best);
});

test('sampled frequencies follow the probabilities', { skip }, async () => {
  const n = 3000;
  const request = { prompt: [3, 5], maxTokens: 1, seed: 9 };
  const [reference] = await sampler().sample({ ...request, alternatives: SMALL.vocabSize });
  const counts = new Map<number, number>();
  for (const { tokens } of await sampler().sample({ ...request, n })) {
    counts.set(tokens[0] ?? -1, (counts.get(tokens[0] ?? -1) ?? 0) + 1);
  }
  for (const { token, logprob } of reference?.alternatives[0] ?? []) {
    const p = Math.exp(logprob);
    const spread = Math.sqrt(n * p * (1 - p)) + 1;
    assert.ok(Math.abs((counts.get(token) ?? 0) - n * p) < 5 * spread, `token ${token}`);
  }
});

test('stop tokens end a completion and stay in it; the context ends it with length', { skip }, async () => {
  const stopTokens = [0, 1, 2, 3, 4, 5];
  for (const { tokens, stopReason } of await sampler().sample({ prompt: [9], maxTokens: 60, n: 20, stopTokens })) {
    const at = tokens.findIndex((token) => stopTokens.includes(token));
    if (stopReason === 'stop') assert.equal(at, tokens.length - 1);
    else assert.deepEqual([at, tokens.length], [-1, 60]);
  }
  const [full] = await sampler().sample({ prompt: prompt(90), maxTokens: 1000 });
  assert.deepEqual([full?.tokens.length, full?.stopReason], [SMALL.contextTokens - 90 + 1, 'length']);
});

test('pages are given back after completions and aborts', { skip }, async () => {
  await Promise.all(Object.values(REQUESTS).map((request) => sampler().sample(request)));
  assert.equal(sampling.pagesInUse(), 0);
  const controller = new AbortController();
  const onTokens = (): void => controller.abort(new Error('enough'));
  const request = { prompt: prompt(20), maxTokens: 70, n: 3, signal: controller.signal, onTokens };
  const owned = samplerOn(sampling, { stepsPerSlice: 2 });
  await assert.rejects(owned.sample(request), /enough/);
  await owned.idle();
  assert.equal(sampling.pagesInUse(), 0);
});

test('weights that are no numbers are an error, not tokens', { skip }, async () => {
  const broken = await placeOnGpu(
    gpu,
    layout,
    weights.map(() => Number.NaN),
  );
  const request = { prompt: [1, 2], maxTokens: 3 };
  const refused = { name: 'WinnowError', code: 'bad-input', message: /logits are no finite numbers/ };
  await assert.rejects(samplerOn(gpuSampling(broken)).sample(request), refused);
  await assert.rejects(samplerOn(gpuSampling(broken)).sample({ ...request, topK: 2 }), refused);
  broken.free();
});
