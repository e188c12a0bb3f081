import type { Datum } from '../../train/protocol/index.ts';
import { runsOf } from '../transformer/batch.ts';

/** Rows that one chunk should have on the processor: its activations stay in the cache, and products are long enough to run at full speed. */
const CHUNK_ROWS = 512;

/** Data that is computed at once, by index into the batch. */
export type ChunkIndices = readonly number[];

/**
 * Divides a batch into chunks of about `chunkRows` rows, in order, keeping sequences with a common beginning together. The
 * division depends on the data alone, so that sums come out the same however many cores there are.
 */
export function splitBatch(data: readonly Datum[], chunkRows = CHUNK_ROWS): readonly ChunkIndices[] {
  const chunks: number[][] = [];
  let chunk: number[] = [];
  let rows = 0;
  let index = 0;
  function close(): void {
    if (chunk.length > 0) chunks.push(chunk);
    chunk = [];
    rows = 0;
  }
  for (const run of runsOf(data.map(({ tokens }) => Int32Array.from(tokens)))) {
    const shared = run.members.length > 1 ? run.shared : 0;
    const total = run.members.reduce((sum, member) => sum + member.length - shared, shared);
    if (rows > 0 && rows + total > chunkRows) close();
    for (const member of run.members) {
      // A chunk that begins within a run computes the shared rows once more.
      const own = member.length - (chunk.length > 0 ? shared : 0);
      if (rows > 0 && rows + own > chunkRows) {
        close();
        rows = shared;
      }
      chunk.push(index++);
      rows += own;
    }
  }
  close();
  return chunks;
}

/** Gradient blocks of a model: several, so that cores do not wait for one another; fewer for large models, to save memory. */
export function shardCount(bytes: number): number {
  return Math.max(1, Math.min(8, Math.floor(2 ** 28 / bytes)));
}
