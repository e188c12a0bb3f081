import { type CodeTask, type Domain, hashJson, type TokenLogprob, type ToolCall, WinnowError } from '../core/index.ts';
import { isRow, type Row } from './io/read-rows.ts';
import { defined, type MessageRow, type UsageRow } from './row.ts';

/** Reads one field's value or throws `bad-input` with what was expected. `null` and absence are the same. */
export type Read<T> = (value: unknown, key: string) => T | undefined;

function bad(key: string, expected: string, value: unknown): WinnowError {
  const text = JSON.stringify(value) ?? String(value);
  return new WinnowError(
    'bad-input',
    `${key} must be ${expected}, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`,
  );
}

function absent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export const readText: Read<string> = (value, key) => {
  if (typeof value === 'string') return value;
  if (absent(value)) return undefined;
  throw bad(key, 'text', value);
};

/** Ids, golds and names may be written as numbers; a list of one stands for its element. */
export const readWord: Read<string> = (value, key) => {
  if (typeof value === 'string') return value;
  if (absent(value)) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.length === 1 && typeof value[0] !== 'object') return String(value[0]);
  throw bad(key, 'text or a number', value);
};

export const readIndex: Read<number> = (value, key) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (absent(value)) return undefined;
  throw bad(key, 'a whole number from 0', value);
};

export const readNumber: Read<number> = (value, key) => {
  if (typeof value === 'number') return value;
  if (absent(value)) return undefined;
  throw bad(key, 'a number', value);
};

/** One of our domains. A list or an object in a field of that name is a topic, which is none of ours; another word may be a slip. */
export const readDomain: Read<Domain> = (value, key) => {
  if (value === 'math' || value === 'code' || value === 'free') return value;
  if (typeof value !== 'string') return undefined;
  throw bad(key, 'math, code or free (a topic is set aside with --map domain=none)', value);
};

export const readMessages: Read<readonly MessageRow[]> = (value, key) => {
  if (absent(value)) return undefined;
  const expected = 'a list of {role, content} with at least one message';
  if (!Array.isArray(value) || value.length === 0) throw bad(key, expected, value);
  return value.map((message) => {
    if (!isRow(message) || !isRole(message.role) || typeof (message.content ?? '') !== 'string')
      throw bad(key, expected, message);
    const { tool_calls, tool_call_id } = message;
    return {
      role: message.role,
      content: String(message.content ?? ''),
      ...defined({
        tool_calls: readToolCalls(tool_calls, 'tool_calls'),
        tool_call_id: readText(tool_call_id, 'tool_call_id'),
      }),
    };
  });
};

function isRole(role: unknown): role is MessageRow['role'] {
  return role === 'system' || role === 'user' || role === 'assistant' || role === 'tool';
}

/** Our own form `{name, arguments}` and the chat API's `{id, function: {name, arguments}}`. */
export const readToolCalls: Read<readonly ToolCall[]> = (value, key) => {
  if (absent(value)) return undefined;
  if (!Array.isArray(value)) throw bad(key, 'a list of tool calls', value);
  return value.map((call) => {
    const body: unknown = isRow(call) && isRow(call.function) ? call.function : call;
    if (!isRow(body) || typeof body.name !== 'string' || typeof body.arguments !== 'string') {
      throw bad(key, 'a list of {name, arguments}', call);
    }
    const id = isRow(call) && typeof call.id === 'string' ? { id: call.id } : {};
    return { ...id, name: body.name, arguments: body.arguments };
  });
};

export const readUsage: Read<UsageRow> = (value, key) => {
  if (absent(value)) return undefined;
  if (!isRow(value)) throw bad(key, 'an object of token counts', value);
  const completionDetails = isRow(value.completion_tokens_details) ? value.completion_tokens_details : {};
  const promptDetails = isRow(value.prompt_tokens_details) ? value.prompt_tokens_details : {};
  return defined({
    prompt_tokens: readIndex(value.prompt_tokens, 'usage.prompt_tokens'),
    completion_tokens: readIndex(value.completion_tokens, 'usage.completion_tokens'),
    reasoning_tokens: readIndex(value.reasoning_tokens ?? completionDetails.reasoning_tokens, 'usage.reasoning_tokens'),
    cached_tokens: readIndex(value.cached_tokens ?? promptDetails.cached_tokens, 'usage.cached_tokens'),
    requests: readIndex(value.requests, 'usage.requests'),
  });
};

export const readNumbers: Read<readonly number[]> = (value, key) => {
  if (absent(value)) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
  throw bad(key, 'a list of numbers', value);
};

export const readLogprobs: Read<readonly TokenLogprob[]> = (value, key) => {
  if (absent(value)) return undefined;
  const valid = (item: unknown): item is TokenLogprob =>
    isRow(item) && typeof item.token === 'string' && typeof item.logprob === 'number';
  if (Array.isArray(value) && value.every(valid)) return value;
  throw bad(key, 'a list of {token, logprob, top?}', value);
};

export const readObject: Read<Row> = (value, key) => {
  if (absent(value)) return undefined;
  if (isRow(value)) return value;
  throw bad(key, 'an object', value);
};

/** The ways tests are written: a program, a list of asserts, a list of {input, output}, or a whole task object. */
export function readTests(value: unknown, key: string): CodeTask | undefined {
  if (absent(value)) return undefined;
  if (typeof value === 'string') return { tests: value };
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return { tests: value };
  if (Array.isArray(value)) return { stdin_tests: readStdinTests(value, key) ?? [] };
  if (!isRow(value)) throw bad(key, 'a program, a list of asserts, a list of {input, output}, or an object', value);
  if (typeof value.functional === 'string') return { tests: value.functional };
  const inner = readTests(value.tests, `${key}.tests`);
  const { language, entry_point, prompt, test_setup, float_tolerance, stdin_tests } = value;
  return taskOf({
    ...inner,
    prompt: readText(prompt, `${key}.prompt`),
    entry_point: readText(entry_point, `${key}.entry_point`),
    stdin_tests: readStdinTests(stdin_tests, `${key}.stdin_tests`) ?? inner?.stdin_tests,
    language: readText(language, `${key}.language`),
    float_tolerance: readNumber(float_tolerance, `${key}.float_tolerance`),
    test_setup: readText(test_setup, `${key}.test_setup`),
  });
}

export const readStdinTests: Read<NonNullable<CodeTask['stdin_tests']>> = (value, key) => {
  if (absent(value)) return undefined;
  if (!Array.isArray(value)) throw bad(key, 'a list of {input, output}', value);
  return value.map((test) => {
    if (!isRow(test) || typeof test.input !== 'string' || typeof test.output !== 'string') {
      throw bad(key, 'a list of {input, output} in text', test);
    }
    return { input: test.input, output: test.output };
  });
};

/** A task's fields in their fixed order, the unknown ones left out. */
export function taskOf(fields: { readonly [K in keyof CodeTask]: CodeTask[K] | undefined }): CodeTask {
  const { prompt, entry_point, tests, stdin_tests, language, float_tolerance, test_setup } = fields;
  return defined({ prompt, entry_point, tests, stdin_tests, language, float_tolerance, test_setup });
}

/** The id of a problem that has none: made from its words, so that equal problems meet. */
export function idFromWords(words: unknown): string {
  return `q-${hashJson(words).slice(0, 12)}`;
}
