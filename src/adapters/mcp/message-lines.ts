/**
 * Cuts a server's stdout into JSON-RPC lines of at most `maxLength` characters.
 *
 * A line that grows past the limit is thrown away while it comes in, so it costs no memory and the pipe stays open for
 * the other calls on it. What is kept of it is its head and tail: enough to say which request it answered.
 */
import { StringDecoder } from 'node:string_decoder';

/** Kept of each end of a line that is too long. */
const EDGE_CHARACTERS = 512;

export type MessageLine =
  | { readonly kind: 'line'; readonly text: string }
  /** `id` is absent when it stands in neither end of the line: then nobody can say whose answer this was. */
  | { readonly kind: 'too-long'; readonly id: number | undefined };

export class MessageLines {
  readonly #maxLength: number;
  readonly #decoder = new StringDecoder('utf8');
  #parts: string[] = [];
  #length = 0;
  #head = '';
  #tail = '';

  /** `maxLength` in characters of one line. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  push(chunk: Buffer): readonly MessageLine[] {
    const lines: MessageLine[] = [];
    const pieces = this.#decoder.write(chunk).split('\n');
    pieces.forEach((piece, index) => {
      this.#grow(piece);
      const line = index < pieces.length - 1 ? this.#cut() : undefined;
      if (line) lines.push(line);
    });
    return lines;
  }

  #grow(piece: string): void {
    this.#length += piece.length;
    if (this.#length <= this.#maxLength) {
      this.#parts.push(piece);
      return;
    }
    const kept = this.#parts.join('');
    if (this.#head === '') this.#head = (kept + piece).slice(0, EDGE_CHARACTERS);
    this.#tail = (this.#tail + kept + piece).slice(-EDGE_CHARACTERS);
    this.#parts = [];
  }

  #cut(): MessageLine | undefined {
    const tooLong = this.#length > this.#maxLength;
    const line: MessageLine = tooLong
      ? { kind: 'too-long', id: answeredId(this.#head, this.#tail) }
      : { kind: 'line', text: this.#parts.join('').trim() };
    this.#parts = [];
    this.#length = 0;
    this.#head = '';
    this.#tail = '';
    return line.kind === 'line' && line.text === '' ? undefined : line;
  }
}

// The id is the response's own only as its first members or its very last one: `"id":3}` inside the result would be
// followed by another brace or a quote.
function answeredId(head: string, tail: string): number | undefined {
  const found =
    /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,/.exec(head) ??
    /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}
