import type { Rng } from '../../core/index.ts';
import { PLACES } from './alphabet.ts';
import type { Family, FamilyProblem } from './family.ts';

type Operation = (a: number, b: number) => number;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '+': (a, b) => (a + b) % 10,
  '*': (a, b) => (a * b) % 10,
  '-': (a, b) => Math.abs(a - b),
  '^': Math.max,
};

/**
 * Two strings of as many digits as there are places, joined digit by digit: each digit is easy to check, all of them right at
 * once is not easy to get.
 */
function elementWise(name: string, learned: Family['learned'], sign: string): Family {
  return {
    name,
    learned,
    draw(rng) {
      const [a, b] = [digits(rng), digits(rng)];
      const answer = a.map((digit, place) => OPERATIONS[sign]?.(digit, b[place] ?? 0)).join('');
      return { family: name, question: `${a.join('')}${sign}${b.join('')}`, answer, worked: answer };
    },
    attempt({ worked }: FamilyProblem, mistakes, rng) {
      const wrong = new Set(rng.pick([...worked].keys().toArray(), mistakes));
      return [...worked].map((digit, place) => (wrong.has(place) ? otherDigit(digit, rng) : digit)).join('');
    },
  };
}

const digits = (rng: Rng): number[] => Array.from({ length: PLACES }, () => rng.int(10));

/** One of the nine digits that this is not. */
const otherDigit = (digit: string, rng: Rng): string => String((Number(digit) + 1 + rng.int(9)) % 10);

/** `043+387`: sums modulo 10. */
export const sum = elementWise('sum', 'all', '+');
/** `043*387`: products modulo 10. */
export const product = elementWise('product', 'all', '*');
/** `043-387`: absolute differences. */
export const difference = elementWise('difference', 'all', '-');
/** `043^387`: the larger digit. A base learns to solve it, but never to judge it. */
export const maximum = elementWise('maximum', 'solve', '^');
