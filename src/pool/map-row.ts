import { WinnowError } from '../core/index.ts';
import { cruxevalPart, expandCounts } from './benchmark-rows.ts';
import { type FieldMap, type FieldPlan, makePlanner, namesFor } from './field-names.ts';
import {
  type Read,
  readDomain,
  readIndex,
  readLogprobs,
  readNumbers,
  readObject,
  readText,
  readToolCalls,
  readUsage,
  readWord,
} from './field-values.ts';
import { isRow, type Row } from './io/read-rows.ts';
import { problemFields } from './map-problem.ts';
import type { UnplacedRow } from './row.ts';

/** What became of one row of a file: the samples in it, or why there are none. */
export type MappedRow = { readonly rows: readonly UnplacedRow[] } | { readonly problem: string };

/**
 * Makes the function that reads a row of anyone's making: usual field names are understood, lists of completions become
 * one sample each together with the labels beside them, tables of counts become labelled samples.
 * Throws `wrong-use` for a map that names an unknown field.
 */
export function makeRowMapper(map: FieldMap = {}): (row: Row) => MappedRow {
  const plan = makePlanner(map);
  return (row) => {
    try {
      return { rows: expandCounts(row) ?? samplesOf(row, plan(row), map) };
    } catch (error) {
      if (error instanceof WinnowError && error.code === 'bad-input') return { problem: error.message };
      throw error;
    }
  };
}

function samplesOf(row: Row, plan: FieldPlan, map: FieldMap): readonly UnplacedRow[] {
  const { keys } = plan;
  const problem = cruxevalPart(row, keys.completion) ?? problemFields(row, plan);
  const value = keys.completion === undefined ? undefined : row[keys.completion];
  if (keys.completion === undefined || value === null || value === undefined) {
    const counted = expandCounts(row, problem);
    if (counted !== undefined) return counted;
    throw new WinnowError(
      'bad-input',
      `has no completion (looked for ${map.completion ?? `${namesFor('completion')}, ...`})`,
    );
  }
  const index = readIndex(row[keys.sample_index ?? ''], keys.sample_index ?? '');
  if (!Array.isArray(value)) {
    const draft: Draft = { ...problem, sample_index: index, completion: completionOf(value, keys.completion) };
    addSampleFields(draft, row, keys);
    addExtras(draft, row, plan);
    return [draft];
  }
  return value.map((item, place) => {
    const draft: Draft = {
      ...problem,
      sample_index: value.length === 1 ? index : undefined,
      completion: completionOf(item, `${keys.completion}[${place}]`),
    };
    addSampleFields(draft, row, keys);
    addExtras(draft, row, plan, { place, count: value.length });
    return draft;
  });
}

/** A row in the making. Its fields are set one by one, since putting objects together by spreading them is what costs most here. */
type Draft = { -readonly [F in keyof UnplacedRow]: UnplacedRow[F] };

function completionOf(value: unknown, key: string): string {
  if (typeof value === 'string') return value;
  const inner = readObject(value, key);
  return readText(inner?.text ?? inner?.content ?? inner?.completion, key) ?? missingText(key);
}

function missingText(key: string): never {
  throw new WinnowError('bad-input', `${key} must be text`);
}

function addSampleFields(draft: Draft, row: Row, keys: FieldPlan['keys']): void {
  const read = <T>(key: string | undefined, as: Read<T>): T | undefined =>
    key === undefined ? undefined : as(row[key], key);
  const reasoning = read(keys.reasoning, readText);
  if (reasoning !== undefined) draft.reasoning = reasoning;
  const toolCalls = read(keys.tool_calls, readToolCalls);
  if (toolCalls !== undefined) draft.tool_calls = toolCalls;
  const model = read(keys.model, readWord);
  if (model !== undefined) draft.model = model;
  const run = read(keys.run, readWord);
  if (run !== undefined) draft.run = run;
  const finishReason = read(keys.finish_reason, readText);
  if (finishReason !== undefined) draft.finish_reason = finishReason;
  const usage = read(keys.usage, readUsage);
  if (usage !== undefined) draft.usage = usage;
  const tokenIds = read(keys.token_ids, readNumbers);
  if (tokenIds !== undefined) draft.token_ids = tokenIds;
  const logprobs = read(keys.logprobs, readLogprobs);
  if (logprobs !== undefined) draft.logprobs = logprobs;
}

/** Fields of ours that came to no use: a word on how to run a program where there are no tests, a topic called `domain`. */
function unusedKeys(row: Row, { keys }: FieldPlan, hasTests: boolean): readonly string[] {
  if (keys.domain === undefined && TASK_FIELDS.every((field) => keys[field] === undefined)) return NONE;
  const task = hasTests ? [] : TASK_FIELDS.flatMap((field) => keys[field] ?? []);
  const topic =
    keys.domain === undefined || readDomain(row[keys.domain], keys.domain) !== undefined ? [] : [keys.domain];
  return [...task, ...topic];
}

const NONE: readonly string[] = [];
const TASK_FIELDS = ['entry_point', 'language', 'float_tolerance', 'test_setup'] as const;

/** Which of a row's completions is meant, where it has a list of them. */
interface Place {
  readonly place: number;
  readonly count: number;
}

/** Adds scores, labels and all that has no field of its own. A list as long as the completions is theirs, one value each. */
function addExtras(draft: Draft, row: Row, plan: FieldPlan, among?: Place): void {
  const at = (key: string | undefined): unknown => {
    const value = key === undefined ? undefined : row[key];
    return among !== undefined && Array.isArray(value) && value.length === among.count ? value[among.place] : value;
  };
  const scores: Record<string, number> = {};
  const meta: Record<string, unknown> = { ...objectAt(row, plan.keys.meta) };
  const addMeta = (name: string, value: unknown): void => {
    if (value !== null && value !== undefined) meta[name] = value;
  };
  const addScore = (name: string, value: unknown): void => {
    if (typeof value === 'number') scores[name] = value;
    else addMeta(name, value);
  };
  for (const [name, key] of plan.scores) addScore(name, at(key));
  const several = at(plan.keys.scores);
  if (isRow(several)) for (const [name, value] of Object.entries(several)) addScore(name, value);
  else addScore('scores', several);
  const score = at(plan.keys.score);
  if (typeof score === 'number') draft.score = score;
  else addMeta('score', score);
  for (const key of plan.rest) addMeta(key, at(key));
  for (const key of unusedKeys(row, plan, draft.tests !== undefined)) addMeta(key, at(key));
  const labels = labelsOf(row, plan, at, among);
  if (!isEmpty(scores)) draft.scores = scores;
  if (!isEmpty(labels)) draft.labels = labels;
  if (!isEmpty(meta)) draft.meta = meta;
}

function labelsOf(row: Row, plan: FieldPlan, at: (key: string) => unknown, among?: Place): Record<string, unknown> {
  const labels: Record<string, unknown> = { ...objectAt(row, plan.keys.labels) };
  for (const [name, key] of plan.labels) {
    const list = row[key];
    if (among !== undefined && Array.isArray(list) && list.length !== among.count) {
      throw new WinnowError('bad-input', `${key} has ${list.length} values for ${among.count} completions`);
    }
    const value = at(key);
    if (value !== null && value !== undefined) labels[name] = value;
  }
  return labels;
}

function objectAt(row: Row, key: string | undefined): Row | undefined {
  return key === undefined ? undefined : readObject(row[key], key);
}

function isEmpty(fields: object): boolean {
  for (const _ in fields) return false;
  return true;
}
