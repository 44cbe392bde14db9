/** The one file in which proxies and workers write down what happens, and its reader: see `recording-proxy/record.ts`. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { AnswerLine, CallLine, ProxyLine, ToolFacts } from '../../servers/recording-proxy/record.js';
import type { Boundary } from './order.js';

export interface PassedLine extends Boundary {
  readonly kind: 'passed';
  readonly run: string;
  /** The run goes no further in this worker. */
  readonly held: boolean;
}

/** A task's code has been called. */
export interface RanLine {
  readonly kind: 'ran';
  readonly run: string;
  readonly stage: string;
  readonly attempt: number;
}

/** The arguments of an undo, as made before its effect (no output yet) or after it. */
export interface UndoArgsLine {
  readonly kind: 'undo-args';
  readonly run: string;
  readonly step: string;
  readonly withOutput: boolean;
  readonly args: unknown;
}

export type WorkerLine = PassedLine | RanLine | UndoArgsLine;

/** A call with its answer, if that has come. */
export interface RecordedCall extends CallLine {
  readonly answer?: AnswerLine;
}

/** What is written down about one run, in order. */
export interface RunRecord {
  readonly passed: PassedLine[];
  readonly ran: RanLine[];
  readonly undoArgs: UndoArgsLine[];
  readonly calls: RecordedCall[];
}

const CHUNK = 64 * 1024;

/**
 * Written by our own processes from our own types; their shape is not checked again. Undefined where a writer was killed before
 * its line was whole: what that line tells of has not gone on.
 */
function parsed(text: string): ProxyLine | WorkerLine | undefined {
  try {
    return JSON.parse(text) as ProxyLine | WorkerLine;
  } catch {
    return undefined;
  }
}

export class RecordReader {
  readonly #file: number;
  readonly #runs = new Map<string, RunRecord>();
  readonly #tools = new Map<string, ToolFacts>();
  /** Proxies by the worker that started them. */
  readonly #proxies = new Map<number, number[]>();
  readonly #runOfCall = new Map<string, string>();
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#file = openSync(path, 'a+');
  }

  run(id: string): RunRecord {
    this.#read();
    return this.#of(id);
  }

  /** What a tool says of itself, by `<server>.<tool>`. */
  tools(): ReadonlyMap<string, ToolFacts> {
    this.#read();
    return this.#tools;
  }

  proxiesOf(worker: number): readonly number[] {
    this.#read();
    return this.#proxies.get(worker) ?? [];
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): void {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const length = readSync(this.#file, chunk, 0, CHUNK, this.#at);
      if (length === 0) return;
      this.#at += length;
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
        this.#take(this.#rest.subarray(0, end).toString('utf8'));
        this.#rest = this.#rest.subarray(end + 1);
      }
    }
  }
  #at = 0;

  #take(text: string): void {
    const line = parsed(text);
    if (!line) return;
    switch (line.kind) {
      case 'started':
        this.#proxies.set(line.worker, [...(this.#proxies.get(line.worker) ?? []), line.pid]);
        return;
      case 'tools':
        for (const tool of line.tools) this.#tools.set(`${line.server}.${tool.name}`, tool);
        return;
      case 'call':
        if (line.run === undefined) return;
        this.#runOfCall.set(line.id, line.run);
        this.#of(line.run).calls.push(line);
        return;
      case 'answer': {
        const { calls } = this.#of(this.#runOfCall.get(line.id) ?? '');
        const at = calls.findIndex(({ id }) => id === line.id);
        const call = calls[at];
        if (call) calls[at] = { ...call, answer: line };
        return;
      }
      case 'passed':
        this.#of(line.run).passed.push(line);
        return;
      case 'ran':
        this.#of(line.run).ran.push(line);
        return;
      case 'undo-args':
        this.#of(line.run).undoArgs.push(line);
        return;
    }
  }

  #of(run: string): RunRecord {
    const known = this.#runs.get(run) ?? { passed: [], ran: [], undoArgs: [], calls: [] };
    this.#runs.set(run, known);
    return known;
  }
}
