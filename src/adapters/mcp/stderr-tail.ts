/**
 * Reads a server's stderr for as long as it lives: an unread pipe fills up and hides the server's death. Lines go to the
 * log, redacted; the last few are kept for the error that says why a server did not start.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Logger } from '../../ports.js';
import type { Redact } from './redaction.js';

const KEPT_LINES = 10;
const LONGEST_LINE = 500;

export class StderrTail {
  readonly #redact: Redact;
  readonly #logger: Logger | undefined;
  readonly #decoder = new StringDecoder('utf8');
  #unfinished = '';
  #last: string[] = [];

  constructor(redact: Redact, logger: Logger | undefined) {
    this.#redact = redact;
    this.#logger = logger;
  }

  push(chunk: Buffer): void {
    const lines = (this.#unfinished + this.#decoder.write(chunk)).split('\n');
    // A line without an end must not grow for ever; its first part is what anybody will read.
    this.#unfinished = (lines.pop() ?? '').slice(0, 4 * LONGEST_LINE);
    for (const line of lines) this.#keep(line);
  }

  /** The last lines, oldest first; also one that never got its line break. */
  lines(): readonly string[] {
    const open = this.#presentable(this.#unfinished);
    return open === '' ? this.#last : [...this.#last, open].slice(-KEPT_LINES);
  }

  #keep(line: string): void {
    const text = this.#presentable(line);
    if (text === '') return;
    this.#last = [...this.#last, text].slice(-KEPT_LINES);
    this.#logger?.debug({ stderr: text }, 'MCP server says');
  }

  #presentable(line: string): string {
    return this.#redact(line.trimEnd()).slice(0, LONGEST_LINE);
  }
}
