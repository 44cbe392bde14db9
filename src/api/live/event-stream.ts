/**
 * One client's stream of server-sent events. What it is told is made when it can take it: a client that reads slowly is
 * told the difference since the last event that it took, never a heap of events that lie in memory. One that takes nothing
 * for a while is dropped; it comes back with its `Last-Event-ID`.
 */
import { PassThrough, type Readable } from 'node:stream';

export interface Message {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
  /** The stream ends behind it. */
  readonly last?: boolean;
}

export interface EventStream {
  readonly body: Readable;
  /** Has `make` called as soon as the client can take something; of several that wait only the last is. */
  offer(make: () => readonly Message[]): void;
  /** Ends it, whatever is still owed: the client comes back and asks again. */
  end(): void;
}

export interface EventStreamOptions {
  /** How long a client may take nothing. */
  readonly stallMs?: number;
  /** Comments in between keep proxies from cutting a silent connection. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for the client; beyond, it is told nothing until they are taken. */
  readonly bufferBytes?: number;
  /** Once, however it ends: the client left, was dropped, or was told the end. */
  readonly onClose: (why: 'ended' | 'left' | 'stalled') => void;
}

/** How long a browser waits before it comes back. */
const RETRY_MS = 2_000;

export function createEventStream(options: EventStreamOptions): EventStream {
  const { stallMs = 15_000, heartbeatMs = 15_000, bufferBytes = 64 * 1024, onClose } = options;
  const body = new PassThrough({ highWaterMark: bufferBytes });
  let owed: (() => readonly Message[]) | undefined;
  let stalled: NodeJS.Timeout | undefined;
  let why: 'ended' | 'left' | 'stalled' = 'left';

  function write(text: string): void {
    if (body.write(text) || stalled) return;
    stalled = setTimeout(() => {
      why = 'stalled';
      body.destroy();
    }, stallMs);
    stalled.unref();
  }

  function end(): void {
    if (body.writableEnded || body.destroyed) return;
    why = 'ended';
    body.end();
  }

  function offer(make: () => readonly Message[]): void {
    if (body.writableEnded || body.destroyed) return;
    if (stalled) {
      owed = make;
      return;
    }
    for (const message of make()) {
      write(textOf(message));
      if (message.last) end();
    }
  }

  const heartbeat = setInterval(() => {
    if (!stalled && !body.writableEnded) write(': still here\n\n');
  }, heartbeatMs);
  heartbeat.unref();

  body.on('drain', () => {
    clearTimeout(stalled);
    stalled = undefined;
    const make = owed;
    owed = undefined;
    if (make) offer(make);
  });
  body.once('close', () => {
    clearTimeout(stalled);
    clearInterval(heartbeat);
    owed = undefined;
    onClose(why);
  });
  write(`retry: ${RETRY_MS}\n\n`);

  return { body, offer, end };
}

/** JSON has no line breaks of its own, so one `data` line holds it. */
function textOf({ event, id, data }: Message): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
