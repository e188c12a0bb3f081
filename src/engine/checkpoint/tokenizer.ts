import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Message, WinnowError } from '../../core/index.ts';
import type { Tokenizer } from '../../train/protocol/index.ts';

/** The files of a checkpoint that belong to its tokenizer, as they are; absent ones are left out. */
export type TokenizerFiles = Readonly<Record<string, string>>;

export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'chat_template.jinja',
] as const;

export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const found: Record<string, string> = {};
  for (const name of TOKENIZER_FILES) {
    const text = await readFile(path.join(folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

/** The tokenizer of a checkpoint folder of any architecture. The weights need not be there. */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const file = path.join(folder, 'config.json');
  const config = parseObject(await readFile(file, 'utf8').catch(() => '{}'), file);
  const [vocabSize] = tokenIds(config.vocab_size);
  return createTokenizer(await readTokenizerFiles(folder), folder, vocabSize, tokenIds(config.eos_token_id));
}

/** Makes the tokenizer that the files describe. `folder` is named in errors; `vocabSize` is the model's, where that is known. */
export async function createTokenizer(
  files: TokenizerFiles,
  folder: string,
  vocabSize: number | undefined,
  modelEndTokens: readonly number[],
): Promise<Tokenizer> {
  const [{ Tokenizer: Library }, { Template }] = await Promise.all([
    import('@huggingface/tokenizers'),
    import('@huggingface/jinja'),
  ]);
  if (files['tokenizer.json'] === undefined) {
    throw new WinnowError('not-found', `${folder} has no tokenizer.json.`, {
      hint: 'Checkpoints with only vocab.json and merges.txt can be converted by loading and saving them with transformers.',
    });
  }
  const settings = parseObject(files['tokenizer_config.json'] ?? '{}', path.join(folder, 'tokenizer_config.json'));
  const tokenizerPath = path.join(folder, 'tokenizer.json');
  const tokenizerJson = parseObject(files['tokenizer.json'], tokenizerPath);
  const library = makeLibrary(() => new Library(tokenizerJson, settings), tokenizerPath);
  const template = chatTemplate(files, settings);
  const special = specialTokens(settings);
  const generation = parseObject(files['generation_config.json'] ?? '{}', path.join(folder, 'generation_config.json'));
  const named = special.eos_token === undefined ? undefined : library.token_to_id(special.eos_token);
  const endTokens = [
    ...new Set([...tokenIds(generation.eos_token_id), ...modelEndTokens, ...(named === undefined ? [] : [named])]),
  ];

  // Without words and byte fallback the library drops characters that the vocabulary lacks.
  const drops = library.pre_tokenizer === null;
  function encode(text: string): readonly number[] {
    const { ids } = library.encode(text, { add_special_tokens: false });
    if (drops) checkKept(text, decodeKnown(ids, {}));
    return ids;
  }
  /** The library takes neither an empty list nor ids it has no text for; models' vocabularies are often rounded up. */
  function decodeKnown(ids: readonly number[], options: { readonly skip_special_tokens?: boolean }): string {
    const known = ids.filter((id) => library.id_to_token(id) !== undefined);
    return known.length === 0 ? '' : library.decode(known, { ...options, clean_up_tokenization_spaces: false });
  }
  function checkKept(text: string, kept: string): void {
    if (text === kept) return;
    const [before, after] = [[...text], [...kept]];
    const lost = before.find((character, i) => character !== after[i]);
    throw new WinnowError('bad-input', `The vocabulary of ${folder} has no ${JSON.stringify(lost)}.`, {
      hint: 'This model knows few characters; its documentation lists them.',
    });
  }

  return {
    vocabSize: vocabSize ?? library.get_vocab().size,
    endTokens,
    encode,
    decode: (ids) => decodeKnown(ids, { skip_special_tokens: true }),
    renderChat(messages) {
      if (template === undefined) {
        throw new WinnowError('unsupported', `${folder} has no chat template, so it cannot be asked by messages.`, {
          hint: 'Use raw prompts, or put a chat_template into its tokenizer_config.json.',
        });
      }
      return encode(renderTemplate(() => new Template(template), messages, special, folder));
    },
  };
}

/** Token ids as config files give them: one, several or none. */
export function tokenIds(value: unknown): readonly number[] {
  return [value].flat().filter((id): id is number => Number.isSafeInteger(id));
}

function makeLibrary<T>(make: () => T, file: string): T {
  try {
    return make();
  } catch (cause) {
    throw new WinnowError('bad-input', `${file} is not a tokenizer that can be used: ${String(cause)}`, { cause });
  }
}

function renderTemplate(
  parse: () => { render(values: Record<string, unknown>): string },
  messages: readonly Message[],
  special: Readonly<Record<string, string>>,
  folder: string,
): string {
  try {
    return parse().render({
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: true,
      ...special,
    });
  } catch (cause) {
    throw new WinnowError(
      'bad-input',
      `The chat template of ${folder} could not render these messages: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}

function chatTemplate(files: TokenizerFiles, settings: Readonly<Record<string, unknown>>): string | undefined {
  if (files['chat_template.jinja'] !== undefined) return files['chat_template.jinja'];
  const given = settings.chat_template;
  if (typeof given === 'string') return given;
  if (!Array.isArray(given)) return undefined;
  const named = given as readonly { readonly name?: unknown; readonly template?: unknown }[];
  const chosen = named.find(({ name }) => name === 'default') ?? named[0];
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}

/** bos_token, eos_token and so on as text: templates use them by these names. */
function specialTokens(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const value = settings[name];
    if (typeof value === 'string') found[name] = value;
    else if (typeof value === 'object' && value !== null && 'content' in value) found[name] = String(value.content);
  }
  return found;
}

function parseObject(text: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new WinnowError('bad-input', `${file} is not JSON: ${String(cause)}`, { cause });
  }
  throw new WinnowError('bad-input', `${file} holds no JSON object.`);
}
