import type { Attempt, Candidate, Diagnostics, Outcome, Question, Usage } from '../core/index.ts';
import { messageRow, sampleRow, usageRow } from '../pool/index.ts';

/** An attempt as the document of `solve --json`: candidates as the rows of a pool, all names in snake case. */
export function attemptDocument({ question, candidates, outcome, usage, timings }: Attempt): object {
  return {
    question: questionDocument(question),
    candidates: candidates.map(candidateDocument),
    outcome: outcomeDocument(outcome),
    usage: usageRow(usage),
    timings: { draw_ms: timings.drawMs, aggregate_ms: timings.aggregateMs },
  };
}

function questionDocument({ id, domain, messages }: Question): object {
  return { id, domain, messages: messages.map(messageRow) };
}

function candidateDocument({ sample, answer, unread }: Candidate): object {
  return {
    ...sampleRow(sample),
    ...(answer === undefined ? {} : { answer }),
    ...(unread === undefined ? {} : { unread }),
  };
}

function outcomeDocument(outcome: Outcome): object {
  const { diagnostics, usage, ...others } = outcome;
  return {
    ...others,
    ...(diagnostics === undefined ? {} : { diagnostics: diagnosticsDocument(diagnostics) }),
    usage: usageRow(usage),
  };
}

function diagnosticsDocument({ calls, judging, discarded, retried, ...others }: Diagnostics): object {
  const usages: Readonly<Record<string, Usage>> = { judging, discarded, retried };
  return {
    ...others,
    calls: calls.map((call) => ({ ...call, usage: usageRow(call.usage) })),
    ...Object.fromEntries(Object.entries(usages).map(([name, usage]) => [name, usageRow(usage)])),
  };
}
