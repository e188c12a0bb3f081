import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeRng } from '../../src/core/index.ts';
import { createCores, createEmbeddedTrainer, type EmbeddedModel, readCheckpoint } from '../../src/engine/index.ts';
import { FAMILIES, TRAINING_FAMILIES } from '../../src/synthesize/families/index.ts';
import { makeBatch } from './batch.ts';
import { type FamilyScore, measureFamily, measureLetters, measureSkills, mixed } from './measure.ts';
import { positionAt, STAGES } from './recipe.ts';

const tiny = fileURLToPath(new URL('../../assets/tiny/', import.meta.url));
const skip = existsSync(path.join(tiny, 'config.json')) ? false : 'the checkpoint has not been made';
const cores = createCores({ threads: 0 });
after(() => cores.close());

async function withModel<T>(folder: string, work: (model: EmbeddedModel) => Promise<T>): Promise<T> {
  const trainer = await createEmbeddedTrainer(cores, await readCheckpoint(folder), { folder });
  const model = await trainer.publish();
  try {
    return await work(model);
  } finally {
    await model.close();
    await trainer.close();
  }
}

/** 100 held-out problems of all families that a selector may be trained on: the standard error of a share is below 0.05. */
async function score(model: EmbeddedModel): Promise<FamilyScore> {
  const settings = { problems: 25, n: 8, temperature: 0.8, seed: 'test' };
  const scores: FamilyScore[] = [];
  for (const family of TRAINING_FAMILIES) scores.push(await measureFamily(model, family, settings));
  return mixed(scores);
}

test('the bundled checkpoint solves as often as its documentation says', { skip }, async () => {
  const { passAt1, passAtN } = await withModel(tiny, score);
  assert.ok(passAt1 > 0.25 && passAt1 < 0.65, `pass@1 ${passAt1}`);
  assert.ok(passAtN - passAt1 > 0.25, `pass@8 ${passAtN}`);
});

test('its replies have the form of the select format', { skip }, async () => {
  const { formed = 0 } = await withModel(tiny, (model) => measureSkills(model, 100));
  assert.ok(formed > 0.95, `${formed} of the replies can be read`);
});

test('its letters tell candidates apart at every place', { skip }, async () => {
  for (const folder of [tiny, path.join(tiny, 'second')]) {
    const letters = await withModel(folder, (model) => measureLetters(model, 100));
    // A place that was never matched gives .25 to .6.
    assert.ok(
      letters.every((share) => share > 0.75),
      `${folder}: ${letters.join(', ')}`,
    );
  }
});

test('its siblings are a weaker and a stronger generator', { skip }, async () => {
  const [weaker, base, stronger] = await Promise.all(
    ['weaker', '.', 'stronger'].map((name) => withModel(path.join(tiny, name), score)),
  );
  assert.ok(weaker && base && stronger);
  assert.ok(weaker.passAt1 < base.passAt1 && base.passAt1 < stronger.passAt1);
});

test('all checkpoints together take at most 4 MB', { skip }, () => {
  const files = readdirSync(tiny, { recursive: true, encoding: 'utf8' }).map((file) => statSync(path.join(tiny, file)));
  assert.ok(files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) <= 4e6);
});

test("a question's text is read digit by place and written as plain digits", { skip }, async () => {
  const { tokenizer } = await readCheckpoint(tiny);
  for (const { question, worked } of FAMILIES.map((family) => family.draw(makeRng(family.name)))) {
    const text = `${question}=${worked}`;
    const ids = tokenizer.encode(text);
    assert.equal(ids.length, text.length);
    assert.equal(tokenizer.decode(ids), text);
  }
  const [first, second] = tokenizer.encode('77');
  assert.notEqual(first, second);
  assert.deepEqual(tokenizer.encode('7+7'), [first, tokenizer.encode('+')[0], first]);
  assert.throws(() => tokenizer.encode('7 two'), /has no " "/);
});

test("a step's batch depends on seed and step alone, and each part of its loss has the weight of the recipe", {
  skip,
}, async () => {
  const { tokenizer } = await readCheckpoint(tiny);
  for (const stage of STAGES) {
    const batch = makeBatch(tokenizer, { stage, step: 7 }, 1);
    assert.deepEqual(makeBatch(tokenizer, { stage, step: 7 }, 1), batch);
    const total = batch.flatMap(({ weights = [] }) => weights).reduce((sum, weight) => sum + weight, 0);
    const expected = Object.values(stage.weights).reduce((sum, weight) => sum + weight, 0);
    // Quotes of one prompt have shares of their own; where they differ in length the sum is only about the weight.
    assert.ok(
      Math.abs(total - expected) <= 0.1 * stage.weights.quote + 1e-9,
      `${stage.name}: ${total}, expected ${expected}`,
    );
  }
});

test('the recipe names every step once and then ends', () => {
  const steps = STAGES.reduce((sum, stage) => sum + stage.steps, 0);
  assert.equal(positionAt(0)?.stage.name, STAGES[0]?.name);
  assert.equal(positionAt(steps - 1)?.step, (STAGES.at(-1)?.steps ?? 0) - 1);
  assert.equal(positionAt(steps), undefined);
});
