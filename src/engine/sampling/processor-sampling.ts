import type { Cores } from '../cores/cores.ts';
import type { WeightsInMemory } from '../transformer/forward.ts';
import { prefixFloats, tailFloats } from './cache.ts';
import { decodeBytes } from './decode.ts';
import { prefillBytes } from './prefill.ts';
import type { SamplingCompute } from './sampling-compute.ts';

/** Sampling on the processor's cores, a lane for each. */
export function processorSampling(cores: Cores, model: WeightsInMemory): SamplingCompute {
  const { heap, machine } = cores;
  const { config } = model.layout;
  return {
    config,
    lanes: cores.count,
    rowsPerLane: 256,
    allocatePrefix: (length) => ({
      address: heap.allocate(4 * prefixFloats(config, length), 'The cache of a prompt'),
      length,
    }),
    prefill(prompts) {
      const bytes = prefillBytes(config, Math.max(...prompts.map(({ tokens }) => tokens.length)));
      return cores.runIn('prefill', bytes, (workspace) => ({ model, prompts, workspace }));
    },
    growTail(old, capacity) {
      const address = heap.allocate(4 * tailFloats(config, capacity), 'The cache of a completion');
      const width = config.keyValueHeads * config.headDim;
      const floats = machine.floats();
      for (let part = 0; old.capacity > 0 && part < 2 * config.layers; part++) {
        const from = old.address / 4 + part * old.capacity * width;
        floats.copyWithin(address / 4 + part * capacity * width, from, from + old.length * width);
      }
      if (old.capacity > 0) heap.free(old.address);
      return { address, capacity, length: old.length };
    },
    free: (address) => heap.free(address),
    decode(rows, steps) {
      const bytes = decodeBytes(model, rows, steps);
      return cores.runIn('decode', bytes, (workspace) => ({ model, rows, steps, workspace }));
    },
  };
}
