import type { Command } from 'commander';
import type { DeviceChoice } from '../engine/index.ts';
import type { CommandContext, DefineCommand, StartCommand } from './command.ts';
import { DEVICE_HELP, oneOf } from './model-options.ts';
import { integer, number, repeated } from './options.ts';

/** The options of `winnow train select` and `refine`; what is given goes before the recipe. */
export interface TrainOptions {
  readonly trainer?: string;
  readonly model?: string;
  readonly tokenizer?: string;
  readonly rank?: number;
  readonly heldOut?: string;
  readonly solved?: string;
  readonly form?: 'auto' | 'judge' | 'families';
  readonly set?: readonly string[];
  readonly out?: string;
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
  readonly probe: number;
  readonly prices?: string;
  readonly trainPrice?: number;
}

const COMMON = `
The argument is a file of tasks (winnow synthesize) or a recipe (.yaml), which names its files relative to itself. Options go before the
recipe; --set key=value sets one of its settings. The run folder holds metrics.jsonl (one row a step), journal.jsonl, the report, and with the
embedded trainer the trained model in DIR/model. Run the same command again to go on after an interruption, of whatever kind.
`;

const SELECT_EXAMPLES = `${COMMON}
Examples:
  winnow train select tasks.jsonl --held-out held-out.jsonl --set steps=200 --set groups=32 --set max_tokens=16 --set learning_rate=3e-4
  winnow train select recipes/quickstart.yaml --dry-run
  winnow train select recipes/genselect-qwen3-1.7b-math.yaml --trainer http://head-node:8000 --tokenizer ./Qwen3-1.7B --out selector
  winnow evaluate pool --methods majority,genselect --judge train-select/model
`;

const REFINE_EXAMPLES = `${COMMON}
Examples:
  winnow train refine tasks.jsonl --held-out held-out.jsonl --set steps=600 --set batch=64
  winnow train refine recipes/gsr-qwen2.5-7b.yaml --trainer http://head-node:8000 --tokenizer ./Qwen2.5-7B-Instruct --out refiner
  winnow train refine tasks.jsonl --set mixture=direct --out ablation-direct
`;

export const define: DefineCommand = (command, start) => {
  defineKind(command, 'select', 'a selector, by reinforcement (DAPO)', SELECT_EXAMPLES, start);
  defineKind(command, 'refine', 'a refiner, by joint supervised training (GSR)', REFINE_EXAMPLES, start);
};

function defineKind(
  parent: Command,
  kind: 'select' | 'refine',
  summary: string,
  examples: string,
  start: StartCommand,
): void {
  const command = parent
    .command(kind)
    .description(summary)
    .argument('<tasks>', 'tasks (.jsonl, .parquet, .gz, .zst) or a recipe (.yaml)')
    .option('--trainer <where>', 'embedded, or a server of the Tinker protocol: http://host:8000 (default: embedded)')
    .option('--model <model>', 'tiny, a Hugging Face folder, or the name the server knows the model by (default: tiny)')
    .option('--tokenizer <folder>', "the checkpoint folder of a server's model")
    .option('--rank <n>', 'train low-rank factors of this rank; 0: all weights', integer(0))
    .option('--held-out <file>', 'tasks of problems that are not trained on')
    .option('--form <form>', 'judge, families (the tiny checkpoint) or auto', oneOf(['auto', 'judge', 'families']))
    .option('--set <key=value>', 'a setting of the recipe; may be given several times', repeated)
    .option('--out <dir>', `the run folder (default: train-${kind})`)
    .option('--device <device>', DEVICE_HELP, oneOf(['auto', 'cpu', 'webgpu']))
    .option('--threads <n>', 'processor cores of the embedded engine (default: all, at most 16)', integer(1, 64))
    .option('--dry-run', 'say what the run will take, from a small probe; train nothing')
    .option('--prices <file>', 'JSON with money per million drawn tokens: {"model": {"input": 0.5, "output": 1.5}}')
    .option('--train-price <money>', 'money per million tokens trained on, for --dry-run', number(0))
    .option('--probe <n>', 'tasks that --dry-run looks at', integer(1), 32);
  if (kind === 'select') command.option('--solved <file>', 'direct tasks with targets, for the solve batches');
  command
    .addHelpText('after', examples)
    .action(async (tasks: string, options: TrainOptions) => train(kind, tasks, options, start({ ...options })));
}

async function train(
  kind: 'select' | 'refine',
  tasks: string,
  options: TrainOptions,
  context: CommandContext,
): Promise<void> {
  const run = kind === 'select' ? await import('./train-select.ts') : await import('./train-refine.ts');
  await run.train(tasks, options, context);
}
