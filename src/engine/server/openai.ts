/** The OpenAI-compatible face of the engine: models, chat and text completions. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { addUsage, type Sample, type TokenLogprob, type Usage, WinnowError } from '../../core/index.ts';
import type { EmbeddedModel } from '../embedded-model.ts';
import { openaiError } from './http-errors.ts';
import { chatDrawing, completionDrawing, type Drawing } from './openai-request.ts';

export interface OpenaiOptions {
  /** Names in `GET /v1/models`. */
  readonly names: () => readonly string[];
  /** Throws `not-found` for a name that is not served. */
  readonly modelNamed: (name: string) => EmbeddedModel;
}

type Kind = 'chat' | 'text';

export function openaiRoutes({ names, modelNamed }: OpenaiOptions): Hono {
  const app = new Hono();
  const created = Math.floor(Date.now() / 1000);
  const card = (id: string) => ({ id, object: 'model', created, owned_by: 'winnow' });
  app.onError((error) => openaiError(error));
  app.get('/models', (context) => context.json({ object: 'list', data: names().map(card) }));
  app.get('/models/:name{.+}', (context) => {
    const name = context.req.param('name');
    modelNamed(name);
    return context.json(card(name));
  });
  app.post('/chat/completions', async (context) => {
    const drawing = chatDrawing(await readJson(context.req.raw), modelNamed);
    return answer('chat', modelNamed(drawing.model), drawing, context.req.raw.signal);
  });
  app.post('/completions', async (context) => {
    const drawing = completionDrawing(await readJson(context.req.raw), modelNamed);
    return answer('text', modelNamed(drawing.model), drawing, context.req.raw.signal);
  });
  return app;
}

/** The body as JSON; nothing readable becomes `undefined`, which no schema accepts. */
export async function readJson(request: Request): Promise<unknown> {
  if (request.headers.get('content-type')?.includes('protobuf')) {
    throw new WinnowError('unsupported', 'The body is protobuf; this server reads JSON.', {
      hint: 'Use the official SDK up to 0.24.1 (pip install "tinker<=0.24.1").',
    });
  }
  return request.json().catch(() => undefined);
}

async function answer(kind: Kind, model: EmbeddedModel, drawing: Drawing, signal: AbortSignal): Promise<Response> {
  const head = {
    id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: drawing.model,
  };
  if (drawing.stream) return streamed(kind, model, drawing, head, signal);
  const generations = await Promise.all(
    drawing.prompts.map((prompt) => model.generateFrom(prompt, drawing.request, { signal })),
  );
  const samples = generations.flatMap(({ samples }) => samples);
  return Response.json({
    ...head,
    object: kind === 'chat' ? 'chat.completion' : 'text_completion',
    choices: samples.map((sample, index) => ({
      index,
      ...(kind === 'chat'
        ? { message: { role: 'assistant', content: sample.text, refusal: null } }
        : { text: sample.text }),
      logprobs: logprobsField(kind, sample.logprobs),
      finish_reason: sample.finishReason,
      ...(drawing.tokenIds ? { token_ids: sample.tokenIds } : {}),
    })),
    usage: usageField(addUsage(...generations.map(({ usage }) => usage))),
  });
}

/** Server-sent events: text as it settles, then each choice's end, the usage where asked for, and [DONE]. */
function streamed(kind: Kind, model: EmbeddedModel, drawing: Drawing, head: object, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  const cancelled = new AbortController();
  const n = drawing.request.n ?? 1;
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (data: object | string): void => {
        if (cancelled.signal.aborted) return;
        controller.enqueue(encoder.encode(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`));
      };
      const object = kind === 'chat' ? 'chat.completion.chunk' : 'text_completion';
      const chunk = (choices: readonly object[], usage: object | null = null): void =>
        send({ ...head, object, choices, ...(drawing.includeUsage ? { usage } : {}) });
      const piece = (index: number, text: string | undefined, sample?: Sample): void => {
        const content = kind === 'chat' ? { delta: text === undefined ? {} : { content: text } } : { text: text ?? '' };
        const logprobs = logprobsField(kind, sample?.logprobs);
        chunk([{ index, ...content, logprobs, finish_reason: sample?.finishReason ?? null }]);
      };
      try {
        for (let index = 0; kind === 'chat' && index < n; index++) {
          chunk([{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
        }
        const generations = await Promise.all(
          drawing.prompts.map(async (prompt, p) => {
            const generation = await model.generateFrom(prompt, drawing.request, {
              signal: AbortSignal.any([signal, cancelled.signal]),
              onDelta: ({ index, text }) => piece(p * n + index, text),
            });
            for (const sample of generation.samples) piece(p * n + sample.index, undefined, sample);
            return generation;
          }),
        );
        if (drawing.includeUsage) chunk([], usageField(addUsage(...generations.map(({ usage }) => usage))));
        send('[DONE]');
      } catch (error) {
        send(await openaiError(error).text());
      }
      if (!cancelled.signal.aborted) controller.close();
    },
    cancel: () => cancelled.abort(),
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
}

function usageField({ promptTokens = 0, completionTokens = 0 }: Usage): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function logprobsField(kind: Kind, logprobs: readonly TokenLogprob[] | undefined): object | null {
  if (logprobs === undefined) return null;
  if (kind === 'chat') {
    const entry = ({ token, logprob }: TokenLogprob) => ({ token, logprob, bytes: [...Buffer.from(token)] });
    return {
      content: logprobs.map((one) => ({ ...entry(one), top_logprobs: (one.top ?? []).map(entry) })),
      refusal: null,
    };
  }
  let offset = 0;
  const offsets = logprobs.map(({ token }) => {
    const at = offset;
    offset += token.length;
    return at;
  });
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top = [] }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}
