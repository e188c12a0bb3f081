/**
 * The ablation of joint training: the refiner of a finished `winnow quickstart`, trained again on direct or on refinement examples alone.
 *
 *   node benchmarks/train/mixtures.ts runs/quickstart [--base tiny] [--seed 0] [--minutes 10] [--threads 2]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { planFor } from '../../src/cli/quickstart/plan.ts';
import { learnToRefine } from '../../src/cli/quickstart/refining.ts';
import { makeTasks } from '../../src/cli/quickstart/tasks.ts';
import { openSession } from '../../src/cli/start.ts';
import { createCores, openCheckpoint } from '../../src/engine/index.ts';
import { openGrader } from '../../src/verify/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: 'string', default: 'tiny' },
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
  },
});
const folder = positionals[0] ?? 'runs/quickstart';
const plan = planFor(Number(values.minutes), Number(values.seed));
const names = ['train', 'teacher', 'watched', 'test', 'transfer', 'multi-step', 'out-of-domain'] as const;
const pools = Object.fromEntries(names.map((name) => [name, path.join(folder, 'pools', name)]));
const { grade, close } = openGrader();
const cores = createCores({ threads: Number(values.threads) });
const base = await openCheckpoint(values.base);
const tasks = await makeTasks(folder, pools as Parameters<typeof makeTasks>[1], grade, plan);
const context = openSession([]).start({ quiet: true, seed: values.seed });
const percent = (share: number): string => (100 * share).toFixed(1);

console.log('| examples | k | majority | refined | gap [95 %] | all wrong, recovered | greedy refined | solving |');
console.log(`|${'---|'.repeat(8)}`);
for (const mixture of ['joint', 'direct', 'refine'] as const) {
  const place = path.join(folder, 'mixtures', mixture);
  const { after } = await learnToRefine(place, tasks, { plan, mixture }, { cores, base }, context);
  after.drawn.forEach(({ k, majority, refined, gap, allWrong }, i) => {
    const interval = `${percent(gap.value)} [${percent(gap.low)}, ${percent(gap.high)}]`;
    const recovered = `${allWrong.recovered} of ${allWrong.tasks}`;
    const greedy = percent(after.greedy[i]?.refined ?? 0);
    console.log(
      `| ${[mixture, k, percent(majority), percent(refined), interval, recovered, greedy, percent(after.solving)].join(' | ')} |`,
    );
  });
}
await Promise.all([cores.close(), close()]);
