/** Drawing one token from a row of logits. */

/** How a row's tokens are chosen. */
export interface DrawSettings {
  /** 0 takes the most likely token, the first of equals. */
  readonly temperature: number;
  /** Keep the most likely tokens that together reach this share; 1 keeps all. */
  readonly topP: number;
  /** Keep this many of the most likely tokens; 0 keeps all. */
  readonly topK: number;
  readonly seed: number;
}

/**
 * A number in [0, 1) that depends only on the seed and on which draw of the sample it is, so that a sample is the same alone,
 * in any batch, and after a restart. Two rounds of the MurmurHash3 finaliser over the words of both.
 */
export function uniform(seed: number, draw: number): number {
  const high = Math.floor(seed / 2 ** 32) | 0;
  const first = mix(mix(mix(seed | 0, high), draw), 0x9e3779b9);
  const second = mix(first, draw ^ 0x85ebca6b);
  return ((first >>> 5) * 2 ** 26 + (second >>> 6)) / 2 ** 53;
}

function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x85ebca6b) + 0x27d4eb2f;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Chooses a token where `weights` are proportional to the probabilities at the row's temperature. */
export function drawToken(weights: Float32Array, { topP, topK, seed }: DrawSettings, draw: number): number {
  const point = uniform(seed, draw);
  if (topP >= 1 && (topK === 0 || topK >= weights.length)) return pick(weights, undefined, point);
  let total = 0;
  for (const weight of weights) total += weight;
  const most = topK === 0 ? weights.length : topK;
  // All tokens below the share together weigh less than what is left out.
  const order = largest(weights, most, ((1 - topP) * total) / weights.length);
  let kept = 0;
  let count = 0;
  while (count < order.length && (count === 0 || kept < topP * total)) {
    kept += weights[order[count] ?? 0] ?? 0;
    count++;
  }
  return pick(weights, order.subarray(0, count), point);
}

/** Ids of the `count` largest values, those below `least` left out, by falling value, the smaller id first among equals. */
export function largest(values: Float32Array, count: number, least = Number.NEGATIVE_INFINITY): Uint32Array {
  const { length } = values;
  const bound = count < length ? Math.max(least, values.toSorted()[length - count] ?? least) : least;
  const kept: number[] = []; // few of a large vocabulary: only these are put in order
  for (let id = 0; id < length; id++) if ((values[id] ?? 0) >= bound) kept.push(id);
  return Uint32Array.from(kept)
    .sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b)
    .subarray(0, count);
}

function pick(weights: Float32Array, among: Uint32Array | undefined, point: number): number {
  const count = among?.length ?? weights.length;
  const at = (i: number): number => (among === undefined ? i : (among[i] ?? 0));
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[at(i)] ?? 0;
  let rest = point * total;
  let last = at(0);
  for (let i = 0; i < count; i++) {
    const weight = weights[at(i)] ?? 0;
    if (weight === 0) continue;
    last = at(i);
    rest -= weight;
    if (rest < 0) return last;
  }
  return last;
}
