/**
 * Where words begin and end, in any script. JavaScript's `\b` knows ASCII only: it sees a word start inside "électricité".
 */

/** A mark belongs to the letter that it follows: a decomposed "é" is one letter, not a letter and a gap. */
const WORD_CHARACTER = /^[\p{L}\p{M}\p{N}\p{Pc}]/u;

/** Offsets, in UTF-16 units and rising, of the word characters that no letter, digit or underscore precedes. */
export function wordStarts(text: string): readonly number[] {
  const starts: number[] = [];
  let offset = 0;
  let insideWord = false;
  for (const character of text) {
    const isWord = WORD_CHARACTER.test(character);
    if (isWord && !insideWord) starts.push(offset);
    insideWord = isWord;
    offset += character.length;
  }
  return starts;
}

/**
 * Offset of the first place where `phrase` stands as whole words, or -1. Both are compared as they are: lower-case them
 * first.
 */
export function indexOfWords(text: string, phrase: string): number {
  for (const start of wordStarts(text)) {
    if (!text.startsWith(phrase, start)) continue;
    if (!WORD_CHARACTER.test(String.fromCodePoint(text.codePointAt(start + phrase.length) ?? 0x20))) return start;
  }
  return -1;
}
