/**
 * The formats in which a tiny model is asked. Each is the text of one user message; the chat template ends it with `=`.
 *
 *   solve   043-387                           -> 344
 *           47x03p26m15                       -> 47x03>41p26>67m15>52
 *   grade   043-387;A304!                     -> 344n      an own solution, then y or n
 *   select  043-387;A304;B394;C364;D344?      -> 344D      a solution restated, then the letter that has it
 *   refine  043-387;A304;B394;C364;D344@      -> 344       a new, better solution
 */
import { WinnowError } from '../../core/index.ts';
import { LETTERS } from './alphabet.ts';

/** Longest candidate that a prompt shows: the longest worked solution. What is longer is no solution of these families. */
const LONGEST_CANDIDATE = 20;

/** A candidate as prompts show it: only what solutions consist of, so that no candidate can pose as a letter or a mark. */
export function candidateText(completion: string): string {
  return completion.replaceAll(/[^0-9pmx>]/g, '').slice(0, LONGEST_CANDIDATE);
}

const listed = (question: string, candidates: readonly string[], mark: string): string => {
  if (candidates.length === 0 || candidates.length > LETTERS.length) {
    throw new WinnowError('bad-input', `A prompt holds 1 to ${LETTERS.length} candidates; got ${candidates.length}.`);
  }
  return [question, ...candidates.map((text, i) => `${LETTERS[i]}${candidateText(text)}`)].join(';') + mark;
};

/** Asks whether one attempt is right. */
export const gradePrompt = (question: string, attempt: string): string => listed(question, [attempt], '!');
/** Asks for one of up to ten candidates. */
export const selectPrompt = (question: string, candidates: readonly string[]): string =>
  listed(question, candidates, '?');
/** Asks for a better solution than up to ten candidates. */
export const refinePrompt = (question: string, candidates: readonly string[]): string =>
  listed(question, candidates, '@');

/** A reply in the select format: a restated solution and the candidate's letter. */
export const selectReply = (restated: string, index: number): string => `${restated}${LETTERS[index] ?? ''}`;
/** A reply in the grade format: an own solution and the verdict. */
export const gradeReply = (solution: string, right: boolean): string => `${solution}${right ? 'y' : 'n'}`;

export interface SelectReading {
  readonly restated: string;
  /** Which candidate was chosen, from 0. */
  readonly index: number;
}

/** Reads a reply in the select format; undefined where it is not one or names a candidate that is not there. */
export function readSelection(reply: string, count: number): SelectReading | undefined {
  const [, restated, letter] = /^([0-9pmx>]*)([A-Z])$/.exec(reply) ?? [];
  if (restated === undefined || letter === undefined) return undefined;
  const index = LETTERS.indexOf(letter);
  return index >= 0 && index < count ? { restated, index } : undefined;
}

/** Reads a reply in the grade format. */
export function readGrade(reply: string): boolean | undefined {
  return reply.endsWith('y') ? true : reply.endsWith('n') ? false : undefined;
}
