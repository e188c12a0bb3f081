import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bubblewrapWorkers, findPython, type NativePython } from './bubblewrap-worker.ts';
import type { Job, SandboxKind } from './sandbox.ts';

const run = promisify(execFile);

/** One sandbox as `winnow doctor` shows it. */
export interface SandboxReport {
  readonly kind: SandboxKind;
  readonly available: boolean;
  /** Whether `auto` picks it for Python. */
  readonly chosen: boolean;
  readonly detail: string;
  /** How to mend it, where it is not available. */
  readonly mend?: string;
}

interface Native {
  readonly native?: NativePython;
  readonly detail: string;
  readonly mend?: string;
}

/** What a program inside must find: no network, no host files, no environment, nobody's identity, no new processes. */
const ISOLATION = `
import os, socket
found = []
def tries(name, action):
    try:
        action()
        found.append(name)
    except (OSError, ValueError):
        pass
tries('network', lambda: socket.socket())
tries('fork', lambda: os._exit(0) if os.fork() == 0 else None)
tries('signals', lambda: os.kill(os.getppid(), 0))
tries('write to /usr', lambda: open('/usr/winnow-probe', 'w'))
tries('write to /dev', lambda: open('/dev/winnow-probe', 'w'))
tries('/etc/passwd', lambda: open('/etc/passwd'))
tries('/home', lambda: os.listdir('/home'))
tries('/root', lambda: os.listdir('/root/'))
tries('/proc', lambda: os.listdir('/proc/self'))
if os.getuid() == 0 or os.getgid() == 0: found.append('uid 0')
if 'WINNOW_PROBE' in os.environ: found.append('environment')
print(','.join(found) or 'isolated')
`;

let native: Promise<Native> | undefined;

/** Looks once for bubblewrap and a Python it can run, and proves with a program that it isolates. */
export function probeBubblewrap(): Promise<Native> {
  native ??= probe();
  return native;
}

async function probe(): Promise<Native> {
  if (process.platform !== 'linux')
    return { detail: 'bubblewrap is for Linux', mend: 'nothing to do: pyodide works here' };
  const bubblewrap = await pathOf('bwrap');
  if (bubblewrap === undefined)
    return { detail: 'bwrap is not installed', mend: 'install bubblewrap (Debian: apt install bubblewrap)' };
  let trouble = 'no python3 was found';
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      const found: NativePython = { bubblewrap, ...(await findPython(python)) };
      const word = await tryIsolation(found);
      if (word === 'isolated') return { native: found, detail: `Python ${found.version} at ${found.python}` };
      trouble = `a program inside could reach: ${word}`;
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
  }
  const mend =
    'allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0) and install python3 where every user may read it';
  return { detail: trouble.split('\n')[0] ?? trouble, mend };
}

async function pathOf(name: string): Promise<string | undefined> {
  try {
    return (await run('/bin/sh', ['-c', `command -v ${name}`])).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function tryIsolation(found: NativePython): Promise<string> {
  const worker = await bubblewrapWorkers(found, { memoryMb: 256, outputMb: 1 })(0);
  try {
    const job: Job = { kind: 'script', program: ISOLATION, stdin: '', timeLimitMs: 5000 };
    const answer = await worker.run(job);
    return (answer.stdout ?? '').trim() || `nothing (${answer.detail ?? answer.how ?? answer.outcome})`;
  } finally {
    await worker.close();
  }
}

/** Every sandbox, whether it works here, which one `auto` picks for Python and why, and how to mend the others. */
export async function probeSandboxes(): Promise<readonly SandboxReport[]> {
  const { native: found, detail, mend } = await probeBubblewrap();
  const why = found === undefined ? '' : ': native speed, and its probe found it isolated';
  return [
    {
      kind: 'bubblewrap',
      available: found !== undefined,
      chosen: found !== undefined,
      detail: detail + why,
      ...(mend === undefined ? {} : { mend }),
    },
    {
      kind: 'pyodide',
      available: true,
      chosen: found === undefined,
      detail: 'Python 3.14 in WebAssembly, always there',
    },
    { kind: 'quickjs', available: true, chosen: false, detail: 'for JavaScript programs, always there' },
  ];
}
