/**
 * Training and sampling on a GPU beside the processor, in tokens a second, at three sizes. Prints one JSON document. Says which
 * adapter it was: a figure of a software adapter is no figure of a GPU.
 *
 *   node benchmarks/engine/webgpu.ts [--sizes 1M,4M,30M] [--sequences 64] [--completions 512] [--seconds 5] [--threads 2]
 */
import { parseArgs } from 'node:util';
import { makeRng } from '../../src/core/index.ts';
import { type Checkpoint, type Compute, findGpu, openCompute, parameterCount } from '../../src/engine/index.ts';
import { checkpointOf, type SizeName, trainingStep, VOCABULARY } from './sizes.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1M,4M,30M' },
    sequences: { type: 'string', default: '64' },
    completions: { type: 'string', default: '512' },
    seconds: { type: 'string', default: '5' },
    threads: { type: 'string' },
  },
});
const [sequences, completions, seconds] = [values.sequences, values.completions, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };

const [PROMPT, DRAWN] = [40, 24];

interface Rate {
  readonly perSecond: number;
  /** By processor time of all threads: for the processor and software adapters, what other programs do not disturb much. */
  readonly perCpuSecond: number;
}

/** Tokens a second of what a step resolves with, after a step that compiles and allocates. */
async function rateOf(step: () => Promise<number>): Promise<Rate> {
  await step();
  let tokens = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - started < seconds * 1000) tokens += await step();
  const { user, system } = process.cpuUsage(before);
  return {
    perSecond: Math.round((tokens / (performance.now() - started)) * 1000),
    perCpuSecond: Math.round((tokens / (user + system)) * 1e6),
  };
}

async function measure(compute: Compute, checkpoint: Checkpoint, name: SizeName) {
  const trainer = await compute.openTrainer(checkpoint, { folder: '/nonexistent' });
  const training = await rateOf(trainingStep(trainer, name, sequences));
  const rng = makeRng(name);
  const draw = (count: number): number[] => Array.from({ length: count }, () => rng.int(VOCABULARY - 1));
  const model = await trainer.publish();
  const sampling = await rateOf(async () => {
    const n = 16;
    const groups = Math.max(1, Math.round(completions / n));
    const settings = { n: Math.min(n, completions), maxTokens: DRAWN, stopTokens: [] };
    await Promise.all(Array.from({ length: groups }, () => model.sampleTokens({ prompt: draw(PROMPT), ...settings })));
    return groups * settings.n * DRAWN;
  });
  await model.close();
  await trainer.close();
  return { training, sampling };
}

const search = await findGpu();
if (!search.found) {
  console.error(`${search.reason}. ${search.mend}`);
  process.exit(3);
}
const results = [];
for (const name of values.sizes.split(',') as SizeName[]) {
  const checkpoint = await checkpointOf(name);
  const result: Record<string, unknown> = { name, parameters: parameterCount(checkpoint.layout.config) };
  for (const device of ['webgpu', 'cpu'] as const) {
    const compute = await openCompute(checkpoint, { device, ...threads });
    result[device] = await measure(compute, checkpoint, name);
    await compute.close();
  }
  results.push(result);
  console.error(JSON.stringify(result));
}
const { name: adapter, isSoftware } = search;
console.log(JSON.stringify({ adapter, isSoftware, sequences, completions, results }, null, 2));
