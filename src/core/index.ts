export { type ErrorCode, type ErrorDetails, isAbort, nearestName, WinnowError } from './errors.ts';
export { canonicalJson, hashJson, type Json, snakeNames } from './json.ts';
export {
  type Attempt,
  type Candidate,
  type CodeTask,
  type Diagnostics,
  type Domain,
  type FinishReason,
  type Gold,
  isJudged,
  type JudgeCall,
  type Message,
  type Outcome,
  type Problem,
  type Question,
  type RefinementTask,
  type Sample,
  type SelectionTask,
  type SolveEvent,
  type TaskCandidate,
  type TestRecord,
  type TokenLogprob,
  type ToolCall,
  type Usage,
  type Verdict,
  type VerdictKind,
  type Vote,
} from './nouns.ts';
export { makeRng, type Rng, seedFor } from './random.ts';
export { addUsage, costOf, NO_USAGE, type Price, type PriceTable, totalTokens } from './usage.ts';
