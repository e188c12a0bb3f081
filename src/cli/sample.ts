import { readFile } from 'node:fs/promises';
import { costOf, totalTokens, WinnowError } from '../core/index.ts';
import type { DrawnPool, PromptTemplate } from '../pool/index.ts';
import type { CommandContext, DefineCommand } from './command.ts';
import { parseMap } from './import.ts';
import { addModelOptions, addSamplingOptions, type ModelOptions, openModel, samplingOf } from './model-options.ts';
import { integer, repeated } from './options.ts';
import { readPrices } from './prices.ts';
import { noProgress } from './progress.ts';

interface SampleOptions extends ModelOptions {
  readonly problems: string;
  readonly out: string;
  readonly n: number;
  readonly prompt?: string;
  readonly map?: readonly string[];
  readonly prices?: string;
}

const SHOWN_FAILURES = 20;

const EXAMPLES = `
A problem is {"id", "domain": "math" | "code" | "free", "problem" or "messages", "answer" or "tests", ...}. The pool is a folder, or a file
of rows (.jsonl, .jsonl.zst, .json, .parquet) with what resuming needs in NAME.run beside it. Run the same command again to go on
after an interruption or to try failed problems again; with a larger --n the samples that are missing are drawn.

Examples:
  winnow sample --problems problems.jsonl --out pool --model http://localhost:8000/v1#my-model --n 8
  winnow sample --problems problems.jsonl --out pool --model http://localhost:8000/v1#my-model --n 16
  winnow sample --problems math.jsonl --out pool.parquet --model http://a:8000/v1,http://b:8000/v1#my-model --n 8 \\
    --temperature 0.7 --max-tokens 4096 --prompt boxed.txt

boxed.txt holds, for instance: {problem} Reason step by step and put the final answer in \\boxed{}.
`;

export const define: DefineCommand = (command, start) => {
  addSamplingOptions(addModelOptions(command))
    .requiredOption('--problems <file>', 'problems: .jsonl, .json, .parquet, .gz and .zst')
    .requiredOption('--out <pool>', 'the pool: a folder, or a file of rows')
    .option('--n <n>', 'samples a problem', integer(1), 8)
    .option('--prompt <file>', 'text around each problem, with {problem} in its place (default: the problem alone)')
    .option('--map <field=name>', 'our field and its name in the problems file; may be given several times', repeated)
    .option('--prices <file>', 'JSON with money per million tokens: {"model": {"input": 0.5, "output": 1.5}}')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SampleOptions) => samplePool(options, start({ ...options })));
};

async function samplePool(options: SampleOptions, context: CommandContext): Promise<void> {
  const { drawPool, readProblems } = await import('../pool/index.ts');
  const problems = await readProblems(options.problems, { map: parseMap(options.map ?? []) });
  const prompt = await readPrompt(options.prompt);
  const prices = await readPrices(options.prices);
  const model = await openModel(options);
  const price = prices[model.name];
  let progress = noProgress;
  let empty = 0;
  try {
    const drawn = await drawPool(options.out, problems, {
      model,
      n: options.n,
      seed: context.seed,
      sampling: samplingOf(options),
      ...(prompt === undefined ? {} : { prompt }),
      concurrency: options.concurrency,
      signal: context.signal,
      onNote: (note) => context.warn(`winnow: ${note}`),
      onStart({ resumed, already, total }) {
        context.onInterrupt('All replies are kept; run the same command again to go on.');
        if (resumed) context.note(`Going on with ${options.out}: ${already} of ${total} samples are there.`);
        progress = context.progress('drawing', { total, already, unit: 'samples' });
      },
      onSamples(samples) {
        empty += samples.filter(({ text }) => text.trim() === '').length;
        for (const { usage = {} } of samples)
          progress.add(1, { tokens: totalTokens(usage), cost: costOf(usage, price) });
      },
    });
    progress.end();
    if (drawn.failures.length > 0) context.exitWith(drawn.samples === 0 ? 3 : 1);
    if (empty > 0 && empty === drawn.drawn) {
      context.warn(
        'winnow: every reply is empty. A model that thinks may need a larger --max-tokens; see finish_reason.',
      );
    }
    report(drawn, options, context);
  } finally {
    await model.close?.();
  }
}

function report(drawn: DrawnPool, { out, n }: SampleOptions, context: CommandContext): void {
  const { failures, problems, samples } = drawn;
  context.emit({
    pool: out,
    rows: drawn.rows,
    problems,
    n,
    samples,
    drawn: drawn.drawn,
    failures: failures.map(({ problemId, message }) => ({ problem_id: problemId, message })),
  });
  for (const { problemId, message } of failures.slice(0, SHOWN_FAILURES))
    context.warn(`winnow: ${problemId}: ${message}`);
  if (failures.length > 0) {
    context.warn(`winnow: ${failures.length} of ${problems} problems failed; run the same command again to try them.`);
  }
  const next = samples === 0 ? '' : ` Next: winnow evaluate ${out}`;
  context.note(`${samples} samples of ${problems} problems in ${out}, ${drawn.drawn} of them new.${next}`);
}

async function readPrompt(file: string | undefined): Promise<PromptTemplate | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WinnowError('not-found', `A prompt was expected at ${file}, but it cannot be read.`, {
      hint: 'Name a text file that holds {problem}.',
      cause,
    });
  });
  if (text.includes('{problem}')) return { name: 'draw', text: text.trimEnd() };
  throw new WinnowError('bad-input', `The prompt ${file} does not contain {problem}.`, {
    hint: 'Write {problem} where the words of the problem belong.',
  });
}
