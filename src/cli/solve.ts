import type { Method, SolveOptions } from '../aggregate/index.ts';
import { costOf, type Domain, type Question, totalTokens, WinnowError } from '../core/index.ts';
import type { Model } from '../model/index.ts';
import type { StopRule } from '../sample/index.ts';
import type { CommandContext, DefineCommand } from './command.ts';
import { estimateSolve } from './dry-run.ts';
import { addJudgeOptions, type JudgeOptions, judgeSamplingOf, readPromptFiles } from './judge-options.ts';
import { addModelOptions, addSamplingOptions, oneOf, openJudge, openModel, samplingOf } from './model-options.ts';
import { integer, number } from './options.ts';
import { readPrices } from './prices.ts';
import { explainAttempt } from './solve-text.ts';

interface SolveCommandOptions extends JudgeOptions {
  readonly n: number;
  readonly method: string;
  readonly domain: Domain;
  readonly adaptive?: number;
  readonly deadline?: number;
  readonly budget?: number;
  readonly prices?: string;
  readonly dryRun?: true;
}

const EXAMPLES = `
Examples:
  winnow solve "What is 17 * 23?" --model http://localhost:8000/v1#my-model
  winnow solve "What is 17 * 23?" --model http://localhost:8000/v1#my-model --n 16 --method genselect[window=8]
  winnow solve "What is 17 * 23?" --model http://localhost:8000/v1#my-model --n 32 --adaptive 0.95
  winnow solve - --model http://localhost:8000/v1#my-model --json < question.txt
`;

export const define: DefineCommand = (command, start) => {
  addSamplingOptions(addJudgeOptions(addModelOptions(command)))
    .argument('<question>', 'the question; "-" reads it from standard input')
    .option('--n <n>', 'candidates to draw', integer(1), 8)
    .option('--method <method>', 'how to make one answer of them, options in brackets', 'majority')
    .option('--domain <domain>', 'math, code or free', oneOf(['math', 'code', 'free']), 'math')
    .option('--adaptive <p>', 'stop drawing once the leading answer wins with this probability', number(0.5, 1))
    .option('--deadline <seconds>', 'stop drawing after this time', number(0))
    .option('--budget <tokens>', 'stop drawing after so many tokens', integer(1))
    .option('--prices <file>', 'JSON with money per million tokens: {"model": {"input": 0.5, "output": 1.5}}')
    .option('--dry-run', 'estimate calls, tokens and cost, and draw nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string, options: SolveCommandOptions) => {
      const context = start({ ...options });
      const content = text === '-' ? await readStandardInput() : text;
      if (content.trim() === '') throw new WinnowError('wrong-use', 'The question is empty.');
      const question: Question = {
        id: 'question',
        domain: options.domain,
        messages: [{ role: 'user', content }],
      };
      const { parseMethod } = await import('../aggregate/index.ts');
      const method = parseMethod(options.method);
      if (options.dryRun) await estimateSolve(question, method, options, context);
      else await solveOne(question, method, options, context);
    });
};

async function solveOne(
  question: Question,
  method: Method,
  options: SolveCommandOptions,
  context: CommandContext,
): Promise<void> {
  const [{ solve }, { attemptDocument }] = await Promise.all([
    import('../aggregate/index.ts'),
    import('./solve-json.ts'),
  ]);
  const prices = await readPrices(options.prices);
  const prompts = await readPromptFiles(options);
  const model = await openModel(options);
  const judge = (await openJudge(options, model)) ?? model;
  const sandbox = method.needsSandbox ? await openProgramSandbox() : undefined;
  const progress = context.progress('drawing', { total: options.n, unit: 'candidates' });
  const settings: SolveOptions = {
    ...{ model, judge, n: options.n, method, prompts, seed: context.seed, signal: context.signal },
    judgeSampling: judgeSamplingOf(options),
    sampling: samplingOf(options),
    ...(await adaptiveOf(options)),
    ...(sandbox === undefined ? {} : { sandbox }),
    onEvent: (event) => {
      if (event.type === 'drawn') progress.add(1, { tokens: event.sample.usage && totalTokens(event.sample.usage) });
      if (event.type === 'judged') progress.say(event.note);
    },
  };
  try {
    const attempt = await solve(question, settings);
    progress.end();
    const cost = costOf(attempt.usage, priceOf(model, judge));
    context.emit({ ...attemptDocument(attempt), ...(cost === undefined ? {} : { cost }) });
    context.print(explainAttempt(attempt, cost));
  } finally {
    await Promise.all([model.close?.(), judge === model ? undefined : judge.close?.(), sandbox?.close()]);
  }

  /** Usage does not tell who spent it, so two models have a cost only when their prices are the same. */
  function priceOf(drawing: Model, judging: Model): (typeof prices)[string] | undefined {
    const [one, other] = [prices[drawing.name], prices[judging.name]];
    return JSON.stringify(one) === JSON.stringify(other) ? one : undefined;
  }
}

async function openProgramSandbox() {
  const { openSandbox } = await import('../verify/index.ts');
  return openSandbox();
}

/** The rules of `--adaptive`, `--deadline` and `--budget`; whichever fires first ends the drawing. */
async function adaptiveOf({
  adaptive,
  deadline,
  budget,
}: SolveCommandOptions): Promise<Pick<SolveOptions, 'adaptive'>> {
  if (adaptive === undefined && deadline === undefined && budget === undefined) return {};
  const rules = await import('../sample/index.ts');
  const chosen: StopRule[] = [
    ...(adaptive === undefined ? [] : [rules.leaderHolds({ confidence: adaptive })]),
    ...(deadline === undefined ? [] : [rules.deadline({ afterMs: deadline * 1000 })]),
    ...(budget === undefined ? [] : [rules.tokenBudget({ maxTokens: budget })]),
  ];
  return { adaptive: { stop: rules.anyOf(...chosen) } };
}

async function readStandardInput(): Promise<string> {
  const { text } = await import('node:stream/consumers');
  return (await text(process.stdin)).trim();
}
