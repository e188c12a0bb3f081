import { readdirSync, readFileSync } from 'node:fs';

const LOOK_MS = 100;
/** Times the limit that a run may last in all, however little it gets to run. */
const WALL = 20;

/** Milliseconds since a thread began: on a processor, and on one or ready but waiting for one. */
interface Times {
  readonly cpu: number;
  readonly ready: number;
}

/** From /proc/PID/task/TID/schedstat; undefined where the system does not tell. */
function timesOf(pid: number, thread: number): Times | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
    const [cpu = 0, queued = 0] = text.split(' ').map(Number);
    return { cpu: cpu / 1e6, ready: (cpu + queued) / 1e6 };
  } catch {
    return undefined;
  }
}

/** The time of all threads but the main one, which waits for them (garbage collection, compilation), and they for the machine. */
function othersReady(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    return threads.reduce((sum, thread) => sum + (thread === pid ? 0 : (timesOf(pid, thread)?.ready ?? 0)), 0);
  } catch {
    return 0;
  }
}

/**
 * Calls `expired` once a process has used `limitMs`: time on a processor, and time in which it was not even ready to
 * run, such as sleep. Waiting for a busy machine is free. Where the system does not tell these (not Linux), the wall
 * clock counts. Returns the function that stops the watch.
 */
export function watchTime(pid: number, limitMs: number, expired: () => void): () => void {
  const start = performance.now();
  let main = timesOf(pid, pid);
  let others: number | undefined; // asked from the first look on: most runs end before it
  let last = start;
  let used = 0;
  const timer = setInterval(() => {
    const [mainNow, othersNow] = [timesOf(pid, pid), othersReady(pid)];
    const cpu = since('cpu', mainNow);
    const ready = since('ready', mainNow) + othersNow - (others ?? othersNow);
    const wall = performance.now() - last;
    // A late look means that this process had to wait as well: what the other idled meanwhile is not counted.
    used += cpu + Math.max(0, Math.min(wall - ready, LOOK_MS));
    [main, others, last] = [mainNow, othersNow, performance.now()];
    if (used <= limitMs && last - start <= WALL * limitMs) return;
    clearInterval(timer);
    pending = setImmediate(expired); // after what has already arrived is read: it may be the answer
  }, LOOK_MS);
  let pending: NodeJS.Immediate | undefined;

  function since(key: keyof Times, now: Times | undefined): number {
    return now === undefined || main === undefined ? 0 : now[key] - main[key];
  }

  return () => {
    clearInterval(timer);
    clearImmediate(pending);
  };
}
