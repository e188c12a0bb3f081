import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createHeap } from './heap.ts';
import { createMemory } from './wasm-host.ts';

test('pieces of memory never overlap, are aligned, and all comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.nat()), { maxLength: 60 }), (steps) => {
      const heap = createHeap(createMemory());
      const live: { address: number; bytes: number }[] = [];
      for (const [bytes, choice] of steps) {
        const victim = choice % 3 === 0 ? live.splice(choice % Math.max(1, live.length), 1)[0] : undefined;
        if (victim !== undefined) heap.free(victim.address);
        const address = heap.allocate(bytes, 'a test');
        assert.equal(address % 64, 0);
        assert.ok(address > 0);
        for (const other of live) assert.ok(address + bytes <= other.address || other.address + other.bytes <= address);
        live.push({ address, bytes });
      }
      for (const { address } of live) heap.free(address);
      assert.equal(heap.used(), 0);
    }),
    { numRuns: 40 },
  );
});

test('what was freed is used again, so that a steady load does not grow', () => {
  const memory = createMemory();
  const heap = createHeap(memory);
  const round = (): void => {
    const addresses = [1e6, 3e5, 2e6].map((bytes) => heap.allocate(bytes, 'a test'));
    for (const address of addresses) heap.free(address);
  };
  round();
  const size = memory.buffer.byteLength;
  for (let i = 0; i < 100; i++) round();
  assert.equal(memory.buffer.byteLength, size);
});

test('more than the address space is refused by name, and the heap goes on', () => {
  const heap = createHeap(createMemory());
  assert.throws(() => heap.allocate(5e9, 'The model'), { code: 'unsupported', message: /The model needs 5000 MB/ });
  heap.free(heap.allocate(100, 'a test'));
  assert.throws(() => heap.free(64), { code: 'internal' });
});
