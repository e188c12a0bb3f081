import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readRecipe, recipeOf } from './recipe.ts';
import { RECIPE_KEYS } from './recipe-shape.ts';
import { REFINE_DEFAULTS, refineSettings } from './refine/index.ts';
import { SELECT_DEFAULTS, selectSettings } from './select/index.ts';

const folder = fileURLToPath(new URL('../../recipes/', import.meta.url));

for (const name of readdirSync(folder)) {
  test(`the recipe ${name} can be read and its settings work together`, async () => {
    const kind = /gsr|refine/.test(name) ? 'refine' : 'select';
    const recipe = await readRecipe(folder + name, kind);
    if (recipe.kind === 'select') selectSettings(recipe.settings as Parameters<typeof selectSettings>[0]);
    else refineSettings(recipe.settings as Parameters<typeof refineSettings>[0]);
    assert.ok(recipe.tasks?.startsWith('/'), 'files are relative to the recipe');
  });
}

test('every setting can stand in a recipe', () => {
  const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  assert.deepEqual(RECIPE_KEYS.select.settings.toSorted(), Object.keys(SELECT_DEFAULTS).map(snake).toSorted());
  assert.deepEqual(RECIPE_KEYS.refine.settings.toSorted(), Object.keys(REFINE_DEFAULTS).map(snake).toSorted());
});

test('an unknown key is named with the nearest known one', () => {
  const fails = (yaml: string, message: RegExp): void => {
    assert.throws(() => recipeOf(parse(yaml), 'select'), { code: 'bad-input', message });
  };
  fails('settings: {clip_hihg: 1.3}', /unknown key "clip_hihg" under settings; did you mean "clip_high"\?/);
  fails('taks: x.jsonl', /unknown key "taks"; did you mean "tasks"\?/);
  fails('learning_rate: 1', /"learning_rate" belongs under settings/);
  fails('settings: {banana: 1}', /unknown key "banana" under settings$/);
  fails('settings: {rollouts: 1}', /settings\.rollouts/);
  fails('settings: {overlong: drop}', /settings\.overlong: expected keep, filter or \{"cache_tokens": n\}/);
  fails('settings: {beta2: 1}', /settings\.beta2/);
  fails('kind: refine', /of kind refine, not select/);
  fails('[1, 2]', /expected keys and values/);
});

test('settings given by hand go before those of the recipe', () => {
  const { settings } = recipeOf({ settings: { steps: 5, overlong: { cache_tokens: 4 } } }, 'select', [
    'steps=7',
    'clip_low=null',
    'overlong=filter',
    'decay=linear',
  ]);
  assert.deepEqual(settings, { steps: 7, clipLow: null, overlong: { kind: 'filter' }, decay: 'linear' });
  assert.deepEqual(recipeOf({}, 'select', ['overlong={"cache_tokens":4}']).settings.overlong, {
    kind: 'punish',
    cacheTokens: 4,
  });
});
