import type { Problem } from '../../core/index.ts';
import type { EmbeddedModel } from '../../engine/index.ts';
import { gradeMath } from '../../verify/index.ts';
import { MAX_TOKENS } from './pools.ts';

/** Share of the problems that a model solves greedily, without any candidates in sight. */
export async function solvingOf(model: EmbeddedModel, problems: readonly Problem[]): Promise<number> {
  const right = await Promise.all(
    problems.map(async ({ question: { messages }, gold }) => {
      const { samples } = await model.generate({ messages, n: 1, maxTokens: MAX_TOKENS, temperature: 0 });
      if (gold?.kind !== 'answer') return 0;
      return Number((await gradeMath(gold.answer, samples[0]?.text ?? '')).kind === 'correct');
    }),
  );
  return right.reduce((sum, one) => sum + one, 0) / problems.length;
}
