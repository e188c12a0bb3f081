import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { WeightsInMemory } from '../transformer/forward.ts';
import { randomModel, SMALL } from '../transformer/model.testkit.ts';
import { createCores } from './cores.ts';

test('a job that fails rejects its call alone, and the core takes the next one', async () => {
  const cores = createCores({ threads: 1 });
  const { layout } = randomModel(SMALL);
  const address = cores.heap.allocateZeros(2 * layout.bytes, 'a test');
  const model: WeightsInMemory = { layout, weights: address, cosines: address, sines: address };
  const pass = {
    model,
    chunks: [[{ tokens: [1], targets: [2], weights: [1] }]],
    loss: { name: 'cross_entropy' as const },
    gradient: undefined,
  };
  await assert.rejects(cores.run('pass', { ...pass, workspace: { address, bytes: 64 } }), {
    code: 'internal',
    message: /workspace of 64 bytes is too small/,
  });
  assert.equal(await cores.run('refresh', model), true);
  await cores.close();
});

test('after closing, jobs are refused and waiting ones do not hang', async () => {
  const cores = createCores({ threads: 1 });
  const { layout } = randomModel(SMALL);
  const address = cores.heap.allocateZeros(layout.bytes, 'a test');
  const model: WeightsInMemory = { layout, weights: address, cosines: address, sines: address };
  const calls = Array.from({ length: 50 }, () => cores.run('refresh', model));
  const settled = Promise.allSettled(calls);
  await cores.close();
  await settled;
  await assert.rejects(cores.run('refresh', model), { code: 'wrong-use' });
});

test("what a thread loads is the project's own and Node's: it starts fast", () => {
  const loaded = new Set<string>();
  const packages = new Set<string>();
  function follow(url: URL): void {
    if (loaded.has(url.href)) return;
    loaded.add(url.href);
    const imports = readFileSync(fileURLToPath(url), 'utf8').matchAll(
      /^(?:import|export) (?!type)[^;]*?from '([^']+)';/gm,
    );
    for (const [, target = ''] of imports) {
      if (target.startsWith('.')) follow(new URL(target, url));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  follow(new URL('./worker.ts', import.meta.url));
  assert.deepEqual([...packages], []);
  assert.ok(loaded.size > 20 && loaded.size < 50, `${loaded.size} files`);
});
