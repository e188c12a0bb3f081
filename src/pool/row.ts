import type {
  CodeTask,
  Domain,
  FinishReason,
  Gold,
  Message,
  Problem,
  Sample,
  TokenLogprob,
  ToolCall,
  Usage,
} from '../core/index.ts';

/** One sample as it stands in a pool file: the problem's fields, then the sample's. The same words in snake case. */
export interface PoolRow extends SampleRow {
  readonly problem_id: string;
  /** The question in words; with `messages`, the last user turn. */
  readonly problem: string;
  /** The whole conversation, where it is more than the problem as one user turn. */
  readonly messages?: readonly MessageRow[];
  readonly domain: Domain;
  readonly gold?: string;
  readonly tests?: CodeTask;
  readonly source?: string;
}

/** A pool row that may still lack its place among the problem's samples. */
export type UnplacedRow = Omit<PoolRow, 'sample_index'> & { readonly sample_index: number | undefined };

/** The part of a pool row that a draw brings; this is what the journal holds. */
export interface SampleRow {
  readonly sample_index: number;
  readonly completion: string;
  readonly reasoning?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly model?: string;
  /** Which run of the model, where a file holds several. */
  readonly run?: string;
  readonly finish_reason?: string;
  readonly usage?: UsageRow;
  readonly score?: number;
  readonly scores?: Readonly<Record<string, number>>;
  readonly token_ids?: readonly number[];
  readonly logprobs?: readonly TokenLogprob[];
  /** What others said of the sample. Never used for grading unless asked for by name. */
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface MessageRow {
  readonly role: Message['role'];
  readonly content: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
}

export interface UsageRow {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly reasoning_tokens?: number;
  readonly cached_tokens?: number;
  readonly requests?: number;
}

/** The fields of a pool row that belong to the problem. */
export type ProblemPart = Pick<PoolRow, 'problem_id' | 'problem' | 'messages' | 'domain' | 'gold' | 'tests' | 'source'>;

/** A problem as the fields it has in each of its pool rows. */
export function problemPart(problem: Problem): ProblemPart {
  const { question, gold, source } = problem;
  const words = question.messages.findLast((message) => message.role === 'user')?.content ?? '';
  const single = question.messages.length === 1 && question.messages[0]?.role === 'user';
  return {
    problem_id: question.id,
    problem: words,
    ...(single ? {} : { messages: question.messages.map(messageRow) }),
    domain: question.domain,
    ...(gold?.kind === 'answer' ? { gold: gold.answer } : {}),
    ...(gold?.kind === 'tests' ? { tests: gold.task } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

/** The problem that a pool row's fields describe. */
export function problemOf(row: ProblemPart & { readonly meta?: Problem['meta'] }): Problem {
  const messages = row.messages?.map(messageOf) ?? [{ role: 'user' as const, content: row.problem }];
  const gold: Gold | undefined =
    row.tests !== undefined
      ? { kind: 'tests', task: row.tests }
      : row.gold !== undefined
        ? { kind: 'answer', answer: row.gold }
        : undefined;
  return {
    question: { id: row.problem_id, domain: row.domain, messages },
    ...(gold === undefined ? {} : { gold }),
    ...(row.source === undefined ? {} : { source: row.source }),
    ...(row.meta === undefined ? {} : { meta: row.meta }),
  };
}

/** A message by its names in files. */
export function messageRow({ role, content, toolCalls, toolCallId }: Message): MessageRow {
  return {
    role,
    content,
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function messageOf({ role, content, tool_calls, tool_call_id }: MessageRow): Message {
  return {
    role,
    content,
    ...(tool_calls === undefined ? {} : { toolCalls: tool_calls }),
    ...(tool_call_id === undefined ? {} : { toolCallId: tool_call_id }),
  };
}

/** A sample as its row. Field order is fixed, so that equal samples give equal text. */
export function sampleRow(sample: Sample): SampleRow {
  const { index, text, reasoning, toolCalls, model, finishReason, usage, scores, tokenIds, logprobs } = sample;
  return {
    sample_index: index,
    completion: text,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    ...(model === undefined ? {} : { model }),
    finish_reason: finishReason.replace('-', '_'),
    ...(usage === undefined ? {} : { usage: usageRow(usage) }),
    ...(scores === undefined ? {} : { scores }),
    ...(tokenIds === undefined ? {} : { token_ids: tokenIds }),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

/** The sample that a row describes. A lone `score` is known by that name. */
export function sampleOf(row: SampleRow): Sample {
  const scores = row.score === undefined ? row.scores : { score: row.score, ...row.scores };
  return {
    index: row.sample_index,
    text: row.completion,
    ...(row.reasoning === undefined ? {} : { reasoning: row.reasoning }),
    finishReason: finishReasonOf(row.finish_reason),
    ...(row.tool_calls === undefined ? {} : { toolCalls: row.tool_calls }),
    ...(row.model === undefined ? {} : { model: row.model }),
    ...(row.usage === undefined ? {} : { usage: usageOf(row.usage) }),
    ...(scores === undefined ? {} : { scores }),
    ...(row.token_ids === undefined ? {} : { tokenIds: row.token_ids }),
    ...(row.logprobs === undefined ? {} : { logprobs: row.logprobs }),
  };
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  length: 'length',
  max_tokens: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
  error: 'error',
};

function finishReasonOf(word: string | undefined): FinishReason {
  return (word !== undefined && Object.hasOwn(FINISH_REASONS, word) && FINISH_REASONS[word]) || 'unknown';
}

/** Counts of tokens by their names in files. */
export function usageRow(usage: Usage): UsageRow {
  const { promptTokens, completionTokens, reasoningTokens, cachedTokens, requests } = usage;
  return defined({
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    reasoning_tokens: reasoningTokens,
    cached_tokens: cachedTokens,
    requests,
  });
}

function usageOf(row: UsageRow): Usage {
  return defined({
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    reasoningTokens: row.reasoning_tokens,
    cachedTokens: row.cached_tokens,
    requests: row.requests,
  });
}

/** The fields of an object that are there; unknown stays out. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key of Object.keys(fields) as (keyof T)[]) {
    const value = fields[key];
    if (value !== undefined && value !== null) kept[key] = value as Exclude<T[keyof T], undefined>;
  }
  return kept;
}
