import { hashJson, type Problem, WinnowError } from '../core/index.ts';
import { type FieldMap, makePlanner } from './field-names.ts';
import { readDomain, readObject } from './field-values.ts';
import { type Row, readRows } from './io/read-rows.ts';
import { problemFields } from './map-problem.ts';
import { defined, problemOf, problemPart } from './row.ts';

/**
 * Reads a file of problems: `{id, domain, problem | messages, answer? | tests?, source?, meta?}`, or other usual names.
 * Throws `bad-input`, naming the line, for a row that is no problem and for an id that comes twice.
 */
export async function readProblems(
  file: string,
  { map = {} }: { readonly map?: FieldMap } = {},
): Promise<readonly Problem[]> {
  const plan = makePlanner(map);
  const lines = new Map<string, number>();
  const problems: Problem[] = [];
  for await (const read of readRows(file)) {
    if ('problem' in read) throw badProblem(file, read.line, read.problem);
    const problem = toProblem(file, read.line, read.row, plan);
    const { id } = problem.question;
    const before = lines.get(id);
    if (before !== undefined) throw badProblem(file, read.line, `has the id ${id} of line ${before} again`);
    lines.set(id, read.line);
    problems.push(problem);
  }
  return problems;
}

function badProblem(file: string, line: number, problem: string, cause?: unknown): WinnowError {
  return new WinnowError('bad-input', `${file}:${line} ${problem}.`, {
    hint: 'A problem is {"id", "problem", "answer" or "tests"}; for other names say --map problem=NAME.',
    cause,
  });
}

function toProblem(file: string, line: number, row: Row, plan: ReturnType<typeof makePlanner>): Problem {
  const fields = plan(row);
  try {
    const part = problemFields(row, fields);
    if (part.problem === '' && part.messages === undefined) throw new WinnowError('bad-input', 'has no problem');
    // What only a sample would use is, beside a problem, just more about it.
    const used = new Set(PROBLEM_KEYS.flatMap((field) => fields.keys[field] ?? []));
    const topic = fields.keys.domain;
    if (topic !== undefined && readDomain(row[topic], topic) === undefined) used.delete(topic);
    const rest = Object.entries(row).filter(([name, value]) => !used.has(name) && value !== null);
    const given = fields.keys.meta === undefined ? undefined : readObject(row[fields.keys.meta], fields.keys.meta);
    const meta = { ...Object.fromEntries(rest), ...given };
    return problemOf({ ...part, ...(Object.keys(meta).length === 0 ? {} : { meta }) });
  } catch (error) {
    if (error instanceof WinnowError && error.code === 'bad-input') throw badProblem(file, line, error.message, error);
    throw error;
  }
}

const PROBLEM_KEYS = [
  'problem_id',
  'problem',
  'messages',
  'domain',
  'gold',
  'tests',
  'stdin_tests',
  'entry_point',
  'test_setup',
  'language',
  'float_tolerance',
  'source',
  'meta',
] as const;

/** A problem as its row in a file of problems. */
export function problemRow(problem: Problem): Row {
  const { problem_id, problem: words, messages, domain, gold, tests, source } = problemPart(problem);
  return defined({
    id: problem_id,
    domain,
    problem: messages === undefined ? words : undefined,
    messages,
    answer: gold,
    tests,
    source,
    meta: problem.meta,
  });
}

/** One hash for a list of problems: their ids, words and golds, in order. */
export function hashProblems(problems: readonly Problem[]): string {
  return hashJson(problems.map((problem) => hashJson({ ...problemPart(problem) })));
}
