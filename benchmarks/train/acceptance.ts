/**
 * Does the selector learn, on fresh seeds and more than one base? Runs `winnow quickstart` for each seed, the bases in turn, and prints
 * one row a run. What was finished before is not run again.
 *
 *   node benchmarks/train/acceptance.ts --bases assets/tiny,runs/make-tiny-2/out --seeds 101,102,103,104,105 [--minutes 10] [--out runs/acceptance]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    bases: { type: 'string', default: 'assets/tiny' },
    seeds: { type: 'string', default: '101' },
    minutes: { type: 'string', default: '10' },
    out: { type: 'string', default: 'runs/acceptance' },
    threads: { type: 'string', default: '2' },
  },
});
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const bases = values.bases.split(',');
const percent = (share: number): string => (100 * share).toFixed(1);
const chance = (p: number): string => (p < 0.001 ? '< .001' : p.toFixed(3));

console.log(
  '| seed | base | tasks | random | majority | each place | before | after | voted | pass@4 | headroom | p majority | p each place | solving | stronger: majority, after | odd family: majority, after | gap before, after | recovered | min |',
);
console.log(`|${'---|'.repeat(19)}`);
for (const [i, seed] of values.seeds.split(',').entries()) {
  const base = bases[i % bases.length] ?? 'tiny';
  const folder = path.join(values.out, `seed-${seed}`);
  const file = path.join(folder, 'report.json');
  const started = performance.now();
  if (!existsSync(file)) {
    const line = [
      'quickstart',
      '--seed',
      seed,
      '--minutes',
      values.minutes,
      '--base',
      base,
      '--out',
      folder,
      '--threads',
      values.threads,
    ];
    const { status } = spawnSync(process.execPath, [main, ...line], { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`seed ${seed} ended with ${status}`);
  }
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  const { selector, transfer, out_of_domain: odd, refiner } = JSON.parse(readFileSync(file, 'utf8'));
  const { before, after, p_values: p } = selector;
  console.log(
    `| ${[
      ...[seed, path.basename(path.resolve(base)), selector.n_tasks, percent(selector.random)],
      ...[percent(selector.majority), percent(selector.tokenwise), percent(before.greedy), percent(after.greedy)],
      ...[percent(after.voted), percent(selector.pass_at_n), percent(selector.headroom_closed)],
      `${chance(p.majority.greedy)}, ${chance(p.majority.voted)}`,
      `${chance(p.tokenwise.greedy)}, ${chance(p.tokenwise.voted)}`,
      `${percent(selector.solving.before)}, ${percent(selector.solving.after)}`,
      `${percent(transfer.majority)}, ${percent(transfer.after)} (${chance(transfer.p_value)})`,
      `${percent(odd.majority)}, ${percent(odd.after)} (${chance(odd.p_value)})`,
      `${percent(refiner.gap_before.value)}, ${percent(refiner.gap_after.value)} [${percent(refiner.gap_after.low)}, ${percent(refiner.gap_after.high)}]`,
      ...[percent(refiner.recovered_all_wrong), minutes],
    ].join(' | ')} |`,
  );
}
