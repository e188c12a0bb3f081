/**
 * Examples of the skills that a base checkpoint learns before any selector is trained. None of them shows how to choose by
 * correctness: where candidates answer the problem, which one is quoted is drawn blindly.
 */
import type { Rng } from '../../core/index.ts';
import { PLACES } from './alphabet.ts';
import { chain } from './chain.ts';
import { difference, maximum, product, sum } from './element-wise.ts';
import { drawProblem, type Family, type FamilyProblem, solves } from './family.ts';
import { gradePrompt, gradeReply, refinePrompt, selectPrompt, selectReply } from './formats.ts';

/** All families, by what a base learns of them. */
export const FAMILIES: readonly Family[] = [sum, product, difference, chain, maximum];
/** The families on which a selector may be trained. */
export const TRAINING_FAMILIES = FAMILIES.filter(({ learned }) => learned === 'all');
/** Kept for out-of-domain tests: a base can solve it, but has never judged, quoted, selected or refined it. */
export const OUT_OF_DOMAIN_FAMILIES = FAMILIES.filter(({ learned }) => learned !== 'all');

/** A prompt, and the reply to learn. */
export interface SkillExample {
  readonly prompt: string;
  readonly reply: string;
}

/** How large a part of the examples is about chains, which are the hardest to solve; the rest is spread evenly. */
const CHAIN_SHARE = { solve: 0.4, other: 0.1 } as const;

function familyFor(skill: 'solve' | 'other', rng: Rng): Family {
  const others = FAMILIES.filter(
    ({ name, learned }) => name !== 'chain' && (learned === 'all' || (skill === 'solve' && learned === 'solve')),
  );
  return rng.next() < CHAIN_SHARE[skill] ? chain : (others[rng.int(others.length)] ?? sum);
}

const familyOf = ({ family }: FamilyProblem): Family => FAMILIES.find(({ name }) => name === family) ?? sum;

/** How many mistakes a wrong attempt has: mostly one. */
const mistakes = (rng: Rng): number => (rng.next() < 0.65 ? 1 : 2);

const attemptAt = (problem: FamilyProblem, share: number, rng: Rng): string =>
  familyOf(problem).attempt(problem, rng.next() < share ? 0 : mistakes(rng), rng);

/**
 * To solve. In element-wise problems each digit of the reply is wrong with probability `noise`: so a model learns how sure to be,
 * and draws at temperature 1 are worth choosing between. Chains are hard enough and have no noise.
 */
export function solveExample(rng: Rng, noise: number): SkillExample {
  const problem = drawProblem([familyFor('solve', rng)], 'train', rng);
  const { question, worked } = problem;
  if (problem.family === 'chain') return { prompt: question, reply: worked };
  const slips = [...worked].filter(() => rng.next() < noise).length;
  return { prompt: question, reply: familyOf(problem).attempt(problem, slips, rng) };
}

/** To solve, with an attempt in sight, and to say whether that is right; half are. */
export function gradeExample(rng: Rng): SkillExample {
  const problem = drawProblem([familyFor('other', rng)], 'train', rng);
  const attempt = attemptAt(problem, 0.5, rng);
  return {
    prompt: gradePrompt(problem.question, attempt),
    reply: gradeReply(problem.worked, solves(problem, attempt)),
  };
}

/** Four candidates mostly, so that the usual number is learned best. */
const candidateCount = (rng: Rng): number => (rng.next() < 0.7 ? 4 : 2 + rng.int(5));

/** Candidates that all differ, made by `draw`. */
function distinct(rng: Rng, draw: () => string): readonly string[] {
  const found = new Set<string>();
  const count = candidateCount(rng);
  for (let tries = 0; found.size < count && tries < 100; tries++) found.add(draw());
  return [...found];
}

function quoteBlindly(rng: Rng, question: string, candidates: readonly string[]): SkillExample {
  const index = rng.int(candidates.length);
  return { prompt: selectPrompt(question, candidates), reply: selectReply(candidates[index] ?? '', index) };
}

/** A quote of one of a prompt's candidates, and how often it is to be written among the prompt's quotes; the shares sum to 1. */
export interface Quote extends SkillExample {
  readonly share: number;
}

/**
 * The same prompt with each of its candidates quoted: several lessons for one reading of it. Where candidates part, each next
 * character has the same share, however many candidates it leads to: else the most likely quote would be a vote at each place.
 */
export function allQuotes({ prompt }: SkillExample): readonly Quote[] {
  const candidates = prompt
    .slice(0, -1)
    .split(';')
    .slice(1)
    .map((candidate) => candidate.slice(1));
  return candidates.map((text, index) => {
    let [share, alike] = [1, candidates];
    for (let place = 0; place <= text.length; place++) {
      const next = alike.filter((other) => other[place] === text[place]);
      share /= new Set(alike.map((other) => other[place])).size;
      alike = next;
    }
    return { prompt, reply: selectReply(text, index), share: share / alike.length };
  });
}

/** To quote a candidate and point at it, among solutions of other problems; half of them are alike but for one place. */
export function pointExample(rng: Rng): SkillExample {
  const family = familyFor('other', rng);
  const { question } = drawProblem([family], 'train', rng);
  const unrelated = (): string => drawProblem([family], 'train', rng).worked;
  if (family === chain || rng.next() < 0.5) return quoteBlindly(rng, question, distinct(rng, unrelated));
  const [text, place] = [unrelated(), rng.int(PLACES)];
  const varied = (): string => `${text.slice(0, place)}${rng.int(10)}${text.slice(place + 1)}`;
  return quoteBlindly(rng, question, distinct(rng, varied));
}

/** The same among attempts at this problem, which differ little; which one is quoted has nothing to do with its worth. */
export function selectExample(rng: Rng): SkillExample {
  const { question, candidates } = attemptsAtOne(rng);
  return quoteBlindly(rng, question, candidates);
}

/** The refinement format, blind too: one of the attempts is written again. */
export function refineExample(rng: Rng): SkillExample {
  const { question, candidates } = attemptsAtOne(rng);
  return { prompt: refinePrompt(question, candidates), reply: candidates[rng.int(candidates.length)] ?? '' };
}

function attemptsAtOne(rng: Rng): { readonly question: string; readonly candidates: readonly string[] } {
  const problem = drawProblem([familyFor('other', rng)], 'train', rng);
  return { question: problem.question, candidates: distinct(rng, () => attemptAt(problem, 0.35, rng)) };
}
