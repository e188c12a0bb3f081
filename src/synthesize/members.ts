import type { Candidate, Question, TaskCandidate, VerdictKind } from '../core/index.ts';
import type { CandidateCounts } from './counts.ts';
import { makeDuplicateFilter } from './near-duplicates.ts';
import { isTooLong, type LengthLimits } from './prompt-length.ts';
import { shownText } from './task-text.ts';

/** A judged candidate that may stand in a selection task. */
export interface Member {
  /** Its place among the usable ones. */
  readonly place: number;
  readonly shown: TaskCandidate;
  readonly correct: boolean;
}

/**
 * The candidates of a problem that selection may show: judged, with an answer that can be read (at inference no other competes),
 * not too long, and no near-duplicate of an earlier one. What is left out is counted.
 */
export function usableMembers(
  question: Question,
  verdicts: readonly VerdictKind[],
  candidateAt: (place: number) => Candidate,
  limits: LengthLimits,
  counts: CandidateCounts,
): Member[] {
  const isDuplicate = makeDuplicateFilter();
  const members: Member[] = [];
  for (const [place, verdict] of verdicts.entries()) {
    if (verdict !== 'correct' && verdict !== 'wrong') continue;
    const candidate = candidateAt(place);
    const { answer, sample } = candidate;
    const text = shownText(question, candidate);
    if (answer === undefined || text === '') counts.unread++;
    else if (isTooLong(text, limits)) counts.too_long++;
    else if (isDuplicate(text, answer)) counts.near_duplicates++;
    else {
      counts.usable++;
      members.push({
        place: members.length,
        shown: { text, answer, sample_index: sample.index },
        correct: verdict === 'correct',
      });
    }
  }
  return members;
}
