/** Requests of the Tinker protocol: JSON over HTTP, sent again while the service is away, and results fetched by polling. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request as send } from 'undici';
import { WinnowError } from '../core/index.ts';

export interface TinkerConnection {
  /** The server without /api/v1. */
  readonly baseUrl: string;
  /** Self-hosted servers take any value. */
  readonly apiKey?: string;
  /** How long a service that is away is waited for; default ten minutes. */
  readonly patienceMs?: number;
  /** Longest pause between two attempts; the first is 0.2 s, each next twice as long. Default 10 s. */
  readonly maxPauseMs?: number;
  /** Once aborted, a service that is away is waited for no longer. */
  readonly signal?: AbortSignal;
  /** Told once when waiting for a service that is away takes longer than a moment. */
  readonly onWait?: (failure: WinnowError) => void;
}

export interface TinkerTransport {
  /** Sends one request, again and again while it cannot have an answer. Safe for what is idempotent by its seq_id. */
  post(path: string, body: object, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** The result of a request that was accepted, however long it takes. */
  result(requestId: string, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly retryAfterMs: number | undefined;
}

const FIRST_PAUSE_MS = 200;
/** Pauses up to this are not worth a word. */
const SHORT_PAUSE_MS = 1000;
/** Longer than servers hold a poll. */
const REPLY_TIMEOUT_MS = 330_000;

export function createTinkerTransport(connection: TinkerConnection): TinkerTransport {
  const { baseUrl, apiKey = 'tml-local', patienceMs = 600_000, maxPauseMs = 10_000, onWait } = connection;
  const { signal: patience } = connection;
  let waiting = false;
  if (!URL.canParse(baseUrl)) {
    throw new WinnowError('wrong-use', `"${baseUrl}" is not the address of a training server.`, {
      hint: 'Expected something like http://host:8000, without /api/v1.',
    });
  }
  const root = `${baseUrl.replace(/\/+$/, '')}/api/v1/`;
  const agent = new Agent({ headersTimeout: REPLY_TIMEOUT_MS, bodyTimeout: REPLY_TIMEOUT_MS, connections: 64 });

  async function once(
    method: 'GET' | 'POST',
    path: string,
    text: string | undefined,
    signal?: AbortSignal,
  ): Promise<Reply> {
    const reply = await send(root + path, {
      method,
      dispatcher: agent,
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
      ...(text === undefined ? {} : { body: text }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (String(reply.headers['content-type']).includes('protobuf')) {
      await reply.body.dump();
      throw new WinnowError('unsupported', `The training server ${baseUrl} answered ${path} in protobuf.`, {
        hint: 'Use a server that speaks JSON, such as SkyRL up to 0.3.',
      });
    }
    const retryAfter = Number(reply.headers['retry-after']);
    return {
      status: reply.statusCode,
      body: parse(await reply.body.text()),
      retryAfterMs: Number.isFinite(retryAfter) ? 1000 * retryAfter : undefined,
    };
  }

  /** Until there is an answer that is not "later". Throws `unreachable` or `service-failed` when patience is over. */
  async function persist(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal?: AbortSignal,
  ): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const deadline = performance.now() + patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(maxPauseMs, 2 * pause)) {
      signal?.throwIfAborted();
      let wait = pause;
      let failure: WinnowError;
      try {
        const reply = await once(method, path, text, signal);
        if (!isPassing(reply.status)) {
          waiting = false;
          return reply;
        }
        wait = reply.retryAfterMs ?? pause;
        failure = refusal(path, reply);
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof WinnowError) throw cause;
        failure = new WinnowError('unreachable', `The training server ${baseUrl} cannot be reached: ${String(cause)}`, {
          hint: 'Start it, or check the address.',
          cause,
        });
      }
      if (patience?.aborted === true || performance.now() + wait > deadline) throw failure;
      if (!waiting && pause > SHORT_PAUSE_MS && failure.code !== 'rate-limited') {
        waiting = true;
        onWait?.(failure);
      }
      const wake = AbortSignal.any([signal, patience].filter((one) => one !== undefined));
      await sleep(wait, undefined, { signal: wake }).catch(() => signal?.throwIfAborted());
    }
  }

  async function settled(method: 'GET' | 'POST', path: string, body?: object, signal?: AbortSignal): Promise<Json> {
    const reply = await persist(method, path, body, signal);
    if (reply.status >= 200 && reply.status < 300) return reply.body;
    throw refusal(path, reply);
  }

  return {
    post: (path, body, signal) => settled('POST', path, body, signal),
    get: (path) => settled('GET', path),
    async result(requestId, signal) {
      for (;;) {
        const reply = await persist('POST', 'retrieve_future', { request_id: requestId }, signal);
        if (reply.status === 408 || reply.body.type === 'try_again') continue;
        if (reply.status >= 400) throw refusal('retrieve_future', reply);
        if (typeof reply.body.error !== 'string') return reply.body;
        // Servers answer failed work with 200 and a category, or with 400.
        const code = reply.body.category === 'user' ? 'refused' : 'service-failed';
        throw new WinnowError(code, `The training server refused: ${reply.body.error}`);
      }
    },
    close: () => agent.close(),
  };
}

/** Worth another attempt: too many requests, a server that is starting or failing, a checkpoint still being written. */
function isPassing(status: number): boolean {
  return status === 429 || status === 425 || (status >= 500 && status !== 501);
}

function refusal(path: string, { status, body, retryAfterMs }: Reply): WinnowError {
  const said = [body.detail, body.error, body.message].find((value) => value !== undefined);
  const text = typeof said === 'string' ? said : JSON.stringify(said ?? body).slice(0, 500);
  const code =
    status === 404 ? 'not-found' : status === 429 ? 'rate-limited' : status >= 500 ? 'service-failed' : 'refused';
  return new WinnowError(code, `The training server answered ${path} with ${status}: ${text}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // What proxies send is not JSON.
  }
  return { detail: text.slice(0, 200) };
}
