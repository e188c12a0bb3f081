import { type CodeTask, type Domain, WinnowError } from '../core/index.ts';
import type { FieldPlan } from './field-names.ts';
import {
  idFromWords,
  readDomain,
  readMessages,
  readNumber,
  readStdinTests,
  readTests,
  readText,
  readWord,
  taskOf,
} from './field-values.ts';
import type { Row } from './io/read-rows.ts';
import type { ProblemPart } from './row.ts';

/** The problem's half of a row, shared with problem files. */
export function problemFields(row: Row, { keys }: FieldPlan): ProblemPart {
  const at = (key: string | undefined): unknown => (key === undefined ? undefined : row[key]);
  const problemValue = at(keys.problem);
  const messages = Array.isArray(problemValue)
    ? readMessages(problemValue, keys.problem ?? '')
    : readMessages(at(keys.messages), 'messages');
  const words = Array.isArray(problemValue) ? undefined : readText(problemValue, keys.problem ?? '');
  const lastTurn = messages?.findLast((message) => message.role === 'user')?.content;
  const id = readWord(at(keys.problem_id), keys.problem_id ?? '');
  if (id === undefined && words === undefined && messages === undefined) {
    throw new WinnowError('bad-input', 'has neither a problem_id nor a problem');
  }
  const tests = codeTask(row, keys, words);
  const source = keys.source === undefined ? undefined : sourceText(row[keys.source]);
  const gold = readWord(at(keys.gold), keys.gold ?? '');
  return {
    problem_id: id ?? idFromWords(messages ?? words),
    problem: words ?? lastTurn ?? '',
    ...(messages === undefined ? {} : { messages }),
    domain: readDomain(at(keys.domain), keys.domain ?? '') ?? domainOf(tests, gold, keys),
    ...(gold === undefined ? {} : { gold }),
    ...(tests === undefined ? {} : { tests }),
    ...(source === undefined ? {} : { source }),
  };
}

function sourceText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function domainOf(tests: CodeTask | undefined, gold: string | undefined, keys: FieldPlan['keys']): Domain {
  if (tests !== undefined || keys.entry_point !== undefined) return 'code';
  return gold === undefined ? 'free' : 'math';
}

/** The task is there once there are tests of either kind; the prompt belongs to it where programs continue it. */
function codeTask(row: Row, keys: FieldPlan['keys'], words: string | undefined): CodeTask | undefined {
  if (keys.tests === undefined && keys.stdin_tests === undefined) return undefined;
  const at = (key: string | undefined): unknown => (key === undefined ? undefined : row[key]);
  const task = readTests(at(keys.tests), keys.tests ?? '');
  const stdin = readStdinTests(at(keys.stdin_tests), 'stdin_tests') ?? task?.stdin_tests;
  if (task?.tests === undefined && stdin === undefined) return undefined;
  return taskOf({
    prompt: task?.prompt ?? (keys.problem === 'prompt' ? words : undefined),
    entry_point: task?.entry_point ?? readText(at(keys.entry_point), 'entry_point'),
    tests: task?.tests,
    stdin_tests: stdin,
    language: task?.language ?? readText(at(keys.language), 'language'),
    float_tolerance: task?.float_tolerance ?? readNumber(at(keys.float_tolerance), 'float_tolerance'),
    test_setup: task?.test_setup ?? (readText(at(keys.test_setup), 'test_setup') || undefined),
  });
}
