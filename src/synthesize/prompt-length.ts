import { estimateTokens } from '../aggregate/index.ts';
import type { SelectionTask } from '../core/index.ts';
import type { TaskPrompt } from './task-prompts.ts';
import type { problemFields } from './task-text.ts';

/** Counts the tokens of a text. */
export type CountTokens = (text: string) => number;

/** How many tokens a task may take. */
export interface LengthLimits {
  /** For the whole prompt; 16,384 in 2602.02143. */
  readonly maxPromptTokens: number;
  /** For one candidate as shown. */
  readonly maxCandidateTokens: number;
  /** Default: an estimate that errs on the high side. */
  readonly countTokens: CountTokens;
}

export const DEFAULT_LENGTHS: LengthLimits = {
  maxPromptTokens: 16_384,
  maxCandidateTokens: 12_288,
  countTokens: estimateTokens,
};

/** The lines around a candidate, each with its number and key. */
const FENCE_TOKENS = 64;

/** What a candidate takes inside a prompt, where each of its lines is quoted. */
export function quotedTokens(text: string, countTokens: CountTokens): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return countTokens(text) + lines + FENCE_TOKENS;
}

/** Sums up what candidates take in a prompt. Each is known by its place, and counted when it is first asked for. */
export function makeTokenSum(
  countTokens: CountTokens,
): (members: readonly { readonly place: number; readonly shown: { readonly text: string } }[]) => number {
  const known: number[] = [];
  return (members) => {
    let sum = 0;
    for (const { place, shown } of members) {
      const tokens = known[place] ?? quotedTokens(shown.text, countTokens);
      known[place] = tokens;
      sum += tokens;
    }
    return sum;
  };
}

/** Whether a candidate is too long to be shown. No text has more tokens than UTF-8 bytes, so a short one is not counted. */
export function isTooLong(text: string, { maxCandidateTokens, countTokens }: LengthLimits): boolean {
  return text.length * 3 > maxCandidateTokens && countTokens(text) > maxCandidateTokens;
}

/** What a prompt takes before any candidate is in it. */
export function emptyPromptTokens(
  problem: ReturnType<typeof problemFields>,
  render: (task: SelectionTask) => TaskPrompt,
  countTokens: CountTokens,
): number {
  const { messages = [], prompt = '' } = render({
    ...problem,
    id: problem.problem_id,
    candidates: [],
    correct: [],
    source: {},
    pass_rate: 0,
  });
  return countTokens(prompt + messages.map(({ content }) => content).join('\n'));
}
