import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WinnowError } from '../../core/index.ts';

const FOLDER = new URL('../../../assets/verify-code/', import.meta.url);
const PYTHON = ['remote.py', 'plain.py', 'wire.py', 'candidate.py', 'tests.py', 'judge.py', 'rehearse.py'];
const NAMES = [
  ...PYTHON,
  'native_judge.py',
  'core.py',
  'supervisor.py',
  'pyodide_host.py',
  'glue.js',
  'quickjs-guest.js',
  'quickjs-world.js',
];
const PROCESSES = ['pyodide-process', 'quickjs-process', 'process-line'] as const;

/** The Python that both Python sandboxes run: the line between the two sides, and each side. */
export const PYTHON_SOURCES: readonly string[] = PYTHON;

/** What runs inside the sandboxes, by file name. */
export type Assets = ReadonlyMap<string, Buffer>;

interface ProcessFile {
  readonly path: string;
  readonly hash: string;
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

let kept: { readonly assets: Assets; readonly processes: ReadonlyMap<string, ProcessFile> } | undefined;

/** Read once: files that change while winnow runs (an upgrade) must not meet those it started with. */
function keep(): NonNullable<typeof kept> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  kept ??= {
    assets: new Map(NAMES.map((name) => [name, readFileSync(new URL(name, FOLDER))])),
    processes: new Map(
      PROCESSES.map((name) => {
        const path = fileURLToPath(new URL(`./${name}.${ending}`, import.meta.url));
        return [name, { path, hash: hashOf(path) }];
      }),
    ),
  };
  return kept;
}

/** What runs inside the sandboxes, as it was when this process first asked. */
export const loadAssets = (): Assets => keep().assets;

/** One file of the assets. */
export function asset(assets: Assets, name: string): Buffer {
  const content = assets.get(name);
  if (content === undefined) throw new WinnowError('internal', `the sandbox needs ${name}, and it is not there`);
  return content;
}

/** The path of a process file, which Node reads from the disk. Throws `internal` once it is not what it was at the start. */
export function processFile(name: (typeof PROCESSES)[number]): string {
  const { path, hash } = keep().processes.get(name) as ProcessFile;
  if (hashOf(path) === hash) return path;
  throw new WinnowError('internal', `${path} has changed since winnow started`, { hint: 'start winnow again' });
}
