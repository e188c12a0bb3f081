import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { WinnowError } from '../../core/index.ts';
import { type Assets, asset, loadAssets, PYTHON_SOURCES } from './assets.ts';
import type { Worker } from './pool.ts';
import { type Confined, processWorker, startConfined, whenReady } from './process-worker.ts';

const SOURCES = [...PYTHON_SOURCES, 'pyodide_host.py'];
/** Room for recursion inside C code, under the 8 MiB that a main thread has on Linux and macOS. */
const STACK_FLAGS = process.platform === 'win32' ? [] : ['--stack-size=7000'];

/** The memory of a started Pyodide, from which later ones start. */
interface Start {
  readonly heap: Buffer;
  readonly steps: Buffer;
}

export interface WorkerLimits {
  /** Of one program, in MiB. */
  readonly memoryMb: number;
  /** Of one program's standard output, in MiB. */
  readonly outputMb: number;
}

/** Shared by every sandbox of this process. */
const starts = new WeakMap<Assets, Promise<Start | undefined>>();

/** Makes workers. The first of the process boots Pyodide from nothing, the others start from its memory. */
export function pyodideWorkers(
  { memoryMb, outputMb }: WorkerLimits,
  assets: Assets = loadAssets(),
): () => Promise<Worker> {
  let files: Promise<readonly (Buffer | string)[]> | undefined;
  return async function startWorker() {
    files ??= readFiles(memoryMb, assets);
    const known = await starts.get(assets);
    const opened = openProcess(await files, known);
    if (known === undefined) {
      const made = opened.then(
        ({ made }) => made,
        () => undefined,
      );
      starts.set(assets, made);
    }
    const { confined } = await opened;
    return processWorker(confined, { output: outputMb * 1024 * 1024 });
  };
}

async function openProcess(files: readonly (Buffer | string)[], known: Start | undefined) {
  const confined: Confined = startConfined('pyodide-process', [], STACK_FLAGS);
  for (const file of [...files, known?.heap ?? '', known?.steps ?? '']) confined.frames.write(file);
  const made = await whenReady(confined, async (frames) => {
    const start = known ?? { heap: await frames.read(), steps: await frames.read() };
    await frames.read();
    return start;
  });
  return { confined, made };
}

/** The files that the process gets over its line, since it can read none. Each change to Pyodide must fit once. */
async function readFiles(memoryMb: number, assets: Assets): Promise<readonly (Buffer | string)[]> {
  const folder = new URL('.', pathToFileURL(createRequire(import.meta.url).resolve('pyodide/package.json')));
  const text = (url: URL): Promise<string> => readFile(url, 'utf8');
  const asm = [
    ['export default _createPyodideModule;', 'globalThis._createPyodideModule = _createPyodideModule;'],
    ['var getHeapMax=()=>4294901760', `var getHeapMax=()=>${memoryMb * 1024 * 1024}`],
  ].reduce(replaceOnce, await text(new URL('pyodide.asm.mjs', folder)));
  const noImports = asm
    .replaceAll('import.meta.url', '"file:///"')
    .replaceAll('await import(', 'await globalThis.none(');
  const sources = SOURCES.map((name) => [name, asset(assets, name).toString()]);
  return [
    asset(assets, 'glue.js'),
    noImports,
    await text(new URL('pyodide.js', folder)),
    await readFile(new URL('pyodide.asm.wasm', folder)),
    await readFile(new URL('python_stdlib.zip', folder)),
    JSON.stringify(Object.fromEntries(sources)),
  ];
}

function replaceOnce(text: string, [from = '', to = '']: readonly string[]): string {
  const pieces = text.split(from);
  if (pieces.length === 2) return pieces.join(to);
  throw new WinnowError('unsupported', `the installed pyodide does not have \`${from}\` exactly once`, {
    hint: 'install the pyodide version that package.json names',
  });
}
