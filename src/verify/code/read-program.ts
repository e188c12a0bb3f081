import type { Language } from './sandbox.ts';

export interface ReadProgramOptions {
  readonly language?: Language;
  /** The task's prompt: for completion-style tasks the beginning of the program, otherwise prose. */
  readonly prompt?: string;
  readonly entryPoint?: string;
}

export interface ProgramReading {
  readonly language: Language;
  readonly program?: string;
  /** Why there is no program. Set exactly when `program` is not. */
  readonly unread?: string;
}

interface Fence {
  readonly tag: string;
  readonly text: string;
  readonly closed: boolean;
}

const TAGS: Readonly<Record<Language, readonly string[]>> = {
  python: ['python', 'python3', 'py', 'py3', 'python2', 'ipython', 'pycon'],
  javascript: ['javascript', 'js', 'node', 'nodejs', 'ecmascript', 'mjs', 'cjs'],
};

/**
 * Reads the program from a completion: the last fenced block of the language (of those that define the entry point,
 * where one is named), or the text itself when it is code; never the thinking part. A body that continues the prompt
 * gets the prompt before it; a whole program gets only what stands before the function in the prompt: its imports
 * and helpers. Unfenced continuations are kept to the letter, as the published labels of such samples were made.
 */
export function readProgram(completion: string, options: ReadProgramOptions = {}): ProgramReading {
  const { language = 'python', prompt = '', entryPoint } = options;
  const answer = afterThinking(completion.replaceAll('\r\n', '\n'));
  if (answer === undefined) return { language, unread: 'the thinking part never ends' };
  const fences = fencesIn(answer);
  const chosen = chooseFence(fences, language, entryPoint);
  const start = startOf(prompt, language, entryPoint);
  if (chosen === undefined) {
    if (fences.length > 0) return { language, unread: `no fenced block holds ${language}` };
    if (answer.trim() === '') return { language, unread: 'the completion is empty' };
    if (start === undefined && !looksLikeCode(answer, language))
      return { language, unread: 'no fenced code block, and the text is not code' };
    return { language, program: start === undefined ? answer : join(start, answer, language, entryPoint, false) };
  }
  const code = dedent(chosen.text);
  if (code.trim() === '') return { language, unread: 'the code block is empty' };
  return { language, program: start === undefined ? code : join(start, code, language, entryPoint, true) };
}

/** What stands before the function in a completion-style prompt: imports and helpers. Empty for other prompts. */
export function helpersOf(prompt: string, entryPoint: string | undefined, language: Language): string {
  return startOf(prompt, language, entryPoint)?.before ?? '';
}

/** The text after the thinking part; undefined when that part never ends. */
function afterThinking(text: string): string | undefined {
  for (const name of ['think', 'thinking']) {
    const end = text.lastIndexOf(`</${name}>`);
    if (end >= 0) return text.slice(end + name.length + 3);
    if (text.trimStart().startsWith(`<${name}>`)) return undefined;
  }
  return text;
}

/** Fenced blocks by CommonMark's rule: a fence is closed by one at least as long, of the same sign. One pass. */
function fencesIn(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { sign: string; length: number; tag: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const trimmed = line.trimStart();
    const sign = trimmed.startsWith('```') ? '`' : trimmed.startsWith('~~~') ? '~' : '';
    const length = sign === '' ? 0 : trimmed.length - trimStartOf(trimmed, sign).length;
    if (open === undefined) {
      const info = trimmed.slice(length);
      if (sign !== '' && !info.includes('`')) open = { sign, length, tag: tagOf(info), lines: [] };
    } else if (sign === open.sign && length >= open.length && trimmed.slice(length).trim() === '') {
      fences.push({ tag: open.tag, text: open.lines.join('\n'), closed: true });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== undefined) fences.push({ tag: open.tag, text: open.lines.join('\n'), closed: false });
  return fences;
}

function trimStartOf(text: string, sign: string): string {
  let at = 0;
  while (text[at] === sign) at++;
  return text.slice(at);
}

const tagOf = (info: string): string =>
  (
    info
      .trim()
      .replace(/^\{?\.?/, '')
      .split(/[\s,:;{}]/, 1)[0] ?? ''
  ).toLowerCase();

/** The last block in the language, else the last without one; a closed block before one that was cut off. */
function chooseFence(fences: readonly Fence[], language: Language, entryPoint: string | undefined): Fence | undefined {
  for (const tags of [TAGS[language], ['']]) {
    const fitting = fences.filter(({ tag, text }) => tags.includes(tag) && text.trim() !== '');
    const whole = fitting.filter(({ closed }) => closed);
    const pool = whole.length > 0 ? whole : fitting;
    const defining =
      entryPoint === undefined ? [] : pool.filter(({ text }) => defines(dedent(text), entryPoint, language));
    const chosen = defining.at(-1) ?? pool.at(-1);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** Whether the code defines the name at its outermost level. */
function defines(code: string, name: string, language: Language): boolean {
  const before =
    language === 'python'
      ? ['def ', 'async def ', 'class ', '']
      : ['function ', 'function* ', 'async function ', 'const ', 'let ', 'var ', 'class ', ''];
  const after = language === 'python' ? ['(', ':', ' =', '=', ' ('] : ['(', ' ', '=', ' ('];
  return code
    .split('\n')
    .some((line) =>
      before.some(
        (word) =>
          line.startsWith(word + name) && after.some((sign) => line.startsWith(sign, word.length + name.length)),
      ),
    );
}

/** The prompt split at the function that the completion is to finish; undefined when the prompt is no program. */
interface Start {
  readonly prompt: string;
  /** What stands before the function: imports and helpers. */
  readonly before: string;
  readonly indent: string;
}

function startOf(prompt: string, language: Language, entryPoint: string | undefined): Start | undefined {
  if (entryPoint === undefined || prompt.trim() === '') return undefined;
  const lines = prompt.replaceAll('\r\n', '\n').split('\n');
  const at = lines.findLastIndex((line) => defines(line, entryPoint, language));
  if (at < 0) return undefined;
  const inside = lines.slice(at + 1).find((line) => line.trim() !== '' && /^\s/.test(line));
  return {
    prompt: lines.join('\n'),
    before: lines.slice(0, at).join('\n'),
    indent: inside?.match(/^\s+/)?.[0] ?? '    ',
  };
}

/** Must stand before all else in a program. */
const FUTURE = /^from __future__ import .*\n/gm;

function join(start: Start, code: string, language: Language, entryPoint: string | undefined, fenced: boolean): string {
  const outer = !/^[ \t]/.test(code.replace(/^\n+/, ''));
  if (outer && entryPoint !== undefined && defines(code, entryPoint, language)) {
    const future = language === 'python' ? (code.match(FUTURE) ?? []) : [];
    return `${future.join('')}${start.before}\n${future.length > 0 ? code.replace(FUTURE, '\n') : code}`;
  }
  const body = fenced && language === 'python' ? indented(code, start.indent) : code;
  const gap = fenced && !start.prompt.endsWith('\n') ? '\n' : '';
  return start.prompt + gap + body;
}

/** A fenced body put under the function; a first line that alone lost its indentation gets it back. */
function indented(code: string, indent: string): string {
  const lines = code.split('\n');
  const rest = lines.slice(1).filter((line) => line.trim() !== '');
  const lostFirst = rest.length > 0 && rest.every((line) => line.startsWith(indent));
  const opens = /:\s*(#.*)?$/.test(lines[0] ?? '');
  if (lostFirst && !opens) return [indent + (lines[0] ?? ''), ...lines.slice(1)].join('\n');
  return lines.map((line) => (line.trim() === '' ? line : indent + line)).join('\n');
}

/** Takes away the indentation that all lines share, as in a block inside a list. */
function dedent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  let shared = lines[0]?.match(/^[ \t]*/)?.[0] ?? '';
  for (const line of lines) while (!line.startsWith(shared)) shared = shared.slice(0, -1);
  if (shared === '') return text;
  return text
    .split('\n')
    .map((line) => (line.startsWith(shared) ? line.slice(shared.length) : line))
    .join('\n');
}

const CODE: Readonly<Record<Language, RegExp>> = {
  python:
    /^(?:\s|#|@|"""|'''|(?:def|class|import|from|for|while|if|try|with|return|print|async|lambda|global|assert|pass|raise)\b|[A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_]\w*)*\s*(?:[-+*/|&]?=|\(|\[))/,
  javascript:
    /^(?:\s|\/\/|\/\*|['"]use|(?:function|const|let|var|class|import|export|async|for|while|if|return|try|module|console)\b|[A-Za-z_$][\w$.]*\s*(?:=|\())/,
};

const looksLikeCode = (text: string, language: Language): boolean =>
  CODE[language].test(text.replace(/^\n+/, '').slice(0, 500));
