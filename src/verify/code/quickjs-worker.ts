import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Assets, asset, loadAssets } from './assets.ts';
import type { Worker } from './pool.ts';
import { processWorker, startConfined, whenReady } from './process-worker.ts';
import type { WorkerLimits } from './pyodide-worker.ts';

/** Makes workers that run JavaScript in QuickJS. */
export function quickjsWorkers(
  { memoryMb, outputMb }: WorkerLimits,
  assets: Assets = loadAssets(),
): () => Promise<Worker> {
  const limits = { output: outputMb * 1024 * 1024, memory: memoryMb * 1024 * 1024 };
  return async function startWorker() {
    const confined = startConfined('quickjs-process', moduleFolders(), []);
    for (const name of ['quickjs-guest.js', 'quickjs-world.js']) confined.frames.write(asset(assets, name));
    await whenReady(confined, (frames) => frames.read());
    return processWorker(confined, limits);
  };
}

/** Every `node_modules` that the process may have to look in: those above this file, and the one quickjs really is in. */
function moduleFolders(): readonly string[] {
  const real = path.dirname(path.dirname(createRequire(import.meta.url).resolve('quickjs-emscripten/package.json')));
  const folders = [real];
  for (let at = path.dirname(fileURLToPath(import.meta.url)); at !== path.dirname(at); at = path.dirname(at)) {
    folders.push(path.join(at, 'node_modules'));
  }
  return folders.filter((folder) => existsSync(folder)).map((folder) => path.join(folder, '*'));
}
