import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Problem, WinnowError } from '../core/index.ts';
import { type Script, scripted } from '../model/index.ts';
import type { DrawPoolOptions } from './draw-options.ts';
import { drawPool } from './draw-pool.ts';
import { readManifest } from './manifest.ts';
import { poolFiles } from './pool-files.ts';
import { readPool } from './read-pool.ts';
import { temporaryFolder } from './temp-folder.testkit.ts';

const temp = temporaryFolder();
const PROBLEMS: readonly Problem[] = ['a', 'b', 'c'].map((id) => ({
  question: { id, domain: 'math', messages: [{ role: 'user', content: `What is ${id}?` }] },
  gold: { kind: 'answer', answer: id },
}));
const byPrompt: Script = ({ prompt, seed }) => `${prompt} ${seed}`;

function options(changes: Partial<DrawPoolOptions> = {}): DrawPoolOptions {
  return { model: scripted(byPrompt), n: 3, ...changes };
}

async function indices(pool: string, notes: string[] = []): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for await (const { problem, samples } of readPool(pool, { onNote: (note) => notes.push(note) })) {
    found[problem.question.id] = samples.map(({ index }) => index);
  }
  return found;
}

const text = (file: string): string => readFileSync(file, 'utf8');

test('a pool in any form holds the samples in canonical order', async () => {
  for (const name of ['folder', 'file.jsonl', 'file.parquet', 'file.jsonl.zst']) {
    const drawn = await drawPool(temp(name), PROBLEMS, options());
    assert.deepEqual([drawn.problems, drawn.samples, drawn.drawn, drawn.failures], [3, 9, 9, []]);
    assert.deepEqual(await indices(temp(name)), { a: [0, 1, 2], b: [0, 1, 2], c: [0, 1, 2] });
    assert.equal(readManifest(poolFiles(temp(name)).folder)?.status, 'done');
  }
});

test('a finished pool costs no call and stays as it is', async () => {
  await drawPool(temp('again'), PROBLEMS, options());
  const before = text(temp('again/manifest.json'));
  const model = scripted(byPrompt);
  assert.equal((await drawPool(temp('again'), PROBLEMS, options({ model }))).drawn, 0);
  assert.deepEqual([model.calls(), text(temp('again/manifest.json'))], [0, before]);
});

test('raising n draws only what is missing, and gives the pool that the larger n would have given', async () => {
  await drawPool(temp('raised'), PROBLEMS, options({ n: 2 }));
  const model = scripted(byPrompt);
  await drawPool(temp('raised'), PROBLEMS, options({ n: 5, model }));
  await drawPool(temp('at-once'), PROBLEMS, options({ n: 5 }));
  assert.equal(model.calls(), 9);
  assert.equal(text(temp('raised/samples.jsonl')), text(temp('at-once/samples.jsonl')));
  await assert.rejects(drawPool(temp('raised'), PROBLEMS, options({ n: 4 })), /has n = 5; it cannot be made smaller/);
});

test('a pool with a torn journal goes on to the same rows', async () => {
  await drawPool(temp('whole'), PROBLEMS, options());
  const journal = text(temp('whole/journal.jsonl'));
  for (const bytes of [0, 10, journal.indexOf('\n') + 1, journal.length - 1]) {
    const pool = temp(`torn-${bytes}`);
    await drawPool(pool, PROBLEMS, options());
    truncateSync(`${pool}/journal.jsonl`, bytes);
    writeFileSync(`${pool}/manifest.json`, text(`${pool}/manifest.json`).replace('"done"', '"running"'));
    const model = scripted(byPrompt);
    await drawPool(pool, PROBLEMS, options({ model }));
    assert.equal(text(`${pool}/samples.jsonl`), text(temp('whole/samples.jsonl')));
    assert.equal(model.calls(), 9 - journal.slice(0, bytes).split('\n').length + 1);
  }
});

test('an interrupted pool reads from its journal, with a note', async () => {
  const abort = new AbortController();
  let seen = 0;
  const onSamples = (): void => {
    if (++seen === 4) abort.abort(new DOMException('Interrupted.', 'AbortError'));
  };
  await assert.rejects(
    drawPool(temp('interrupted'), PROBLEMS, options({ concurrency: 1, signal: abort.signal, onSamples })),
    /Interrupted/,
  );
  assert.ok(!existsSync(temp('interrupted/samples.jsonl')) && !existsSync(temp('interrupted/lock')));
  const notes: string[] = [];
  const found = await indices(temp('interrupted'), notes);
  assert.equal(Object.values(found).flat().length, seen);
  assert.match(notes.join(), new RegExp(`the draw is not finished; ${seen} of 9 samples`));
});

test('other settings are refused by name; another place of the same model is not another model', async () => {
  const at = (place: string, name = 'm') =>
    scripted(byPrompt, { name, identity: `openai http://${place}/v1 chat ${name}` });
  const first = options({
    model: at('here:1'),
    sampling: { temperature: 1, maxTokens: 64 },
    prompt: { name: 'draw', text: '{problem}' },
  });
  await drawPool(temp('settings'), PROBLEMS, first);
  await drawPool(temp('settings'), PROBLEMS, { ...first, model: at('there:2'), concurrency: 1 });
  const changed: readonly [Partial<DrawPoolOptions>, RegExp][] = [
    [{ model: at('here:1', 'other') }, /model was "openai chat m" and is now "openai chat other"/],
    [{ sampling: { temperature: 0.5 } }, /temperature was 1 and is now 0.5; max_tokens was 64 and is now unset/],
    [{ sampling: {} }, /temperature was 1 and is now unset/],
    [{ seed: 1 }, /seed was 0 and is now 1/],
    [{ prompt: { name: 'draw', text: 'Now: {problem}' } }, /prompt draw was/],
  ];
  for (const [change, message] of changed) {
    await assert.rejects(drawPool(temp('settings'), PROBLEMS, { ...first, ...change }), message);
  }
  await assert.rejects(drawPool(temp('settings'), PROBLEMS.slice(1), first), /problems \(SHA-256\) was/);
});

test('rows that were not drawn are never written over', async () => {
  writeFileSync(temp('mine.jsonl'), '{"problem_id":"x","completion":"y"}\n');
  await assert.rejects(drawPool(temp('mine.jsonl'), PROBLEMS, options()), /mine\.jsonl is there already/);
  assert.match(text(temp('mine.jsonl')), /"y"/);
});

test('what a killed process left unfinished is removed', async () => {
  await drawPool(temp('left.jsonl'), PROBLEMS, options({ n: 1 }));
  for (const name of ['left.jsonl.123.part', 'left.jsonl.123.part.456.part', 'left.jsonl.run/manifest.json.123.part']) {
    writeFileSync(temp(name), '');
  }
  writeFileSync(temp('left.jsonl.bak'), '');
  await drawPool(temp('left.jsonl'), PROBLEMS, options({ n: 1 }));
  const left = (folder: string): string[] => readdirSync(temp(folder)).filter((name) => /^left|part/.test(name));
  assert.deepEqual([left('.'), left('left.jsonl.run')], [['left.jsonl', 'left.jsonl.bak', 'left.jsonl.run'], []]);
});

test('two draws into one pool refuse each other', async () => {
  const draws = [1, 2].map(() =>
    drawPool(temp('shared'), PROBLEMS, options({ model: scripted(byPrompt, { delayMs: 100 }) })),
  );
  const [first, second] = (await Promise.allSettled(draws)).sort((a, b) => (a.status < b.status ? -1 : 1));
  assert.ok(first?.status === 'fulfilled' && first.value.samples === 9);
  assert.ok(second?.status === 'rejected' && /being written by another process/.test(String(second.reason)));
});

test('a problem that fails is named, kept out, and tried again', async () => {
  let sick = true;
  const model = scripted(({ prompt, seed }) => {
    if (sick && prompt.includes('b?')) throw new WinnowError('refused', 'too long', { status: 400 });
    return `${prompt} ${seed}`;
  });
  const drawn = await drawPool(temp('failing'), PROBLEMS, options({ model }));
  assert.deepEqual(drawn.failures, [{ problemId: 'b', message: 'too long' }]);
  const notes: string[] = [];
  assert.deepEqual(await indices(temp('failing'), notes), { a: [0, 1, 2], c: [0, 1, 2] });
  assert.match(notes.join(), /some problems lack samples/);
  assert.match(text(temp('failing/journal.jsonl')), /"failed":\{"code":"refused","message":"too long"\}/);
  sick = false;
  assert.equal((await drawPool(temp('failing'), PROBLEMS, options({ model }))).drawn, 3);
  assert.equal(text(temp('failing/samples.jsonl')), text(temp('whole/samples.jsonl')));
});

test('a service that is gone, or refuses the key, or fails without end, stops the draw', async () => {
  const many = Array.from({ length: 50 }, (_, i) => ({
    question: { id: `q${i}`, domain: 'free' as const, messages: [{ role: 'user' as const, content: 'Q' }] },
  }));
  const failing = (error: WinnowError) => scripted(() => Promise.reject(error));
  const cases: readonly [WinnowError, number][] = [
    [new WinnowError('unreachable', 'gone'), 1],
    [new WinnowError('refused', 'bad key', { status: 401 }), 1],
    [new WinnowError('service-failed', 'sick', { status: 500 }), 20],
  ];
  for (const [error, calls] of cases) {
    const model = failing(error);
    await assert.rejects(
      drawPool(temp(`stop-${error.message}`), many, options({ model, n: 1, concurrency: 1 })),
      (thrown) => {
        assert.ok(thrown instanceof WinnowError);
        return thrown.code === error.code && thrown.message.includes(error.message);
      },
    );
    assert.equal(model.calls(), calls);
  }
});

test('a prompt is put around the last user turn', async () => {
  const model = scripted(({ prompt }) => prompt);
  await drawPool(
    temp('prompted'),
    PROBLEMS.slice(0, 1),
    options({ model, n: 1, prompt: { name: 'draw', text: 'Think. {problem} $&' } }),
  );
  assert.match(text(temp('prompted/samples.jsonl')), /"completion":"Think\. What is a\? \$&"/);
});

test('a damaged journal line is told, and its samples are drawn again', async () => {
  await drawPool(temp('damaged'), PROBLEMS, options());
  appendFileSync(temp('damaged/journal.jsonl'), 'garbage\n');
  const notes: string[] = [];
  await drawPool(temp('damaged'), PROBLEMS, options({ onNote: (note) => notes.push(note) }));
  assert.match(notes.join(), /1 damaged lines/);
});

test('a pool whose draw has brought nothing yet says so to its readers', async () => {
  const failing = scripted(() => {
    throw new WinnowError('refused', 'no');
  });
  const pool = temp('nothing-yet');
  assert.equal((await drawPool(pool, PROBLEMS, options({ model: failing }))).samples, 0);
  await assert.rejects(indices(pool), { code: 'bad-input', message: /nothing-yet holds no samples yet/ });
  const manifest = JSON.parse(text(poolFiles(pool).manifest));
  writeFileSync(poolFiles(pool).manifest, JSON.stringify({ ...manifest, status: 'running' }));
  await assert.rejects(indices(pool), { code: 'bad-input', message: /nothing-yet holds no samples yet/ });
});
