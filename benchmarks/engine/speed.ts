/**
 * Speed of the embedded engine: training and sampling in tokens a second at three sizes, and what share of the plain matrix
 * product's speed training reaches. Prints one JSON document.
 *
 *   node benchmarks/engine/speed.ts [--threads 2] [--seconds 5]
 */
import { parseArgs } from 'node:util';
import { makeRng } from '../../src/core/index.ts';
import { createCores, parameterCount } from '../../src/engine/index.ts';
import { LENGTH, SMALL_SIZES, trainingOf } from './sizes.ts';

const { values } = parseArgs({ options: { threads: { type: 'string' }, seconds: { type: 'string', default: '5' } } });
const seconds = Number(values.seconds);
const cores = createCores(values.threads === undefined ? {} : { threads: Number(values.threads) });

/** GFLOP/s of a product of the sizes that training has, on one thread. */
function matmulPeak(): number {
  const [m, n, k] = [512, 128, 64];
  const address = cores.heap.allocateZeros(4 * (m * n + n * k + m * k), 'A product');
  const [a, b] = [address + 4 * m * n, address + 4 * (m * n + m * k)];
  let best = 0;
  for (let round = 0; round < 40; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < 200; i++) cores.machine.kernels.matmul(address, a, b, m, n, k, 4 * k, 4 * n, 4 * n);
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, (200 * 2 * m * n * k) / (user + system) / 1e3);
  }
  cores.heap.free(address);
  return best;
}

interface Rate {
  readonly perSecond: number;
  /** By processor time of all threads: what remains comparable while other programs run. */
  readonly perCpuSecond: number;
}

async function rateOf(step: () => Promise<number>): Promise<Rate> {
  await step();
  await step();
  let tokens = 0;
  const started = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - started < seconds * 1000) tokens += await step();
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: Math.round((tokens / (performance.now() - started)) * 1000),
    perCpuSecond: Math.round((tokens / (user + system)) * 1e6),
  };
}

const peak = matmulPeak();
const results = [];
for (const name of SMALL_SIZES) {
  const { checkpoint, trainer, step } = await trainingOf(name, cores);
  const rng = makeRng(name);
  const training = await rateOf(step);
  const model = await trainer.publish();
  const sampling = await rateOf(async () => {
    const prompts = Array.from({ length: 32 }, () => Array.from({ length: 40 }, () => rng.int(71)));
    await Promise.all(prompts.map((prompt) => model.sampleTokens({ prompt, n: 16, maxTokens: 24, stopTokens: [] })));
    return 32 * 16 * 24;
  });
  const { config } = checkpoint.layout;
  const parameters = parameterCount(config);
  const attention = 6 * config.layers * LENGTH * config.heads * config.headDim;
  const gigaflops = (training.perCpuSecond * (6 * parameters + attention)) / 1e9;
  results.push({ name, parameters, training, sampling, shareOfMatmul: Number((gigaflops / peak).toFixed(2)) });
  await model.close();
  await trainer.close();
}
console.log(JSON.stringify({ threads: cores.count, matmulGigaflops: Math.round(peak), results }, null, 2));
await cores.close();
