/** How often drawing is tried for each set that is wanted, where sets come up again or are not accepted. */
const TRIES_PER_SET = 3;

/** Draws sets until as many different ones are accepted as are wanted, drawing gives none, or it was tried often enough. */
export function distinctSets<T extends { readonly place: number }>(
  draw: () => T[] | undefined,
  wanted: number,
  accept: (set: readonly T[]) => boolean,
): T[][] {
  const seen = new Set<number | string>();
  const sets: T[][] = [];
  for (let tries = wanted * TRIES_PER_SET; tries > 0 && sets.length < wanted; tries--) {
    const set = draw();
    if (set === undefined) break;
    const key = keyOf(set);
    if (seen.has(key)) continue;
    seen.add(key);
    if (accept(set)) sets.push(set);
  }
  return sets;
}

/** The same for two orders of one set: a bit a place where they are small, else their list. */
function keyOf(set: readonly { readonly place: number }[]): number | string {
  let bits = 0;
  for (const { place } of set) {
    if (place >= BITS) return listed(set);
    bits |= 1 << place;
  }
  return bits;
}

const BITS = 32;

function listed(set: readonly { readonly place: number }[]): string {
  return set
    .map(({ place }) => place)
    .sort((a, b) => a - b)
    .join();
}
