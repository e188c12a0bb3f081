import type { DefineCommand } from './command.ts';
import { integer, number } from './options.ts';

const WHAT_IT_IS = `
A transformer of 202,048 parameters that ships with winnow solves small problems, often but not always. In one run, on this machine's
processor alone, winnow draws pools of its candidates, grades them, makes training tasks of them, teaches the model by reinforcement (DAPO)
to choose among candidates, teaches a second copy to refine them (joint SFT), and compares both with voting on fresh problems.
`;

const EXAMPLES = `${WHAT_IT_IS}
--minutes says how much is done, counted in minutes of two free cores; the same seed and minutes give the same figures anywhere. Run the
same command again to go on after an interruption. DIR holds report.html, the pools, the tasks and both trained models.

Examples:
  winnow quickstart
  winnow quickstart --minutes 2 --seed 7 --out runs/short
  winnow quickstart --json > result.json
`;

export interface QuickstartOptions {
  readonly out: string;
  readonly minutes: number;
  readonly base: string;
  readonly teacher?: string;
  readonly threads?: number;
}

export const define: DefineCommand = (command, start) => {
  command
    .option('--out <dir>', 'where everything goes', 'runs/quickstart')
    .option('--minutes <m>', 'how much to do', number(0.1, 240), 10)
    .option('--base <model>', 'tiny, or the folder of another base made by `npm run make:tiny`', 'tiny')
    .option('--teacher <model>', 'the stronger sibling (default: the folder `stronger` in that of the base)')
    .option('--threads <n>', 'processor cores to use (default: all, at most 16)', integer(1, 64))
    .addHelpText('after', EXAMPLES)
    .action(async (options: QuickstartOptions) => {
      const context = start({ ...options });
      context.note(WHAT_IT_IS);
      const { runQuickstart } = await import('./quickstart/run.ts');
      await runQuickstart(options, context);
    });
};
