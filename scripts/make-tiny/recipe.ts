/** The recipe of the tiny checkpoints: shape, stages, and how much each skill counts in each stage. */

export const SHAPE = {
  hiddenSize: 64,
  layers: 4,
  heads: 4,
  keyValueHeads: 2,
  headDim: 32,
  feedForward: 128,
  ropeTheta: 1e4,
  normEpsilon: 1e-6,
  contextTokens: 320,
  tied: true,
} as const;

/** Parts of the loss, each a mean over its own tokens: a long reply does not drown a letter. */
export type Part = 'solve' | 'review' | 'verdict' | 'quote' | 'letter' | 'refine';
export type Skill = 'solve' | 'grade' | 'point' | 'select' | 'refine';

export interface Stage {
  readonly name: string;
  readonly steps: number;
  /** From the first step of the stage to its last, along a straight line. */
  readonly learningRate: readonly [number, number];
  /** Chance that a digit of an element-wise solution is wrong in the examples. */
  readonly noise: number;
  /** Examples of each skill in a batch. */
  readonly examples: Readonly<Record<Skill, number>>;
  readonly weights: Readonly<Record<Part, number>>;
  /** Skills whose replies are also shown broken off, so that matching is learned place by place. */
  readonly cutShort?: readonly Skill[];
}

export const STAGES: readonly Stage[] = [
  {
    name: 'solve',
    steps: 1000,
    learningRate: [3e-3, 3e-3],
    noise: 0,
    examples: { solve: 40, grade: 12, point: 0, select: 0, refine: 0 },
    weights: { solve: 1, review: 0.5, verdict: 0.5, quote: 0, letter: 0, refine: 0 },
    cutShort: ['grade'],
  },
  {
    name: 'skills',
    steps: 600,
    learningRate: [3e-3, 2.5e-3],
    noise: 0,
    examples: { solve: 20, grade: 8, point: 16, select: 0, refine: 0 },
    weights: { solve: 1, review: 0.5, verdict: 0.5, quote: 0.5, letter: 1, refine: 0 },
  },
  {
    name: 'match',
    steps: 2800,
    learningRate: [2.5e-3, 1.2e-3],
    noise: 0,
    examples: { solve: 20, grade: 8, point: 12, select: 8, refine: 0 },
    weights: { solve: 1, review: 0.5, verdict: 0.5, quote: 0.3, letter: 2, refine: 0 },
    cutShort: ['grade', 'point', 'select'],
  },
  {
    name: 'base',
    steps: 1200,
    learningRate: [1.2e-3, 1.5e-4],
    noise: 0.33,
    examples: { solve: 18, grade: 8, point: 6, select: 12, refine: 4 },
    weights: { solve: 1, review: 0.5, verdict: 0.5, quote: 1.5, letter: 1, refine: 0.3 },
  },
  {
    name: 'stronger',
    steps: 300,
    learningRate: [1e-3, 1e-4],
    noise: 0.15,
    examples: { solve: 32, grade: 10, point: 2, select: 4, refine: 2 },
    weights: { solve: 1, review: 0.5, verdict: 0.5, quote: 0.3, letter: 0.5, refine: 0.3 },
  },
];

/** The step whose weights are the weaker sibling: solving has formed, but not settled. */
export const WEAKER_AT = 800;
/** Steps over which the learning rate rises at the start. */
const WARM_UP = 100;
/** Largest norm of the gradient. */
export const CLIP_NORM = 1;

export interface Position {
  readonly stage: Stage;
  /** Step within the stage, from 0. */
  readonly step: number;
  readonly learningRate: number;
}

/** Where the recipe stands before step number `step` (from 0); undefined after its end. */
export function positionAt(step: number): Position | undefined {
  let first = 0;
  for (const stage of STAGES) {
    if (step < first + stage.steps) {
      const [from, to] = stage.learningRate;
      const rate = from + ((to - from) * (step - first)) / stage.steps;
      return { stage, step: step - first, learningRate: rate * Math.min(1, (step + 1) / WARM_UP) };
    }
    first += stage.steps;
  }
  return undefined;
}
