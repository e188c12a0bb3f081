import { InvalidArgumentError } from 'commander';

/** A parser for a whole-number option. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number ${range(min, max, Number.MAX_SAFE_INTEGER)}.`);
  };
}

/** A parser for a number option. */
export function number(min: number, max = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number ${range(min, max, Number.POSITIVE_INFINITY)}.`);
  };
}

/** A parser for a comma list of whole numbers, such as `--k 1,2,4`; sorted, without repeats. */
export function integers(min: number): (text: string) => readonly number[] {
  const one = integer(min);
  return (text) => [...new Set(text.split(',').map((part) => one(part.trim())))].sort((a, b) => a - b);
}

/** Collects an option that may be given several times. */
export function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function range(min: number, max: number, open: number): string {
  return max === open ? `of ${min} or more` : `from ${min} to ${max}`;
}
