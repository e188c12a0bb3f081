import type { Duplex } from 'node:stream';

const LIMIT = 256 * 1024 * 1024;

/** Length-prefixed messages over a stream to a worker process. */
export interface Frames {
  write(message: Uint8Array | string): void;
  /** The next message; rejects when the stream ends first. */
  read(): Promise<Buffer>;
}

/** Wraps a stream. One reader at a time. */
export function framesOver(stream: Duplex): Frames {
  let parts: Buffer[] = [];
  let held = 0;
  let ended: Error | undefined;
  let waiting: { resolve(message: Buffer): void; reject(error: Error): void } | undefined;

  function next(): Buffer | undefined {
    if (held < 4) return undefined;
    if ((parts[0]?.length ?? 0) < 4) parts = [Buffer.concat(parts)];
    const length = parts[0]?.readUInt32LE(0) ?? 0;
    if (length > LIMIT) stream.destroy(new Error('a message over 256 MiB'));
    if (held < 4 + length) return undefined;
    const all = Buffer.concat(parts);
    parts = [all.subarray(4 + length)];
    held = parts[0]?.length ?? 0;
    return all.subarray(4, 4 + length);
  }

  function settle(): void {
    if (waiting === undefined) return;
    const message = next();
    const { resolve, reject } = waiting;
    if (message === undefined && ended === undefined) return;
    waiting = undefined;
    if (message === undefined) reject(ended as Error);
    else resolve(message);
  }

  function end(error?: Error): void {
    ended ??= error ?? new Error('the worker process ended');
    settle();
  }

  stream.on('data', (part: Buffer) => {
    parts.push(part);
    held += part.length;
    settle();
  });
  stream.on('error', end);
  stream.on('close', () => end());

  return {
    write(message) {
      const bytes = typeof message === 'string' ? Buffer.from(message) : message;
      const head = Buffer.alloc(4);
      head.writeUInt32LE(bytes.length);
      stream.cork();
      stream.write(head);
      stream.write(bytes);
      stream.uncork(); // both in one system call
    },
    read: () =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        settle();
      }),
  };
}
