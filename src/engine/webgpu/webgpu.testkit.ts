import { makeRng } from '../../core/index.ts';
import type { ModelConfig } from '../transformer/config.ts';
import { initialiseWeights } from '../transformer/initialise.ts';
import { type Layout, layoutOf } from '../transformer/layout.ts';
import type { Device } from './api.ts';
import { findGpu, loadApi } from './find-gpu.ts';
import type { Gpu } from './gpu.ts';

const search = await findGpu();

/** What a test is skipped with where there is no GPU; a software one will do. */
export const skip = search.found ? false : `${search.reason}. ${search.mend}`;

/** Opens the GPU; only for tests that `skip` lets run. */
export async function openTestGpu(): Promise<Gpu> {
  if (!search.found) throw new Error(search.reason);
  return search.open();
}

/** A device that the test can lose. */
export async function requestTestDevice(): Promise<Device> {
  const adapter = await (await loadApi()).requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('there is no adapter');
  return adapter.requestDevice({ requiredLimits: {} });
}

/** A layout and random weights, norms included. */
export function randomWeights(
  config: ModelConfig,
  seed: number,
): { readonly layout: Layout; readonly weights: Float32Array } {
  const layout = layoutOf(config);
  const weights = new Float32Array(layout.bytes / 4);
  const rng = makeRng(seed);
  initialiseWeights(layout, weights, rng);
  for (const { kind, offset, columns } of layout.parameters) {
    if (kind !== 'norm') continue;
    for (let i = 0; i < columns; i++) weights[offset / 4 + i] = 0.5 + rng.next();
  }
  return { layout, weights };
}
