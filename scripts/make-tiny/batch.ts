import { makeRng, type Rng } from '../../src/core/index.ts';
import {
  allQuotes,
  gradeExample,
  pointExample,
  refineExample,
  type SkillExample,
  selectExample,
  solveExample,
} from '../../src/synthesize/families/index.ts';
import type { Datum, Tokenizer } from '../../src/train/index.ts';
import type { Part, Position, Skill, Stage } from './recipe.ts';

const EXAMPLES: Readonly<Record<Skill, (rng: Rng, noise: number) => SkillExample>> = {
  solve: solveExample,
  grade: gradeExample,
  point: pointExample,
  select: selectExample,
  refine: refineExample,
};

/** Places at most where a reply is broken off. */
const MOST_CUTS = 4;

/** An example as tokens, and to which part of the loss each target belongs; the prompt's belong to none. */
export interface Placed {
  readonly datum: Datum;
  readonly parts: readonly (Part | undefined)[];
  /** How much a quote counts beside the others; 1 unless given. */
  readonly share?: number;
}

/** Lays an example out for training. Every character is one token, which is how the prompt's end is found. */
export function place(tokenizer: Tokenizer, skill: Skill, { prompt, reply }: SkillExample): Placed {
  const [end = 0] = tokenizer.endTokens;
  const all = [...tokenizer.encode(`${prompt}=${reply}`), end];
  const targets = all.slice(1);
  const parts = targets.map((_, t): Part | undefined => {
    const written = t - prompt.length;
    if (written < 0) return undefined;
    const last = written === reply.length - 1;
    if (skill === 'grade') return last ? 'verdict' : 'review';
    if (skill === 'point' || skill === 'select') return last ? 'letter' : 'quote';
    return skill;
  });
  return { datum: { tokens: all.slice(0, -1), targets }, parts };
}

/**
 * Replies broken off in some places, with the letter or the verdict behind what is left; nothing else of them counts. A letter
 * that is asked for only at the end is found by the last digit alone, and stays so for thousands of steps.
 */
function cutShort(tokenizer: Tokenizer, skill: Skill, { prompt, reply }: SkillExample, rng: Rng): readonly Placed[] {
  const [letter = '', written] = [reply.at(-1), reply.slice(0, -1)];
  const attempt = prompt.slice(prompt.indexOf(';') + 2, -1);
  const lengths = Array.from({ length: written.length - 1 }, (_, i) => i + 1);
  return rng.pick(lengths, Math.min(MOST_CUTS, lengths.length)).map((length) => {
    const left = written.slice(0, length);
    const verdict = attempt.startsWith(left) ? 'y' : 'n';
    const { datum, parts } = place(tokenizer, skill, { prompt, reply: left + (skill === 'grade' ? verdict : letter) });
    const last = prompt.length + length;
    return { datum, parts: parts.map((part, t) => (t === last ? part : undefined)) };
  });
}

/** The examples of one skill in a batch; of a prompt with candidates each is quoted in turn. */
function examplesOf(tokenizer: Tokenizer, stage: Stage, skill: Skill, rng: Rng): readonly Placed[] {
  const example = EXAMPLES[skill](rng, stage.noise);
  const shortened = (one: SkillExample, label: string): readonly Placed[] =>
    stage.cutShort?.includes(skill) === true ? cutShort(tokenizer, skill, one, rng.split(label)) : [];
  if (skill !== 'point' && skill !== 'select') return [place(tokenizer, skill, example), ...shortened(example, 'cut')];
  const quotes = allQuotes(example);
  return quotes.flatMap((one, i) => [
    { ...place(tokenizer, skill, one), share: one.share * quotes.length },
    ...shortened(one, `cut ${i}`),
  ]);
}

/** The batch of one step, with weights that make each part's loss a mean over that part's tokens. */
export function makeBatch(
  tokenizer: Tokenizer,
  { stage, step }: Pick<Position, 'stage' | 'step'>,
  seed: number,
): Datum[] {
  const rng = makeRng(seed).split(stage.name).split(step);
  const placed = (Object.keys(EXAMPLES) as Skill[]).flatMap((skill) =>
    Array.from({ length: stage.examples[skill] }, (_, i) =>
      examplesOf(tokenizer, stage, skill, rng.split(`${skill}/${i}`)),
    ).flat(),
  );
  const counts = new Map<Part | undefined, number>();
  for (const part of placed.flatMap(({ parts }) => parts)) counts.set(part, (counts.get(part) ?? 0) + 1);
  return placed.map(({ datum, parts, share = 1 }) => ({
    ...datum,
    weights: parts.map((part) => {
      if (part === undefined) return 0;
      return (stage.weights[part] * (part === 'quote' ? share : 1)) / (counts.get(part) ?? 1);
    }),
  }));
}

/** Examples of one skill to watch progress by, always the same. */
export function watchedExamples(tokenizer: Tokenizer, skill: Skill, count: number): readonly Placed[] {
  const rng = makeRng('watch').split(skill);
  return Array.from({ length: count }, (_, i) => place(tokenizer, skill, EXAMPLES[skill](rng.split(i), 0)));
}
