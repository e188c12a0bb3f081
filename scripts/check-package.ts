/**
 * Packs winnow, checks the package with publint and attw, installs it in an empty folder outside the checkout, and there
 * runs the binary, loads every door, and compiles a program against the types.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'winnow-package-'));
const bin = path.join(root, 'node_modules', '.bin');
const run = (command: string, line: readonly string[], cwd: string): string =>
  execFileSync(command, line, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FORCE_COLOR: '0' },
  });

const { exports: doors, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const names = Object.keys(doors)
  .filter((door) => !door.endsWith('.json'))
  .map((door) => `winnow${door.slice(1)}`);

try {
  run('npm', ['pack', '--pack-destination', folder], root);
  const tarball = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  console.log(run(path.join(bin, 'publint'), ['run', tarball, '--strict'], root).trim());
  run(path.join(bin, 'attw'), [tarball, '--profile', 'esm-only'], root);

  writeFileSync(path.join(folder, 'package.json'), '{"type": "module", "private": true}');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder);
  writeFileSync(path.join(folder, 'load.mjs'), names.map((name) => `await import('${name}');`).join('\n'));
  run(process.execPath, ['load.mjs'], folder);

  const compiler = {
    ...{ strict: true, module: 'nodenext', target: 'es2023', noEmit: true, lib: ['es2023', 'dom'] },
    ...{ types: ['node'], typeRoots: [path.join(root, 'node_modules', '@types')] },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: compiler, files: ['use.ts'] }));
  const imports = names.map((name, index) => `import * as door${index} from '${name}';`).join('\n');
  const use =
    "import { majority, type Outcome } from 'winnow';\nexport const method: string = majority().name;\nexport type O = Outcome;\n";
  writeFileSync(
    path.join(folder, 'use.ts'),
    `${imports}\n${use}export const doors = [${names.map((_, i) => `door${i}`).join(', ')}];\n`,
  );
  // Other packages' declarations may have faults of their own; ours and the program's may not.
  const { stdout } = spawnSync(path.join(bin, 'tsc'), ['-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const faults = stdout.split('\n').filter((line) => /^(use\.ts|node_modules\/winnow\/)/.test(line));
  if (faults.length > 0) throw new Error(`the types do not compile outside the checkout:\n${faults.join('\n')}`);

  const installed = path.join(folder, 'node_modules', '.bin', 'winnow');
  const said = run(installed, ['--version'], folder).trim();
  if (said !== version) throw new Error(`winnow --version said "${said}", not ${version}`);
  const line = ['quickstart', '--minutes', '0.1', '--json', '--quiet'];
  const { selector } = JSON.parse(run(installed, line, folder));
  if (selector.n_tasks !== 100) throw new Error(`quickstart measured ${selector.n_tasks} tasks, not 100`);
  console.log(`winnow ${version}: ${names.length} doors load and type-check; the installed binary runs quickstart.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
