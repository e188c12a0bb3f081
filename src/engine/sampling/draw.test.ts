import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRng } from '../../core/index.ts';
import { drawToken, largest } from './draw.ts';

test('the largest values are those of the whole order, ties and negative ones included', () => {
  const rng = makeRng(1);
  for (let round = 0; round < 200; round++) {
    const values = Float32Array.from({ length: 1 + rng.int(40) }, () => rng.int(12) - 6);
    const order = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    for (const count of [0, 1, 5, values.length, 100])
      assert.deepEqual([...largest(values, count)], order.slice(0, count));
    assert.deepEqual(
      [...largest(values, values.length, 2)],
      order.filter((id) => (values[id] ?? 0) >= 2),
    );
  }
});

test('a token is drawn from the smallest set that reaches the share, and from no more than the number to keep', () => {
  const rng = makeRng(2);
  for (let round = 0; round < 200; round++) {
    const weights = Float32Array.from({ length: 2 + rng.int(30) }, () => rng.next() ** 4);
    const [topP, topK] = [[1, 0.9, 0.3][rng.int(3)] ?? 1, rng.int(6)];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const allowed = new Set<number>();
    let kept = 0;
    for (const id of largest(weights, topK === 0 ? weights.length : topK)) {
      if (allowed.size > 0 && kept >= topP * total) break;
      allowed.add(id);
      kept += weights[id] ?? 0;
    }
    const drawn = new Set(
      Array.from({ length: 400 }, (_, i) => drawToken(weights, { temperature: 1, topP, topK, seed: round }, i)),
    );
    for (const id of drawn) assert.ok(allowed.has(id), `${id} of ${[...allowed].join()}`);
    assert.ok(drawn.has([...allowed][0] ?? -1));
  }
});
