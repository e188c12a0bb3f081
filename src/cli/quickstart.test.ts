import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'winnow-quickstart-'));
after(() => rmSync(root, { recursive: true }));

function quickstart(out: string, seed: number) {
  const line = ['quickstart', '--minutes', '0.1', '--seed', String(seed), '--out', path.join(root, out), '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...line], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('quickstart runs the whole loop, and the same command again finds it done', () => {
  const first = quickstart('a', 3);
  assert.equal(first.status, 0, first.stderr);
  const found = JSON.parse(first.stdout);
  const { selector, transfer, out_of_domain: odd, refiner } = found;
  assert.deepEqual([found.seed, found.minutes, selector.n_tasks], [3, 0.1, 100]);
  const shares = [
    selector.random,
    selector.majority,
    selector.before.sampled,
    selector.after.voted,
    transfer.after,
    odd.after,
  ];
  for (const share of shares) assert.ok(share >= 0 && share <= 1, JSON.stringify(found));
  assert.ok(selector.pass_at_n > selector.majority && selector.majority > selector.random);
  const expected = (selector.after.greedy - selector.majority) / (selector.pass_at_n - selector.majority);
  assert.equal(selector.headroom_closed, expected);
  assert.ok(refiner.gap_after.low <= refiner.gap_after.value && refiner.gap_after.value <= refiner.gap_after.high);
  for (const name of [
    'select.jsonl',
    'refine.jsonl',
    'direct.jsonl',
    'selector/model/config.json',
    'refiner/metrics.jsonl',
  ])
    assert.ok(existsSync(path.join(root, 'a', name)), name);
  const page = readFileSync(found.report, 'utf8');
  assert.match(page, /<svg/);
  assert.match(page, /before:/);

  const metrics = readFileSync(path.join(root, 'a', 'selector', 'metrics.jsonl'), 'utf8');
  const again = quickstart('a', 3);
  assert.equal(again.stdout, first.stdout);
  assert.equal(readFileSync(path.join(root, 'a', 'selector', 'metrics.jsonl'), 'utf8'), metrics);

  const other = quickstart('a', 4);
  assert.equal(other.status, 2, other.stderr);
  assert.match(other.stderr, /seed/);
});
