/**
 * Where a text stops being JSON, as line and column from 1.
 *
 * `JSON.parse` of Node 20 names no position for most errors, and a person with a config file of forty lines needs one.
 */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

class NotJson extends Error {
  constructor(readonly offset: number) {
    super(`not JSON at offset ${offset}`);
  }
}

/** Returns undefined when the whole text is JSON. */
export function jsonErrorPosition(text: string): TextPosition | undefined {
  try {
    const end = skipSpace(text, skipValue(text, skipSpace(text, 0)));
    return end === text.length ? undefined : positionOf(text, end);
  } catch (error) {
    if (error instanceof NotJson) return positionOf(text, error.offset);
    throw error;
  }
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}

function skipScalar(text: string, at: number): number {
  SCALAR.lastIndex = at;
  if (!SCALAR.test(text)) throw new NotJson(at);
  return SCALAR.lastIndex;
}

function skipValue(text: string, at: number): number {
  if (text[at] === '{') return skipMembers(text, at, '}', skipPair);
  if (text[at] === '[') return skipMembers(text, at, ']', skipValue);
  return skipScalar(text, at);
}

function skipPair(text: string, at: number): number {
  if (text[at] !== '"') throw new NotJson(at);
  const colon = skipSpace(text, skipScalar(text, at));
  if (text[colon] !== ':') throw new NotJson(colon);
  return skipValue(text, skipSpace(text, colon + 1));
}

function skipMembers(
  text: string,
  open: number,
  close: string,
  skipMember: (text: string, at: number) => number,
): number {
  let at = skipSpace(text, open + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = skipSpace(text, skipMember(text, at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') throw new NotJson(at);
    at = skipSpace(text, at + 1);
  }
}
