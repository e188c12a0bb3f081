import type { Method } from '../aggregate/index.ts';
import type { Seen } from './pool-intake.ts';
import { plural } from './render/format.ts';
import type { Tally } from './tally.ts';

export interface NotesOptions {
  readonly methods: readonly Method[];
  readonly ks: readonly number[];
  readonly seen: Seen;
  readonly labels: string | null;
  readonly priced: boolean;
}

/** What a reader has to know to read the figures rightly. One sentence a note. */
export function notesFor(tally: Tally, options: NotesOptions): string[] {
  return [
    ...allEmpty(tally, options.labels),
    ...unknownVerdicts(tally, options.labels),
    ...leftOut(options),
    ...shortQuestions(tally, options),
    ...unscored(tally, options.methods),
    ...failures(tally, options),
    ...tokens(tally, options.priced),
    ...(tally.otherModels === 0
      ? []
      : [`${tally.otherModels} samples are of models beyond the first 100, which are not kept apart.`]),
  ];
}

/** Recorded labels may judge samples whose texts were never published; anything else needs texts. */
function allEmpty({ empty, samples }: Tally, labels: string | null): string[] {
  if (labels !== null || empty < samples) return [];
  return ['Every completion is empty, so no figure says anything: are the completions in a field of another name?'];
}

function unknownVerdicts({ verdicts, samples }: Tally, labels: string | null): string[] {
  const { correct, wrong, unparsed, timeout, error } = verdicts;
  const unknown = unparsed + timeout + error;
  if (unknown === 0) return [];
  const which =
    labels === null
      ? `${unparsed} unparsed, ${timeout} timeout, ${error} error`
      : `their label "${labels}" is missing or neither true nor false`;
  const judged =
    correct + wrong === 0 ? '' : `; over judged samples alone ${percent(correct / (correct + wrong))} are correct`;
  return [
    `${unknown} of ${samples} samples have no verdict (${which}). They count as not solved in every figure: ` +
      `${percent(correct / samples)} of all samples are correct${judged}.`,
  ];
}

function leftOut({ seen: { withoutGold, withoutGoldCount, withoutSamples } }: NotesOptions): string[] {
  const notes: string[] = [];
  if (withoutGoldCount > 0) {
    const more = withoutGoldCount > withoutGold.length ? ', ...' : '';
    notes.push(`${plural(withoutGoldCount, 'problem')} without gold left out: ${withoutGold.join(', ')}${more}.`);
  }
  if (withoutSamples > 0) notes.push(`${plural(withoutSamples, 'problem')} without samples left out.`);
  return notes;
}

function shortQuestions({ gPass, questions }: Tally, { ks }: NotesOptions): string[] {
  return ks.flatMap((k, i) => {
    const short = gPass[i]?.[0]?.values().filter(Number.isNaN).length ?? 0;
    if (short === 0) return [];
    const kept = questions - short;
    return [
      `k = ${k} is over the ${kept} of ${questions} problems with at least ${k} samples; compare it with smaller k with care.`,
    ];
  });
}

function unscored({ scored, samples }: Tally, methods: readonly Method[]): string[] {
  return methods.flatMap(({ name }, m) => {
    const missing = samples - (scored[m] ?? samples);
    if (missing === 0) return [];
    return [
      `${name}: ${missing} of ${samples} samples have no score for it and do not compete (subsets without any score are decided by majority).`,
    ];
  });
}

function failures({ cells }: Tally, { methods, ks }: NotesOptions): string[] {
  return cells.flatMap((row, m) =>
    row.flatMap(({ failed, firstFailure }, i) =>
      failed === 0
        ? []
        : [
            `${methods[m]?.name} at k = ${ks[i]} failed on ${plural(failed, 'problem')}, left out of it; the first: ${firstFailure}.`,
          ],
    ),
  );
}

function tokens({ cells, questions }: Tally, priced: boolean): string[] {
  const first = cells[0]?.[0];
  if (first === undefined) return [];
  const notes: string[] = [];
  const unknown = first.drawTokens.unknown();
  if (first.drawTokens.value() === null) notes.push('The pool records no token usage, so tokens and cost are unknown.');
  else if (unknown > 0) {
    notes.push(
      `Tokens are means over the problems whose usage is recorded in full; it is not for ${unknown} of ${questions}.`,
    );
  }
  if (priced && first.drawTokens.value() !== null && first.cost.value() === null) {
    notes.push('The price table names none of the models that have recorded usage, so cost is unknown.');
  }
  return notes;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
