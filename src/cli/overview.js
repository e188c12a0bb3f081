/** What each command does, in one line; the order is the order of `winnow --help`. */
export const SUMMARIES = {
  quickstart: 'a small model learns to choose and to refine, on this machine, in ten minutes',
  solve: 'one question: draw candidates, aggregate them, print the answer',
  sample: 'draw candidates for many problems into a pool; resumes',
  import: "make a pool from others' outputs",
  verify: 'grade math answers or programs, row by row',
  evaluate: 'compare methods over a pool, with intervals',
  report: 'render an evaluation again: terminal, Markdown, HTML',
  synthesize: 'graded candidates into training tasks, with exports for trainers',
  train: 'a selector by reinforcement, or a refiner by joint training; resumes',
  serve: 'the gateway: any method as an OpenAI-compatible model',
  engine: 'the embedded engine as a server: OpenAI-compatible and Tinker protocol',
  doctor: 'what works on this machine, what does not, how to mend it',
};

/** The text of `winnow --help`. */
export function overview() {
  const width = Math.max(...Object.keys(SUMMARIES).map((name) => name.length));
  const rows = Object.entries(SUMMARIES).map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`);
  return `winnow: many candidate solutions in, one better answer out

Usage: winnow COMMAND [options]

Commands:
${rows.join('\n')}

Every command: --help (with examples), --json (one JSON document on stdout), --seed N, --quiet.
Exit codes: 0 done · 1 done, some items failed · 2 wrong use or bad input · 3 an outside service failed · 130 interrupted.

Examples:
  winnow quickstart
  winnow solve "What is 17 * 23?" --model http://localhost:8000/v1#my-model --n 8
  winnow import outputs.jsonl --out pool && winnow evaluate pool --k 1,2,4,8 --out report

Start with: winnow quickstart
`;
}
