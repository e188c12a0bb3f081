import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createTinkerTransport } from './tinker-transport.ts';

/** The address of a server that answers everything with 503. */
async function failingServer(): Promise<{ readonly baseUrl: string; close(): void }> {
  const server = createServer((_request, response) => response.writeHead(503).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

test('a server that is away is waited for with a word, and no longer once the wait is broken off', async () => {
  const { baseUrl, close } = await failingServer();
  const broken = new AbortController();
  const said: string[] = [];
  const transport = createTinkerTransport({
    baseUrl,
    signal: broken.signal,
    onWait({ message }) {
      said.push(message);
      broken.abort();
    },
  });
  await assert.rejects(transport.get('get_server_capabilities'), { code: 'service-failed', status: 503 });
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /answered get_server_capabilities with 503/);
  await transport.close();
  close();
});
