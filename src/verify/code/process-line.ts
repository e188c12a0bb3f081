/** The line of a confined process to the one that started it: length-prefixed messages on descriptor 3, one at a time. */
import { readSync, writeSync } from 'node:fs';

const NODE = 3;

/** Waits for the next message. The process ends where the line does. */
export function readFrame(): Buffer {
  return readBytes(readBytes(4).readUInt32LE(0));
}

function readBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const got = readSync(NODE, bytes, at, length - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return bytes;
}

export function writeFrame(bytes: Uint8Array): void {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  for (const part of [head, bytes]) {
    for (let at = 0; at < part.length; ) at += writeSync(NODE, part, at);
  }
}

export const say = (message: object): void => writeFrame(Buffer.from(JSON.stringify(message)));
