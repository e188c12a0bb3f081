import { inflateSync } from 'node:zlib';
import * as z from 'zod';
import { type CodeTask, WinnowError } from '../../core/index.ts';
import { parseExact } from './compare.ts';
import { readPickledString } from './pickled-string.ts';
import type { Language } from './sandbox.ts';

/** A task as files hold it: the noun `CodeTask`, and the forms in which others write their tests. */
export interface CodeTaskRow extends Omit<CodeTask, 'tests'> {
  readonly tests?: CodeTask['tests'] | readonly TestCase[] | { readonly functional: string };
  /** HumanEval's name for `tests`. */
  readonly test?: string;
  /** HumanEval: a completion that solves the task. Where it is given and fails, the task is at fault and no program. */
  readonly canonical_solution?: string;
  /** MBPP's name for `tests`. */
  readonly test_list?: readonly string[];
  /** MBPP's names for `test_setup`, the second in its sanitized form. */
  readonly test_setup_code?: string;
  readonly test_imports?: readonly string[];
  /** Python that defines `check(input, output, expected)`, for tasks with several accepted outputs. */
  readonly checker?: string;
  /** Function that JSON-argument tests call; `func_name` or `fn_name` of the metadata in LiveCodeBench. */
  readonly fn_name?: string;
  /** LiveCodeBench: tests, or JSON text of them. */
  readonly public_test_cases?: string | readonly TestCase[];
  /** LiveCodeBench: tests, JSON text of them, or base64 of zlib of a pickle of that. */
  readonly private_test_cases?: string | readonly TestCase[];
  /** LiveCodeBench: JSON text, or the object. */
  readonly metadata?: string | { readonly func_name?: string; readonly fn_name?: string };
}

/** One test of LiveCodeBench. Functional: `input` has one JSON argument a line, and `output` is JSON. */
export interface TestCase {
  readonly input: string;
  readonly output: string;
  readonly testtype?: string;
  readonly fn_name?: string;
}

/** A task's tests, sorted by what judges them. */
export interface Suite {
  readonly language: Language;
  readonly scripts: readonly { readonly input: string; readonly output: string }[];
  readonly calls: readonly {
    readonly name: string;
    readonly arguments: readonly string[];
    readonly expected: unknown;
  }[];
  readonly asserts: readonly string[];
  readonly prompt?: string;
  readonly entryPoint?: string;
  readonly setup: string;
  /** A completion that must pass. */
  readonly solution?: string;
  readonly tolerance?: number;
  readonly checker?: string;
  /** The usual library names are imported first: LiveCodeBench and LeetCode tasks are written for that. */
  readonly library: boolean;
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  python: 'python',
  python3: 'python',
  py: 'python',
  py3: 'python',
  javascript: 'javascript',
  js: 'javascript',
  node: 'javascript',
  ecmascript: 'javascript',
};

const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const testCase = z.object({
  input: z.string(),
  output: z.string(),
  testtype: z.string().nullish(),
  fn_name: z.string().nullish(),
});
const cases = z.union([z.string(), z.array(testCase)]).nullish();
const named = z.object({ func_name: z.string().nullish(), fn_name: z.string().nullish() });
const row = z.object({
  prompt: optionalText,
  entry_point: optionalText,
  language: optionalText,
  test_setup: optionalText,
  checker: optionalText,
  fn_name: optionalText,
  public_test_cases: cases,
  private_test_cases: cases,
  test: optionalText,
  canonical_solution: optionalText,
  test_list: z.array(z.string()).nullish(),
  test_setup_code: optionalText,
  test_imports: z.array(z.string()).nullish(),
  tests: z.union([z.string(), z.array(z.string()), z.array(testCase), z.object({ functional: z.string() })]).nullish(),
  stdin_tests: z.array(z.object({ input: z.string(), output: z.string() })).nullish(),
  float_tolerance: z.number().nonnegative().nullish(),
  metadata: z.union([z.string(), named]).nullish(),
});

/** The language a name means; undefined for one that no sandbox runs. */
export function languageOf(name: string | undefined): Language | undefined {
  return LANGUAGES[(name ?? 'python').trim().toLowerCase()];
}

/** Reads a task row. Throws `bad-input` or `unsupported`, which say what is the matter with the task. */
export function readTask(task: unknown): Suite {
  const read = row.safeParse(task);
  if (!read.success)
    throw new WinnowError(
      'bad-input',
      `the task is not as expected: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`,
    );
  const { data } = read;
  const language = languageOf(data.language);
  if (language === undefined)
    throw new WinnowError(
      'unsupported',
      `programs in ${JSON.stringify(data.language)} cannot be run; python and javascript can`,
    );
  const tests = data.tests ?? data.test ?? data.test_list;
  const cases = [...testCases(tests), ...caseText(data.public_test_cases), ...caseText(data.private_test_cases)];
  const functional = cases.filter((test) => test.testtype === 'functional');
  const name = data.fn_name ?? functionName(data.metadata) ?? data.entry_point;
  const suite: Suite = {
    language,
    asserts: assertTests(tests),
    scripts: [...(data.stdin_tests ?? []), ...cases.filter((test) => test.testtype !== 'functional')],
    calls: functional.map((test) => readCall(test, test.fn_name ?? name)),
    setup: data.test_setup ?? [...(data.test_imports ?? []), data.test_setup_code ?? ''].join('\n').trim(),
    library: cases.length > 0 || isLeetCode(tests),
    ...(data.prompt === undefined ? {} : { prompt: data.prompt }),
    ...(data.entry_point === undefined ? {} : { entryPoint: data.entry_point }),
    ...(typeof data.float_tolerance === 'number' ? { tolerance: data.float_tolerance } : {}),
    ...(data.canonical_solution === undefined ? {} : { solution: data.canonical_solution }),
    ...(data.checker === undefined ? {} : { checker: data.checker }),
  };
  if (suite.asserts.length + suite.scripts.length + suite.calls.length === 0)
    throw new WinnowError('bad-input', 'the task has no tests');
  return suite;
}

type Tests = z.infer<typeof row>['tests'];

function assertTests(tests: Tests): readonly string[] {
  if (tests === undefined || tests === null) return [];
  if (typeof tests === 'string') return tests.trim() === '' ? [] : [tests];
  if (!Array.isArray(tests)) return [tests.functional];
  return tests.filter((test): test is string => typeof test === 'string');
}

const testCases = (tests: Tests): readonly z.infer<typeof testCase>[] =>
  Array.isArray(tests) ? tests.filter((test): test is z.infer<typeof testCase> => typeof test !== 'string') : [];

/** Tests written against `Solution().name`, as LeetCode's are. */
const isLeetCode = (tests: Tests): boolean => assertTests(tests).some((test) => test.includes('Solution()'));

function caseText(text: z.infer<typeof cases>): readonly z.infer<typeof testCase>[] {
  if (typeof text === 'object') return text ?? [];
  if (text === undefined || text.trim() === '') return [];
  try {
    return z.array(testCase).parse(JSON.parse(text.trimStart().startsWith('[') ? text : unpack(text)));
  } catch (cause) {
    if (cause instanceof WinnowError) throw cause;
    throw new WinnowError('bad-input', "the test cases are neither JSON nor LiveCodeBench's compressed form of it", {
      cause,
    });
  }
}

const unpack = (text: string): string =>
  readPickledString(inflateSync(Buffer.from(text, 'base64'), { maxOutputLength: 1024 ** 3 }));

function functionName(metadata: z.infer<typeof row>['metadata']): string | undefined {
  try {
    const { func_name, fn_name } = named.parse(typeof metadata === 'string' ? JSON.parse(metadata) : (metadata ?? {}));
    return func_name ?? fn_name ?? undefined;
  } catch (cause) {
    throw new WinnowError('bad-input', "the task's metadata is not a JSON object", { cause });
  }
}

function readCall(test: z.infer<typeof testCase>, name: string | undefined): Suite['calls'][number] {
  if (name === undefined)
    throw new WinnowError(
      'bad-input',
      'a functional test names no function: fn_name, entry_point or metadata.func_name',
    );
  try {
    const lines = test.input.split('\n').filter((line) => line.trim() !== '');
    for (const line of lines) JSON.parse(line);
    return { name, arguments: lines, expected: parseExact(test.output) };
  } catch (cause) {
    throw new WinnowError('bad-input', "a functional test's input or output is not JSON", { cause });
  }
}
