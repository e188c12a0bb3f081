import { makeRng } from '../core/index.ts';
import type { Datum, PassResult } from '../train/protocol/index.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import type { Cores } from './cores/cores.ts';
import { createEmbeddedModel } from './embedded-model.ts';
import { copyModel, placeModel } from './memory-model.ts';
import type { LowRankSettings } from './training/low-rank.ts';
import { splitBatch } from './training/split.ts';
import { allocateTraining } from './training/trainer-state.ts';
import type { TrainingCompute } from './training/training-compute.ts';
import { chunkOf } from './training/training-pass.ts';
import { trainingWorkspaceBytes } from './transformer/forward.ts';

/** Training on the processor's cores. */
export async function processorTraining(
  cores: Cores,
  { layout, weights, tokenizer }: Checkpoint,
  lowRank: LowRankSettings | undefined,
  seed: number,
): Promise<TrainingCompute> {
  const placed = await placeModel(cores, layout, weights);
  const { state, release } = await allocateTraining(cores, placed, lowRank, makeRng(seed).split('low-rank'));
  const copyOf = (address: number, count: number): Float32Array =>
    cores.machine.floats().slice(address / 4, address / 4 + count);

  return {
    shape: state,
    async pass(data, loss, withGradient) {
      const chunks = splitBatch(data).map((indices) => indices.map((index) => data[index] as Datum));
      const shards = Math.min(state.gradients.length, chunks.length);
      const results = await Promise.all(
        Array.from({ length: shards }, (_, shard) => {
          const mine = chunks.filter((_chunk, i) => i % shards === shard);
          const bytes = Math.max(...mine.map((chunk) => trainingWorkspaceBytes(layout, chunkOf(chunk).batch)));
          return cores.runIn('pass', bytes, (workspace) => ({
            model: state.model,
            chunks: mine,
            loss,
            gradient: withGradient ? state.gradients[shard] : undefined,
            workspace,
          }));
        }),
      );
      const inOrder = chunks.map((_, i) => results[i % shards]?.[Math.floor(i / shards)] as PassResult);
      return {
        loss: inOrder.reduce((sum, result) => sum + result.loss, 0),
        logprobs: inOrder.flatMap(({ logprobs }) => logprobs),
      };
    },
    clearGradients() {
      const floats = cores.machine.floats();
      for (const block of state.gradients) floats.fill(0, block / 4, (block + layout.bytes) / 4);
    },
    update: (settings, step) => cores.run('update', { state, settings, step }),
    weights: async () => copyOf(state.model.weights, layout.bytes / 4),
    vectors: async () => ({
      means: copyOf(state.means, state.count),
      squares: copyOf(state.squares, state.count),
      ...(state.lowRank === undefined ? {} : { factors: copyOf(state.trained, state.count) }),
    }),
    async restore(saved) {
      const floats = cores.machine.floats();
      floats.set(saved.trained, state.trained / 4);
      floats.set(saved.means, state.means / 4);
      floats.set(saved.squares, state.squares / 4);
      await cores.run('merge', state);
    },
    publish: async (name, hash) =>
      createEmbeddedModel({ cores, placed: copyModel(cores, state.model), name, hash, tokenizer }),
    release,
  };
}
