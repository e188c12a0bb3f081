import type { Tokenizer } from '../../train/protocol/index.ts';

/** Follows the text of one completion while its tokens come. */
export interface TextWatch {
  /** The count of tokens after which a stop string is complete, looking at tokens from `from` on; undefined if none is. */
  stopAfter(tokens: readonly number[], from: number): number | undefined;
  /** The text so far that no later token can change or turn into a stop string. */
  settled(tokens: readonly number[]): string;
  /** The whole text, ending before the first stop string. */
  text(tokens: readonly number[]): string;
}

/** What decoders write for bytes that are not yet a whole character. */
const INCOMPLETE = '\uFFFD';

export function createTextWatch(tokenizer: Tokenizer, stop: readonly string[]): TextWatch {
  const strings = stop.filter((string) => string.length > 0);
  const longest = strings.reduce((most, { length }) => Math.max(most, length), 0);
  // A character is at most four tokens, so this many always hold a whole stop string.
  const window = 4 * longest + 8;

  function firstStop(text: string): number {
    const found = strings.map((string) => text.indexOf(string)).filter((at) => at >= 0);
    return found.length === 0 ? -1 : Math.min(...found);
  }

  const watch: TextWatch = {
    stopAfter(tokens, from) {
      if (strings.length === 0) return undefined;
      for (let count = from + 1; count <= tokens.length; count++) {
        const recent = tokenizer.decode(tokens.slice(Math.max(0, count - window), count));
        if (firstStop(recent) >= 0) return count;
      }
      return undefined;
    },
    settled(tokens) {
      const text = watch.text(tokens);
      let end = text.length;
      while (end > 0 && text[end - 1] === INCOMPLETE) end--;
      const isStart = (tail: string): boolean => strings.some((string) => string.startsWith(tail));
      for (let length = Math.min(longest - 1, end); length > 0; length--) {
        if (isStart(text.slice(end - length, end))) return text.slice(0, end - length);
      }
      return text.slice(0, end);
    },
    text(tokens) {
      const text = tokenizer.decode(tokens);
      const at = firstStop(text);
      return at < 0 ? text : text.slice(0, at);
    },
  };
  return watch;
}
