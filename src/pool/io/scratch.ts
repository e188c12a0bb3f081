import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Files for a while, in a folder of the system's temporary one that is made when the first is named. */
export interface Scratch {
  file(name: string): string;
  remove(): Promise<void>;
}

export function makeScratch(): Scratch {
  let folder: string | undefined;
  return {
    file(name) {
      folder ??= mkdtempSync(path.join(tmpdir(), 'winnow-'));
      return path.join(folder, name);
    },
    remove: async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
