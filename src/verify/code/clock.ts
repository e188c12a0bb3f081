import { readdirSync, readFileSync } from 'node:fs';

const LOOK_MS = 100;
/** Times the limit that a run may last in all, however little it gets to run. */
const WALL = 20;

/** Times in milliseconds since a process began: its main thread's on a processor, and all its threads' on one or ready but waiting for one. */
interface Times {
  readonly cpu: number;
  readonly ready: number;
}

/**
 * Times from /proc/PID/task/TID/schedstat; undefined where the system does not tell. The other threads count as well: the
 * main one waits for them (garbage collection, compilation), and they for the machine.
 */
function timesOf(pid: number): Times | undefined {
  try {
    const own = schedstat(pid, pid);
    const ready = readdirSync(`/proc/${pid}/task`).map((thread) => schedstat(pid, Number(thread)));
    return { cpu: own.cpu, ready: ready.reduce((sum, { cpu, queued }) => sum + cpu + queued, 0) };
  } catch {
    return undefined;
  }
}

function schedstat(pid: number, thread: number): { readonly cpu: number; readonly queued: number } {
  const [cpu = 0, queued = 0] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ').map(Number);
  return { cpu: cpu / 1e6, queued: queued / 1e6 };
}

/**
 * Calls `expired` once a process has used `limitMs`: time on a processor, and time in which it was not even ready to
 * run, such as sleep. Waiting for a busy machine is free. Where the system does not tell these (not Linux), the wall
 * clock counts. Returns the function that stops the watch.
 */
export function watchTime(pid: number, limitMs: number, expired: () => void): () => void {
  const start = performance.now();
  let times = timesOf(pid);
  let last = start;
  let used = 0;
  const timer = setInterval(() => {
    const now = timesOf(pid);
    const [wall, cpu, ready] = [performance.now() - last, since('cpu', now), since('ready', now)];
    // A late look means that this process had to wait as well: what the other idled meanwhile is not counted.
    used += cpu + Math.max(0, Math.min(wall - ready, LOOK_MS));
    [times, last] = [now, performance.now()];
    if (used <= limitMs && last - start <= WALL * limitMs) return;
    clearInterval(timer);
    pending = setImmediate(expired); // after what has already arrived is read: it may be the answer
  }, LOOK_MS);
  let pending: NodeJS.Immediate | undefined;

  function since(key: keyof Times, now: Times | undefined): number {
    return now === undefined || times === undefined ? 0 : now[key] - times[key];
  }

  return () => {
    clearInterval(timer);
    clearImmediate(pending);
  };
}
