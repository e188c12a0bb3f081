import type { ModelConfig } from '../transformer/config.ts';
import type { Prefix, Tail } from './cache.ts';
import type { DecodedPiece, DecodeRow } from './decode.ts';

/** Where completions are computed and their caches lie: on the processor's cores or on a GPU. */
export interface SamplingCompute {
  readonly config: ModelConfig;
  /** How many sets of completions run at the same time, and how many completions each has unless told otherwise. */
  readonly lanes: number;
  readonly rowsPerLane: number;
  allocatePrefix(length: number): Prefix;
  prefill(prompts: readonly { readonly tokens: Int32Array; readonly prefix: Prefix }[]): Promise<unknown>;
  /** The same tail with room for more tokens; takes the old one over. */
  growTail(tail: Tail, capacity: number): Tail;
  /** Gives back a prefix or tail by its address. */
  free(address: number): void;
  /** Draws up to `steps` tokens for every row. Rows of one prefix lie next to each other. */
  decode(rows: readonly DecodeRow[], steps: number): Promise<readonly DecodedPiece[]>;
}
