/**
 * The few characters that the problem families are written in, and how a tiny model reads them. Texts hold plain digits; the
 * tokenizer gives each digit of a number another token by its place (0 to 2 from the left), because a small transformer finds
 * "the digit at the same place" far sooner by what a token is than by how far away it stands. Decoding gives plain digits again.
 */

/** Digits of the longest number. Further digits of a longer one are read as if they stood at the last place. */
export const PLACES = 3;

/** Letters that name candidates, in their order. */
export const LETTERS: readonly string[] = [...'ABCDEFGHIJ'];

const DIGITS = [...'0123456789'] as const;
/** Element-wise operators, the steps of chains, and the marks of the formats. */
const SIGNS = [...'+*-^', ...'pmx>', ...'=;!?@', ...'yn'] as const;

/** The token of a digit at a place: one of the digits in five styles that Unicode keeps for mathematics. */
const tagged = (place: number, digit: number): string => String.fromCodePoint(0x1d7ce + 10 * place + digit);
const allOf = (place: number): string[] => DIGITS.map((_, digit) => tagged(place, digit));
const PLACED = Array.from({ length: PLACES }, (_, place) => allOf(place));

/** The vocabulary in the shape that new checkpoints take: 55 pieces and the token that ends a reply. */
export const FAMILY_VOCABULARY = {
  pieces: [...PLACED.flat(), ...SIGNS, ...LETTERS],
  special: ['<|end|>'],
  chatTemplate: "{% for message in messages %}{{ message['content'] }}{% endfor %}=",
} as const;

interface Replacement {
  readonly type: 'Replace';
  readonly pattern: { readonly Regex: string } | { readonly String: string };
  readonly content: string;
}

/** The parts of a tokenizer.json that tag digits on the way in and take the tags off on the way out. */
export function placeTagging(): { readonly normalizer: unknown; readonly decoder: unknown } {
  const into: Replacement[] = PLACED.flatMap((styles, place) => {
    const before = place === 0 ? `(?<![0-9${PLACED.flat().join('')}])` : `(?<=[${PLACED[place - 1]?.join('')}])`;
    return styles.map((content, digit) => ({ type: 'Replace', pattern: { Regex: `${before}${digit}` }, content }));
  });
  const surplus: Replacement[] = DIGITS.map((digit) => ({
    type: 'Replace',
    pattern: { String: digit },
    content: tagged(PLACES - 1, Number(digit)),
  }));
  const out: Replacement[] = PLACED.flatMap((styles) =>
    styles.map((style, digit) => ({ type: 'Replace', pattern: { String: style }, content: String(digit) })),
  );
  return {
    normalizer: { type: 'Sequence', normalizers: [...into, ...surplus] },
    decoder: { type: 'Sequence', decoders: [...out, { type: 'Fuse' }] },
  };
}
