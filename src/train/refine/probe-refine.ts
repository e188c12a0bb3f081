import type { Trainer } from '../trainer.ts';
import type { RefinementExample } from './examples.ts';
import { batchesOf, jointBatch } from './joint-batch.ts';
import type { RefineSettings } from './settings.ts';
import { refineSteps } from './train-refine.ts';

/** What joint training is expected to be. Tokens are those of prompts and targets together. */
export interface RefineForecast {
  readonly steps: number;
  readonly trainedTokens: number;
  readonly longest: number;
  readonly seconds: number;
}

/** Batches whose lengths are averaged: reading lengths costs nothing. */
const BATCHES = 32;
/** A backward pass takes about twice a forward pass. */
const PASSES_PER_UPDATE = 3;

/** Reckons from the first batches, one of which goes through the model forwards. Nothing is trained. */
export async function probeRefinement(
  trainer: Trainer,
  examples: readonly RefinementExample[],
  settings: RefineSettings,
  seed = 0,
): Promise<RefineForecast> {
  const steps = refineSteps(examples, settings);
  const batchAt = batchesOf(examples, settings, seed);
  const lengthOf = ({ prompt, target }: RefinementExample): number => prompt.length + target.length;
  const tokensOf = (batch: readonly RefinementExample[]): number => batch.reduce((sum, one) => sum + lengthOf(one), 0);
  const count = Math.min(BATCHES, Math.max(1, steps));
  const probed = Array.from({ length: count }, (_, i) => tokensOf(batchAt(i + 1))).reduce((sum, n) => sum + n, 0);
  const trainedTokens = Math.round((probed / count) * steps);
  const first = batchAt(1);
  const startedAt = performance.now();
  await trainer.forward(jointBatch(first, settings.lambda).data, { name: 'cross_entropy' });
  const passSeconds = (performance.now() - startedAt) / 1000;
  return {
    steps,
    trainedTokens,
    longest: examples.reduce((most, one) => Math.max(most, lengthOf(one)), 0),
    seconds: (PASSES_PER_UPDATE * passSeconds * trainedTokens) / tokensOf(first),
  };
}
