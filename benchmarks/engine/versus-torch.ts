/**
 * Training speed of the embedded engine against PyTorch on the processor, eager, the same models and batches, two threads
 * each. They take turns, a short round each, so that whatever else runs on the machine slows both alike; `ratio` is the median
 * over rounds of one's speed by the clock over the other's, `ratioByProcessorTime` the same by processor time. Prints one JSON document.
 *
 *   python3 -m venv venv && venv/bin/pip install torch transformers
 *   node benchmarks/engine/versus-torch.ts --python venv/bin/python [--rounds 7] [--seconds 2] [--threads 2]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createCores, parameterCount } from '../../src/engine/index.ts';
import { LEARNING_RATE, LENGTH, SEQUENCES, SIZES, type SizeName, trainingOf, VOCABULARY } from './sizes.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];

interface Round {
  readonly tokens: number;
  readonly wall: number;
  readonly processor: number;
}

const script = fileURLToPath(new URL('./torch_speed.py', import.meta.url));
// Threads that spin while they wait for one that another program has pushed aside would make PyTorch many times slower.
const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' };
const child = spawn(values.python, [script, values.threads], { stdio: ['pipe', 'pipe', 'inherit'], env });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
async function answer<T>(): Promise<T> {
  const { value, done } = await answers.next();
  if (done === true) throw new Error(`${values.python} ended; torch and transformers are needed`);
  return JSON.parse(value) as T;
}

/** The shape as a Hugging Face configuration. */
function torchConfig(name: SizeName): object {
  const { hiddenSize, layers, heads, keyValueHeads, headDim, feedForward, ropeTheta, contextTokens } = SIZES[name];
  return {
    ...{ vocab_size: VOCABULARY, hidden_size: hiddenSize, num_hidden_layers: layers, num_attention_heads: heads },
    ...{ num_key_value_heads: keyValueHeads, head_dim: headDim, intermediate_size: feedForward },
    ...{ rope_theta: ropeTheta, max_position_embeddings: contextTokens, tie_word_embeddings: true },
  };
}

async function torchRound(name: SizeName): Promise<Round> {
  const batch = { sequences: SEQUENCES, length: LENGTH, learning_rate: LEARNING_RATE };
  child.stdin.write(`${JSON.stringify({ name, seconds, config: torchConfig(name), ...batch })}\n`);
  return answer<Round>();
}

async function ownRound(step: () => Promise<number>): Promise<Round> {
  let tokens = 0;
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  while (performance.now() - started < seconds * 1000) tokens += await step();
  const { user, system } = process.cpuUsage(cpu);
  return { tokens, wall: (performance.now() - started) / 1e3, processor: (user + system) / 1e6 };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const rate = (list: readonly Round[], by: 'wall' | 'processor'): number =>
  Math.round(median(list.map((round) => round.tokens / round[by])));
const ratios = (own: readonly Round[], torch: readonly Round[], by: 'wall' | 'processor'): number[] =>
  own.map((round, i) => round.tokens / round[by] / ((torch[i]?.tokens ?? 0) / (torch[i]?.[by] ?? 1)));

const versions = await answer<object>();
const cores = createCores({ threads: Number(values.threads) });
const results = [];
for (const name of ['0.3M', '1M', '4M'] as const) {
  const { checkpoint, trainer, step } = await trainingOf(name, cores);
  for (let i = 0; i < 3; i++) await step();
  await torchRound(name);
  const [own, torch]: [Round[], Round[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(await ownRound(step));
    torch.push(await torchRound(name));
  }
  const wall = ratios(own, torch, 'wall');
  results.push({
    name,
    parameters: parameterCount(checkpoint.layout.config),
    winnow: { perSecond: rate(own, 'wall'), perCpuSecond: rate(own, 'processor') },
    torch: { perSecond: rate(torch, 'wall'), perCpuSecond: rate(torch, 'processor') },
    ratio: Number(median(wall).toFixed(2)),
    ratios: wall.map((one) => Number(one.toFixed(2))),
    ratioByProcessorTime: Number(median(ratios(own, torch, 'processor')).toFixed(2)),
  });
  await trainer.close();
}
console.log(JSON.stringify({ ...versions, rounds, seconds, results }, null, 2));
child.stdin.end();
await cores.close();
