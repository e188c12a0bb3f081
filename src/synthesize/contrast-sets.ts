import type { Rng } from '../core/index.ts';

/** Which candidate sets may become tasks. */
export interface SetLimits {
  readonly minCandidates: number;
  readonly maxCandidates: number;
  /** Most of a set that may be correct, as a share. */
  readonly maxCorrectShare: number;
}

/** How many of a set are correct, at least and at most; empty when `least` is above `most`. */
interface Span {
  readonly least: number;
  readonly most: number;
}

/** A size that is possible, with the weights of its numbers of correct members, worked out at the first draw of that size. */
interface SizeChoice extends Span {
  readonly size: number;
  weights?: readonly number[];
}

/**
 * Makes the drawing of candidate sets with at least one correct and one wrong member: its size uniform over the sizes that are possible, its
 * number of correct members as random draws of that size have it, given the limits. Draws undefined when no size is possible.
 */
export function contrastSets<T>(
  correct: readonly T[],
  wrong: readonly T[],
  limits: SetLimits,
): (rng: Rng) => T[] | undefined {
  const sizes: SizeChoice[] = [];
  const most = Math.min(limits.maxCandidates, correct.length + wrong.length);
  for (let size = Math.max(2, limits.minCandidates); size <= most; size++) {
    const { least, most: mostCorrect } = spanOf(size, correct.length, wrong.length, limits.maxCorrectShare);
    if (least <= mostCorrect) sizes.push({ size, least, most: mostCorrect });
  }
  return (rng) => {
    const chosen = sizes[sizes.length < 2 ? 0 : rng.int(sizes.length)];
    if (chosen === undefined) return undefined;
    const count = drawCount(chosen, correct.length, wrong.length, rng);
    return [...rng.pick(correct, count), ...rng.pick(wrong, chosen.size - count)];
  };
}

function spanOf(size: number, correct: number, wrong: number, share: number): Span {
  // The small term lets a share such as 0.3 of 10 be 3 in spite of rounding.
  const most = Math.min(correct, size - 1, Math.floor(size * share + 1e-9));
  return { least: Math.max(1, size - wrong), most };
}

function drawCount(choice: SizeChoice, correct: number, wrong: number, rng: Rng): number {
  const { least, most } = choice;
  if (least === most) return least;
  const weights = choice.weights ?? weightsOf(choice, correct, wrong);
  choice.weights = weights;
  let left = rng.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return least + i;
  }
  return most;
}

/** The hypergeometric distribution inside a span, by the ratios of neighbouring terms. */
function weightsOf({ size, least, most }: SizeChoice, correct: number, wrong: number): readonly number[] {
  const logs = [0];
  for (let c = least; c < most; c++) {
    const ratio = ((correct - c) * (size - c)) / ((c + 1) * (wrong - size + c + 1));
    logs.push((logs.at(-1) ?? 0) + Math.log(ratio));
  }
  const top = Math.max(...logs);
  return logs.map((log) => Math.exp(log - top));
}
