import { WinnowError } from '../core/index.ts';
import type { ImportedPool } from '../pool/index.ts';
import type { CommandContext, DefineCommand } from './command.ts';
import { repeated } from './options.ts';

interface ImportOptions {
  readonly out: string;
  readonly map?: readonly string[];
  readonly force?: boolean;
}

const SHOWN_LINES = 20;

const EXAMPLES = `
One sample a row: {"problem_id", "problem", "gold" or "tests", "completion", "sample_index"?, "model"?, ...}. Usual other names are
understood (task_id, question, answer, response, generation, ...), so are lists of completions with labels beside them. Labels of
others are kept under "labels", numbers such as rm_score under "scores", everything else under "meta".

Examples:
  winnow import outputs.jsonl --out pool
  winnow import generations.parquet --out pool.jsonl --map completion=model_text --map problem_id=uuid
  zcat outputs.jsonl.gz | winnow import - --out pool.jsonl.zst --json
`;

export const define: DefineCommand = (command, start) => {
  command
    .argument('<file>', 'others\' outputs: .jsonl, .json, .parquet, .gz and .zst; "-" is standard input')
    .requiredOption('--out <pool>', 'a folder, or a file: .jsonl, .jsonl.zst, .json, .parquet')
    .option('--map <field=name>', 'our field and the name it has in the file; may be given several times', repeated)
    .option('--force', 'replace another import or a report that is there')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ImportOptions) => importFile(file, options, start({ ...options })));
};

async function importFile(
  file: string,
  { out, map = [], force = false }: ImportOptions,
  context: CommandContext,
): Promise<void> {
  const { importPool } = await import('../pool/index.ts');
  if (context.json && out === '-') {
    throw new WinnowError('wrong-use', '--json and --out - would both write to standard output.', {
      hint: 'Name a file with --out.',
    });
  }
  const progress = context.progress('importing', { unit: 'samples' });
  let badLines = 0;
  const imported = await importPool(file, out, {
    map: parseMap(map),
    force,
    onNote: context.note,
    onProblem({ line, problem }) {
      badLines++;
      if (badLines <= SHOWN_LINES) context.warn(`winnow: ${file} line ${line} ${problem}`);
    },
    onSamples(count) {
      context.signal.throwIfAborted();
      progress.add(count);
    },
  });
  progress.end();
  if (badLines > SHOWN_LINES) context.warn(`winnow: ${badLines - SHOWN_LINES} further lines could not be used.`);
  if (badLines > 0) context.exitWith(2);
  if (imported.empty === imported.samples && Object.keys(imported.labels).length === 0) {
    context.warn(
      'winnow: every completion is empty. If the texts are in another field: --map completion=NAME --force.',
    );
  }
  context.emit({ ...imported, bad_lines: badLines, out });
  context.note(describe(imported, badLines, out));
}

/** Reads the `field=name` pairs of `--map`. */
export function parseMap(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new WinnowError('wrong-use', `--map expects field=name, not "${pair}".`, {
        hint: 'For example --map completion=model_text.',
      });
    }),
  );
}

function describe(imported: ImportedPool, badLines: number, out: string): string {
  const { problems, samples, models, domains, labels, scores, gradable } = imported;
  const shown = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} (${count.toLocaleString('en-US')})`)
      .join(', ') || 'none';
  return [
    `${samples.toLocaleString('en-US')} samples of ${problems.toLocaleString('en-US')} problems -> ${out}`,
    `  models    ${models.length > 4 ? `${models.length} models` : models.join(', ') || 'not named'}`,
    `  domains   ${shown(domains)}; ${gradable.toLocaleString('en-US')} problems have a gold`,
    `  labels    ${shown(labels)}`,
    `  scores    ${shown(scores)}`,
    ...(badLines > 0 ? [`  left out  ${badLines} lines that could not be used`] : []),
    ...(out === '-' ? [] : [`Next: winnow evaluate ${out}`]),
  ].join('\n');
}
