import { WinnowError } from '../../core/index.ts';
import type { TokenRequest, TokenSequence } from '../../train/protocol/index.ts';
import type { Alternative } from './decode.ts';

/** What the engine can do beyond the protocol's request. */
export interface SamplingRequest extends TokenRequest {
  /** How many of the most likely tokens to report beside each drawn one; default 0. */
  readonly alternatives?: number;
  /**
   * Looks at completion number `index` so far, of which the tokens from `from` on are new: the count of tokens after which it
   * is finished, or undefined to go on.
   */
  readonly stopAfter?: (index: number, tokens: readonly number[], from: number) => number | undefined;
  /** Told about each completion as it grows; `index` counts from 0. */
  readonly onTokens?: (index: number, sequence: Completion) => void;
}

export interface Completion extends TokenSequence {
  /** Beside each token, the most likely ones at its place. */
  readonly alternatives: readonly (readonly Alternative[])[];
}

export interface Sampler {
  /** Exactly `n` completions in order. Throws `bad-input` for tokens or lengths that the model cannot hold. */
  sample(request: SamplingRequest): Promise<readonly Completion[]>;
}

/** Throws `bad-input` for a request that the model cannot hold, naming the limit. */
export function checkRequest(
  { prompt, maxTokens, n = 1, temperature = 1, topP = 1 }: SamplingRequest,
  vocabSize: number,
  context: number,
): void {
  const fail = (message: string): never => {
    throw new WinnowError('bad-input', message);
  };
  if (prompt.length === 0) fail('The prompt has no tokens; expected at least one.');
  if (prompt.length >= context)
    fail(
      `The prompt has ${prompt.length} tokens; the model's context of ${context} must hold it and at least one more.`,
    );
  const outside = prompt.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
  if (outside !== undefined) fail(`The prompt holds the token ${outside}; the vocabulary has 0 to ${vocabSize - 1}.`);
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    fail(`maxTokens is ${maxTokens}; expected a whole number of at least 1.`);
  if (!Number.isInteger(n) || n < 1) fail(`n is ${n}; expected a whole number of at least 1.`);
  if (!(temperature >= 0)) fail(`temperature is ${temperature}; expected 0 or more.`);
  if (!(topP > 0)) fail(`topP is ${topP}; expected more than 0, up to 1.`);
}
