import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SelectionTask, WinnowError } from '../../core/index.ts';
import type { TokenRequest, TokenSequence, TrainedModel, Trainer } from '../trainer.ts';
import { drawBatch } from './draw-batch.ts';
import type { PolicyForm } from './policy-task.ts';
import { probeSelection } from './probe.ts';
import { selectSettings } from './settings.ts';

const RIGHT = 1;
const WRONG = 0;

function taskOf(id: number): SelectionTask {
  const candidates = ['a', 'b'].map((text, sample_index) => ({ text, answer: text, sample_index }));
  const problem = { problem_id: `p${id}`, problem: `p${id}`, domain: 'math' as const };
  return { id: `p${id}#0`, ...problem, candidates, correct: [true, false], source: {}, pass_rate: 0.5 };
}
const TASKS = Array.from({ length: 40 }, (_, id) => taskOf(id));

/** A prompt is the task's number; a reply's only token is its reward. */
const form: PolicyForm<SelectionTask> = {
  prompt: ({ problem_id }) => [Number(problem_id.slice(1))],
  judge: (_task, reply) => ({ reward: Number(reply), valid: true }),
};

type Reply = Pick<TokenSequence, 'stopReason'> & { readonly token: number };

/** A policy whose replies follow from the task's number and their own. */
function scripted(replyOf: (task: number, place: number) => Reply): TrainedModel {
  return {
    identity: 'scripted',
    tokenizer: { decode: ([token = 0]: readonly number[]) => String(token) },
    sampleTokens: async ({ prompt, n = 1 }: TokenRequest) =>
      Array.from({ length: n }, (_, place): TokenSequence => {
        const { token, stopReason } = replyOf(prompt[0] ?? 0, place);
        return { tokens: [token], logprobs: [-1], stopReason };
      }),
  } as unknown as TrainedModel;
}

const probe = (model: TrainedModel, heldOut: number, given: Parameters<typeof selectSettings>[0]) =>
  probeSelection(
    { publish: async () => model, forward: async () => ({ loss: 0, logprobs: [] }) } as unknown as Trainer,
    TASKS,
    { form, settings: selectSettings(given), tasks: TASKS.length, heldOut },
  );

test('groups of which nothing is known are not called all wrong, and a refused prompt is left out as a run leaves it out', async () => {
  const model = scripted((task, place) => {
    if (task < 10) throw new WinnowError('bad-input', 'The prompt is too long.');
    return { token: task < 20 ? place % 2 : RIGHT, stopReason: task < 30 ? 'stop' : 'length' };
  });
  const found = await probe(model, 0, { rollouts: 4, groups: 2, steps: 5 });
  const { contrast, allRight, allWrong, unknown, refused } = found;
  assert.deepEqual(
    [contrast.value, allRight, allWrong, unknown, refused].map((share) => share.toFixed(3)),
    [...['0.333', '0.333', '0.000', '0.333', '0.250']],
  );
  assert.match(found.warnings.join(), /25 % of the prompts are refused/);
});

test('a forecast counts what the steps and the evaluations draw and learn from', async () => {
  const model = scripted((task, place) => ({ token: task % 2 === 0 ? place % 2 : WRONG, stopReason: 'stop' }));
  const found = await probe(model, 10, { rollouts: 4, groups: 3, steps: 5, evaluateEvery: 2, votes: 8 });
  // Every second group has contrast. Before and after 1 + 8 replies a task; after steps 2, 4 and 5 one greedy and one drawn.
  assert.equal(found.groupsPerStep, 6);
  assert.equal(found.evaluationReplies, 10 * (2 * 9 + 3 * 2));
  assert.deepEqual(found.drawnTokens, { prompt: 30 + 240, completion: 30 * 4 + 240 });
  assert.equal(found.trainedTokens, 5 * 3 * 4 * 2);
});

test('a step of few groups looks at more than a handful before it gives up', async () => {
  const model = scripted((task, place) => ({ token: task === 30 ? place % 2 : WRONG, stopReason: 'stop' }));
  const source = { taskAt: (position: number) => TASKS[position] as SelectionTask, form, seed: 0 };
  const settings = selectSettings({ rollouts: 4, groups: 4 });
  const { groups, drawn } = await drawBatch(model, source, 0, settings);
  assert.deepEqual([groups.length, drawn.allWrong], [1, 39]);
});
