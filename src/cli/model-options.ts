import { type Command, InvalidArgumentError } from 'commander';
import { WinnowError } from '../core/index.ts';
import type { DeviceChoice } from '../engine/index.ts';
import type { Model } from '../model/index.ts';
import { integer, number, repeated } from './options.ts';

/** The options that say which model draws and how. */
export interface ModelOptions {
  readonly model?: readonly string[];
  readonly judge?: readonly string[];
  readonly device?: DeviceChoice;
  readonly apiKeyEnv: string;
  readonly api: 'chat' | 'completions';
  readonly concurrency: number;
  readonly timeout: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
}

export const DEVICE_HELP =
  'what computes a checkpoint: auto, cpu or webgpu (default: auto; winnow doctor says what it takes)';

/** Adds `--model` and everything about reaching it. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      '--model <model>',
      'http://host:8000/v1#served-name (several, or a comma list of base URLs, are balanced), a checkpoint folder, or tiny',
      repeated,
    )
    .option('--device <device>', DEVICE_HELP, oneOf(['auto', 'cpu', 'webgpu']))
    .option('--api-key-env <name>', 'environment variable that holds the API key', 'OPENAI_API_KEY')
    .option('--api <kind>', 'chat or completions', oneOf(['chat', 'completions']), 'chat')
    .option('--concurrency <n>', 'requests in flight at most', integer(1), 64)
    .option('--timeout <seconds>', 'for one reply', number(0.1), 600);
}

/** Adds `--temperature --top-p --max-tokens`. */
export function addSamplingOptions(command: Command): Command {
  return command
    .option('--temperature <t>', 'sampling temperature (default: the server decides)', number(0))
    .option('--top-p <p>', 'nucleus sampling', number(0, 1))
    .option('--max-tokens <n>', 'longest completion, in tokens', integer(1));
}

/** The sampling settings among the options, leaving out what was not given. */
export function samplingOf(options: ModelOptions): { temperature?: number; topP?: number; maxTokens?: number } {
  const { temperature, topP, maxTokens } = options;
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

/** Opens the drawing model: a server, with retries and adaptive concurrency around it, or a checkpoint on the embedded engine. */
export async function openModel(options: ModelOptions): Promise<Model> {
  return openNamed(options.model ?? [], '--model', options);
}

/** Opens the judging model; the drawing model, if any, is its default. */
export async function openJudge(options: ModelOptions, drawing?: Model): Promise<Model | undefined> {
  if (options.judge === undefined || options.judge.length === 0) return drawing;
  return openNamed(options.judge, '--judge', options);
}

async function openNamed(given: readonly string[], flag: string, options: ModelOptions): Promise<Model> {
  const folder = given.find((text) => !isServer(text));
  if (folder === undefined) return openServers(given, flag, options);
  if (given.length > 1) {
    throw new WinnowError('wrong-use', `${flag} ${folder} cannot be balanced with other models.`, {
      hint: 'Give one checkpoint, or several endpoints of one served model.',
    });
  }
  const { embedded, openCheckpoint } = await import('../engine/index.ts');
  const { device } = options;
  return embedded(await openCheckpoint(folder), device === undefined ? {} : { device });
}

/** What is written like an address is taken for one; all else is `tiny` or a checkpoint's folder. */
export function isServer(text: string): boolean {
  return /:\/\/|#|^[\w.-]+:\d+/.test(text);
}

async function openServers(given: readonly string[], flag: string, options: ModelOptions): Promise<Model> {
  const endpoints = parseEndpoints(given, flag);
  // The client is large; most commands never need it.
  const { balanced, limited, openai, retried } = await import('../model/index.ts');
  const apiKey = process.env[options.apiKeyEnv];
  // Each endpoint has its own limit, so that a busy one does not hold up the others.
  const models = endpoints.map(({ baseUrl, name }) =>
    limited(
      openai({
        baseUrl,
        model: name,
        api: options.api,
        timeoutMs: options.timeout * 1000,
        ...(apiKey === undefined ? {} : { apiKey }),
      }),
      { maxConcurrency: options.concurrency },
    ),
  );
  const [only] = models;
  if (only === undefined) throw missingModel(flag);
  return retried(models.length === 1 ? only : balanced(models));
}

interface Endpoint {
  readonly baseUrl: string;
  readonly name: string;
}

/** Reads `http://a/v1,http://b/v1#name` and repeats of it; every endpoint must serve the same name. */
export function parseEndpoints(given: readonly string[], flag: string): readonly Endpoint[] {
  const endpoints = given.flatMap((text) => {
    const [urls = '', name = ''] = splitAtHash(text);
    return urls.split(',').map((url) => ({ baseUrl: checkedUrl(url.trim(), flag), name: name.trim() }));
  });
  const names = [...new Set(endpoints.map(({ name }) => name).filter((name) => name !== ''))];
  if (names.length > 1) {
    throw new WinnowError('wrong-use', `${flag} names different models: ${names.join(', ')}.`, {
      hint: 'Requests are balanced over endpoints of one model. For several models run the command once for each.',
    });
  }
  const [name] = names;
  if (endpoints.length > 0 && name === undefined) {
    throw new WinnowError('wrong-use', `${flag} ${given[0] ?? ''} does not say which model to use.`, {
      hint: `Add the served name behind a "#", e.g. ${given[0] ?? 'http://localhost:8000/v1'}#my-model.`,
    });
  }
  return endpoints.map(({ baseUrl }) => ({ baseUrl, name: name ?? '' }));
}

function splitAtHash(text: string): readonly [string, string] {
  const hash = text.indexOf('#');
  return hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)];
}

function checkedUrl(url: string, flag: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw new WinnowError('wrong-use', `${flag} "${url}" is not the address of a model.`, {
    hint: 'Give an OpenAI-compatible server as http://host:8000/v1#served-name, a checkpoint folder, or tiny.',
  });
}

function missingModel(flag: string): WinnowError {
  return new WinnowError('wrong-use', `${flag} is missing.`, {
    hint: `Name an OpenAI-compatible server, e.g. ${flag} http://localhost:8000/v1#my-model, or a checkpoint folder.`,
  });
}

/** A parser for an option with a closed set of words. */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`);
  };
}
