/**
 * Makes the tiny checkpoints. A run that was stopped, however hard, goes on where it last saved.
 *
 *   npm run make:tiny -- [--seed 1] [--work runs/make-tiny-1] [--out assets/tiny] [--threads 2]
 *   node scripts/make-tiny/measure.ts FOLDER...     what a checkpoint can do, over 1,200 held-out problems
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createCores } from '../../src/engine/index.ts';
import { runRecipe } from './train.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    work: { type: 'string' },
    out: { type: 'string' },
    threads: { type: 'string' },
  },
});
const work = path.resolve(values.work ?? `runs/make-tiny-${values.seed}`);
await mkdir(work, { recursive: true });
const cores = createCores(values.threads === undefined ? {} : { threads: Number(values.threads) });
const started = performance.now();
await runRecipe(cores, {
  seed: Number(values.seed),
  folder: work,
  log: (line) => console.error(`${((performance.now() - started) / 1000).toFixed(0)} s  step ${line}`),
});
await cores.close();

if (values.out !== undefined) {
  const out = path.resolve(values.out);
  for (const [stage, folder] of [
    ['base', out],
    ['weaker', path.join(out, 'weaker')],
    ['stronger', path.join(out, 'stronger')],
  ] as const) {
    await mkdir(folder, { recursive: true });
    for (const name of [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
    ]) {
      await rm(path.join(folder, name), { force: true });
      await cp(path.join(work, stage, name), path.join(folder, name));
    }
  }
  console.error(`written to ${out}`);
}
