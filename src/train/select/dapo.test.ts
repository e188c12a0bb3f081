import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lossTerms } from '../losses.ts';
import { groupAdvantages, hasContrast, lengthPunishment } from './advantages.ts';
import { miniBatches, policyLoss, withDivergence } from './policy-data.ts';
import type { Group } from './policy-task.ts';
import { type SelectSettings, selectSettings } from './settings.ts';

const MAX_TOKENS = 8;

/** A group as an engine would draw it, with the log-probabilities that the policy under training gives the same tokens. */
interface Case {
  readonly group: Group;
  readonly now: readonly (readonly number[])[];
}

const logprob = fc.double({ min: -4, max: -0.01, noNaN: true });
const rollout = fc
  .array(fc.record({ drawn: logprob, moved: fc.double({ min: -1, max: 1, noNaN: true }) }), {
    minLength: 1,
    maxLength: MAX_TOKENS,
  })
  .chain((tokens) =>
    fc.record({
      tokens: fc.constant(tokens),
      reward: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined, freq: 8 }),
      cut: fc.constant(tokens.length === MAX_TOKENS),
    }),
  );
const groupCase = fc
  .record({ prompt: fc.integer({ min: 1, max: 4 }), rollouts: fc.array(rollout, { minLength: 2, maxLength: 6 }) })
  .map(
    ({ prompt, rollouts }): Case => ({
      group: {
        taskId: 't',
        prompt: Array.from({ length: prompt }, () => 1),
        rollouts: rollouts.map(({ tokens, reward, cut }) => ({
          tokens: tokens.map((_, t) => 2 + (t % 3)),
          logprobs: tokens.map(({ drawn }) => drawn),
          cut,
          judged: { valid: true, ...(reward === undefined ? {} : { reward }) },
        })),
      },
      now: rollouts.map(({ tokens }) => tokens.map(({ drawn, moved }) => drawn + moved)),
    }),
  );
const settingsCase: fc.Arbitrary<Partial<SelectSettings>> = fc.record({
  normaliseByStd: fc.boolean(),
  lossMean: fc.constantFrom('token' as const, 'sequence' as const),
  overlong: fc.constantFrom(
    { kind: 'keep' as const },
    { kind: 'filter' as const },
    { kind: 'punish' as const, cacheTokens: 4 },
  ),
  ...{ clipLow: fc.constantFrom(0.8, null), clipHigh: fc.constant(1.28) },
});

/** The objective as 2503.14476 writes it (equations 8 to 13), token by token, negated. Nothing of the code under test is used. */
function slowLoss(cases: readonly Case[], settings: SelectSettings): number {
  const { clipLow, clipHigh, overlong, normaliseByStd, lossMean } = settings;
  let total = 0;
  let tokens = 0;
  let sequences = 0;
  for (const { group, now } of cases) {
    const members = group.rollouts
      .map((one, i) => ({ ...one, now: now[i] ?? [], reward: one.judged.reward ?? 0 }))
      .filter(({ judged, cut }) => judged.reward !== undefined && !(cut && overlong.kind === 'filter'))
      .map((one) => {
        if (overlong.kind !== 'punish') return one;
        const length = one.tokens.length;
        const expected = MAX_TOKENS - overlong.cacheTokens;
        if (length <= expected) return one;
        return { ...one, reward: one.reward + (expected - length) / overlong.cacheTokens };
      });
    const mean = members.reduce((sum, { reward }) => sum + reward, 0) / members.length;
    const variance =
      members.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0) / Math.max(1, members.length - 1);
    for (const { reward, logprobs, now: current } of members) {
      const advantage = (reward - mean) / (normaliseByStd ? Math.sqrt(variance) + 1e-6 : 1);
      let sum = 0;
      for (let t = 0; t < current.length; t++) {
        const ratio = Math.exp((current[t] ?? 0) - (logprobs[t] ?? 0));
        const free = ratio * advantage;
        if (clipLow === null || clipHigh === null) sum += free;
        else sum += Math.min(free, Math.min(Math.max(ratio, clipLow), clipHigh) * advantage);
      }
      total += lossMean === 'token' ? sum : sum / current.length;
      tokens += current.length;
      sequences++;
    }
  }
  const count = lossMean === 'token' ? tokens : sequences;
  return count === 0 ? 0 : -total / count;
}

/** The same by our data and the server's loss: value, and slope by each completion token's log-probability. */
function ourLoss(cases: readonly Case[], settings: SelectSettings): { value: number; slopes: number[][] } {
  const groups = cases.map(({ group }) => group);
  const [batch] = miniBatches(groups, { ...settings, updates: 1 });
  if (batch === undefined) return { value: 0, slopes: [] };
  const left = cases.flatMap(({ group, now }) =>
    now.filter((_, i) => groupAdvantages(group, settings)[i] !== undefined),
  );
  let value = 0;
  const slopes = batch.data.map((datum, i) => {
    const start = batch.starts[i] ?? 0;
    // Whatever the model makes of the prompt must not count.
    const logprobs = [...Array.from({ length: start }, () => -7), ...(left[i] ?? [])];
    const terms = lossTerms(policyLoss(settings), datum, logprobs);
    value += terms.losses.reduce((sum, loss) => sum + loss, 0);
    assert.ok(terms.slopes.slice(0, start).every((slope) => slope === 0));
    return [...terms.slopes.slice(start)];
  });
  return { value, slopes };
}

function settingsOf(given: Partial<SelectSettings>): SelectSettings {
  const clip = given.clipLow === null ? { clipLow: null, clipHigh: null } : {};
  return selectSettings({ ...given, ...clip, maxTokens: MAX_TOKENS, groups: 1 });
}

test('the loss is that of the paper, with every component on and off', () => {
  fc.assert(
    fc.property(fc.array(groupCase, { minLength: 1, maxLength: 4 }), settingsCase, (cases, given) => {
      const settings = settingsOf(given);
      const { value } = ourLoss(cases, settings);
      const expected = slowLoss(cases, settings);
      assert.ok(Math.abs(value - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${value}, expected ${expected}`);
    }),
    { numRuns: 400 },
  );
});

test('the gradient is that of the paper, by finite differences', () => {
  const step = 1e-6;
  fc.assert(
    fc.property(groupCase, settingsCase, (one, given) => {
      const settings = settingsOf(given);
      const kept = groupAdvantages(one.group, settings).flatMap((advantage, i) => (advantage === undefined ? [] : [i]));
      const { slopes } = ourLoss([one], settings);
      kept.forEach((place, i) => {
        const row = one.now[place] ?? [];
        const t = row.length - 1;
        const at = (shift: number): number => {
          const now = one.now.map((other, j) => (j === place ? other.map((v, k) => (k === t ? v + shift : v)) : other));
          return slowLoss([{ group: one.group, now }], settings);
        };
        const ratio = Math.exp((row[t] ?? 0) - (one.group.rollouts[place]?.logprobs[t] ?? 0));
        // At a kink of the clipping there is no derivative.
        if (Math.min(Math.abs(ratio - 0.8), Math.abs(ratio - 1.28)) < 1e-4) return;
        const slope = (at(step) - at(-step)) / (2 * step);
        assert.ok(Math.abs(slope - (slopes[i]?.[t] ?? Number.NaN)) < 1e-4, `${slope} and ${slopes[i]?.[t]}`);
      });
    }),
    { numRuns: 200 },
  );
});

const grouped = (...rewards: (number | undefined)[]): Group => ({
  taskId: 't',
  prompt: [1],
  rollouts: rewards.map((reward) => ({
    tokens: [2],
    logprobs: [-1],
    cut: false,
    judged: { valid: true, ...(reward === undefined ? {} : { reward }) },
  })),
});

test('a group has contrast when two known rewards differ; what is unknown or filtered does not count', () => {
  const keep = { kind: 'keep' } as const;
  assert.ok(hasContrast(grouped(0, 1, 0), keep));
  assert.ok(!hasContrast(grouped(1, 1, undefined), keep));
  assert.ok(!hasContrast(grouped(undefined, undefined), keep));
  const { rollouts, ...rest } = grouped(0, 1);
  const cut = { ...rest, rollouts: rollouts.map((one, i) => ({ ...one, cut: i === 1 })) };
  assert.ok(hasContrast(cut, keep));
  assert.ok(!hasContrast(cut, { kind: 'filter' }));
});

test('an unknown reward is not a zero: it does not lower the mean of its group', () => {
  const settings = selectSettings({ normaliseByStd: false });
  assert.deepEqual(groupAdvantages(grouped(1, 0, undefined, undefined), settings), [0.5, -0.5, undefined, undefined]);
});

test('the overlong punishment falls from 0 to -1 over the cache', () => {
  const at = (length: number): number => lengthPunishment(length, 20_480, 4096);
  assert.deepEqual([at(10), at(16_384), at(18_432), at(20_480), at(30_000)], [0, 0, -0.5, -1, -1]);
});

test('groups are shared out over the updates of a step, each normalised by its own tokens', () => {
  const groups = Array.from({ length: 7 }, () => grouped(0, 1, 1));
  const batches = miniBatches(groups, selectSettings({ updates: 3 }));
  assert.deepEqual(
    batches.map(({ lossTokens }) => lossTokens),
    [6, 6, 9],
  );
  for (const { data, lossTokens } of batches) {
    const sizes = data.map(({ advantages = [] }) => Math.abs(advantages.at(-1) ?? 0) * lossTokens);
    assert.ok(sizes.every((size) => size > 0.5 && size < 1.2));
  }
});

test('a mini-batch of which nothing counts is left out', () => {
  const groups = [grouped(undefined, undefined), grouped(0, 1)];
  assert.equal(miniBatches(groups, selectSettings({ updates: 2 })).length, 1);
  assert.deepEqual(miniBatches(groups.slice(0, 1), selectSettings()), []);
});

test('the divergence from a reference lowers what a token is worth by weight x log-ratio, prompts aside', () => {
  const [batch] = miniBatches([grouped(0, 1)], selectSettings({ updates: 1, normaliseByStd: false }));
  assert.ok(batch);
  const changed = withDivergence(batch, [[-3], [-1]], 0.1);
  const [first, second] = changed.data.map(({ advantages = [] }) => advantages[0] ?? 0);
  // log p is -1 for both; the first is likelier than under the reference, the second as likely.
  assert.ok(Math.abs((first ?? 0) - (-0.25 - (0.1 / 2) * 2)) < 1e-12);
  assert.equal(second, 0.25);
});

test('settings that cannot work together are refused', () => {
  const refused = (given: Partial<SelectSettings>, message: RegExp): void => {
    assert.throws(() => selectSettings(given), { code: 'wrong-use', message });
  };
  refused({ rollouts: 1 }, /2 or more/);
  refused({ updates: 200, groups: 128 }, /more than the 128 groups/);
  refused({ clipLow: null }, /both/);
  refused({ clipLow: 1.1 }, /does not hold 1/);
  refused({ maxTokens: 100, overlong: { kind: 'punish', cacheTokens: 100 } }, /not below max_tokens/);
});
