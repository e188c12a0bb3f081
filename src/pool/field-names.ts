import { nearestName, WinnowError } from '../core/index.ts';

/** Our fields and the names others give them, the surest first. The first one a row has is taken, the others stay as `meta`. */
const FIELD_NAMES = {
  problem_id: [
    'problem_id',
    'question_id',
    'task_id',
    'prompt_id',
    'problem_idx',
    'qid',
    'id',
    'unique_id',
    'uid',
    'idx',
  ],
  problem: ['problem', 'question', 'prompt', 'instruction', 'query', 'input'],
  messages: ['messages'],
  domain: ['domain'],
  gold: [
    'gold',
    'answer',
    'gold_answer',
    'expected_answer',
    'reference_answer',
    'correct_answer',
    'ground_truth',
    'reference',
    'target',
  ],
  tests: ['tests', 'test', 'test_list', 'unit_tests'],
  stdin_tests: ['stdin_tests'],
  entry_point: ['entry_point'],
  test_setup: ['test_setup', 'test_setup_code'],
  language: ['language'],
  float_tolerance: ['float_tolerance'],
  source: ['source'],
  sample_index: ['sample_index', 'sample_idx', 'completion_index', 'generation_index', 'response_index'],
  completion: [
    'completion',
    'completions',
    'response',
    'responses',
    'generation',
    'generations',
    'generated_text',
    'model_output',
    'outputs',
    'samples_truncated',
    'samples_raw',
    'samples',
    'predictions',
    'prediction',
    'output',
    'text',
    'program',
    'solution',
    'code',
  ],
  reasoning: ['reasoning', 'reasoning_content'],
  tool_calls: ['tool_calls'],
  model: ['model', 'model_name', 'generator'],
  run: ['run', 'run_id'],
  finish_reason: ['finish_reason', 'stop_reason'],
  usage: ['usage'],
  score: ['score'],
  scores: ['scores'],
  token_ids: ['token_ids'],
  logprobs: ['logprobs'],
  labels: ['labels'],
  meta: ['meta', 'metadata'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FieldName = keyof typeof FIELD_NAMES;

/** Which of a row's keys holds each of our fields, and what the other keys are. */
export interface FieldPlan {
  readonly keys: { readonly [F in FieldName]?: string };
  /** Pairs of the label's name and its key. */
  readonly labels: readonly (readonly [string, string])[];
  /** Pairs of the score's name and its key; a score only where the value is a number. */
  readonly scores: readonly (readonly [string, string])[];
  readonly rest: readonly string[];
}

/** `--map field=name` pairs: our field, then the name it has in the file. */
export type FieldMap = Readonly<Record<string, string>>;

const LABEL =
  /^(correct|passed|pass|solved|success|outcome|verdict|label|grade|executed_here)$|^(is|was)_|_by_source$|^math_verify/;
const SCORE = /(^|_)(score|reward|logprob)$|^(rm|prm|orm)(_|$)/;

/** Makes the function that plans a row from its keys; rows with the same keys share a plan. Throws `wrong-use` for an unknown field. */
export function makePlanner(map: FieldMap = {}): (row: object) => FieldPlan {
  checkMap(map);
  const plans = new Map<string, FieldPlan>();
  let last: { readonly names: readonly string[]; readonly plan: FieldPlan } | undefined;
  return (row) => {
    const names = Object.keys(row);
    if (last !== undefined && equalNames(names, last.names)) return last.plan;
    last = { names, plan: planOf(names) };
    return last.plan;
  };

  function planOf(names: readonly string[]): FieldPlan {
    const signature = names.join('\n');
    const known = plans.get(signature);
    if (known !== undefined) return known;
    const plan = planFor(names, map);
    // Rows that each have keys of their own must not make this grow without end.
    if (plans.size < 1000) plans.set(signature, plan);
    return plan;
  }
}

/** Rows of one file mostly have the same keys in the same order. */
function equalNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The key that is certain to be a row's problem id wherever it stands, for readers that look before they parse. */
export function surestIdKey(map: FieldMap): string {
  return map.problem_id ?? FIELD_NAMES.problem_id[0];
}

function planFor(names: readonly string[], map: FieldMap): FieldPlan {
  const present = new Set(names);
  const taken = new Set(Object.values(map));
  const keys: { [F in FieldName]?: string } = {};
  for (const field of Object.keys(FIELD_NAMES) as FieldName[]) {
    const mapped = map[field];
    const found = mapped ?? FIELD_NAMES[field].find((name) => present.has(name) && !taken.has(name));
    if (found === undefined || !present.has(found)) continue;
    keys[field] = found;
    taken.add(found);
  }
  const others = names.filter((name) => !taken.has(name));
  const isScore = (name: string): boolean => !LABEL.test(name) && SCORE.test(name);
  const mapped = (prefix: string): (readonly [string, string])[] =>
    Object.entries(map).flatMap(([field, name]) =>
      field.startsWith(prefix) && present.has(name) ? [[field.slice(prefix.length), name] as const] : [],
    );
  return {
    keys,
    labels: [...mapped('labels.'), ...others.filter((name) => LABEL.test(name)).map((name) => [name, name] as const)],
    scores: [...mapped('scores.'), ...others.filter(isScore).map((name) => [name, name] as const)],
    rest: others.filter((name) => !LABEL.test(name) && !SCORE.test(name)),
  };
}

function checkMap(map: FieldMap): void {
  const known = Object.keys(FIELD_NAMES);
  for (const field of Object.keys(map)) {
    if (known.includes(field) || /^(labels|scores)\../.test(field)) continue;
    const near = nearestName(field, known);
    throw new WinnowError('wrong-use', `There is no field "${field}" to map to.`, {
      hint: `${near === undefined ? '' : `Did you mean ${near}? `}Fields: ${known.join(', ')}, labels.NAME, scores.NAME.`,
    });
  }
}

/** The names looked for when a field is missing, for messages. */
export function namesFor(field: FieldName): string {
  return FIELD_NAMES[field].slice(0, 6).join(', ');
}
