/** How much a run of a given length does. The amounts depend on `minutes` alone, so that a seed gives the same run everywhere. */
export interface Plan {
  readonly minutes: number;
  readonly seed: number;
  /** Problems to learn from, with `draws` candidates each. */
  readonly problems: number;
  readonly draws: number;
  /** Problems that pick the best state of a run, and fresh ones that everything is measured on. */
  readonly watched: number;
  readonly tested: number;
  /** Fresh problems of each family that is measured by itself. */
  readonly other: number;
  readonly selectSteps: number;
  readonly refineSteps: number;
}

/** Candidates that a selection shows. */
export const CANDIDATES = 4;
/** Numbers of candidates that refinement is learned from, and those that it is measured with. */
export const REFINED_FROM: readonly number[] = [2, 4, 8];
export const MEASURED_FROM: readonly number[] = [2, 4, 6, 8, 10];

export function planFor(minutes: number, seed: number): Plan {
  const share = minutes / 10;
  const of = (whole: number, least: number): number => Math.max(least, Math.round(whole * share));
  return {
    minutes,
    seed,
    problems: of(6000, 200),
    draws: 8,
    watched: Math.min(300, of(300, 50)),
    tested: Math.min(1200, of(1200, 100)),
    other: Math.min(400, of(400, 50)),
    selectSteps: of(1000, 10),
    refineSteps: of(1500, 10),
  };
}
