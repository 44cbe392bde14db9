/**
 * A live view: server-sent events read by `fetch`, so that the token goes along in a header, taken up again behind the last
 * event that arrived. While no stream can be had the view is refreshed by polling instead, and the stream is tried again.
 */
import { createEventReader, type ServerEvent } from './event-text.js';
import { ApiProblem, reach } from './request.js';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'ended';

export interface LiveOptions {
  readonly path: string;
  readonly onEvent: (event: ServerEvent) => void;
  readonly onState: (state: LiveState) => void;
  /** Called where events may have been missed, and at intervals while there is no stream. */
  readonly refresh: () => void;
  /** Whether nothing more is to come, so that a closed stream is the end. */
  readonly isOver: () => boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** The server sends a comment more often than this; without one the connection is dead, whatever the socket says. */
const SILENCE_MS = 45_000;
/** Failures in a row after which polling begins. */
const FAILURES_BEFORE_POLLING = 3;
/** A browser has six connections to a host: a tab that nobody looks at gives its own back. */
const HIDDEN_MS = 20_000;

export function openLive(options: LiveOptions): () => void {
  const closed = new AbortController();
  void follow(options, closed.signal);
  return () => closed.abort();
}

async function follow(options: LiveOptions, closed: AbortSignal): Promise<void> {
  let last: string | undefined;
  let failures = 0;
  let toldTheEnd = false;
  const note = (event: ServerEvent) => {
    failures = 0;
    toldTheEnd = event.name === 'end';
    if (event.id !== undefined) last = event.id;
    options.onEvent(event);
  };
  while (!closed.aborted) {
    await shown(closed);
    toldTheEnd = false;
    try {
      await readStream(options, last, note, closed);
      if (options.isOver()) break;
      failures = 0;
    } catch (error) {
      if (error instanceof ApiProblem && (error.status === 401 || error.status === 404)) break;
      failures += 1;
    }
    if (closed.aborted) return;
    // A stream that told the end has not broken off; it is only left until the view has read what became of it.
    if (!toldTheEnd) options.onState(failures >= FAILURES_BEFORE_POLLING ? 'polling' : 'reconnecting');
    await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), closed);
    if (!closed.aborted) options.refresh();
  }
  if (!closed.aborted) options.onState('ended');
}

async function readStream(
  { path, onState }: LiveOptions,
  last: string | undefined,
  onEvent: (event: ServerEvent) => void,
  closed: AbortSignal,
): Promise<void> {
  const given = new AbortController();
  const stop = () => given.abort();
  closed.addEventListener('abort', stop);
  const unwatch = onHidden(stop);
  let silence = setTimeout(stop, SILENCE_MS);
  try {
    const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
    const response = await reach(path, { headers, signal: given.signal });
    onState('live');
    const read = createEventReader();
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const piece = await text?.read();
      if (!piece || piece.done) return;
      clearTimeout(silence);
      silence = setTimeout(stop, SILENCE_MS);
      for (const event of read(piece.value)) onEvent(event);
    }
  } finally {
    clearTimeout(silence);
    unwatch();
    closed.removeEventListener('abort', stop);
    given.abort();
  }
}

function onHidden(hidden: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(hidden, HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', changed);
  changed();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', changed);
  };
}

/** Resolves at once for a page that is seen, else when somebody looks at it again. */
async function shown(closed: AbortSignal): Promise<void> {
  if (!document.hidden) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      document.removeEventListener('visibilitychange', done);
      closed.removeEventListener('abort', done);
      resolve();
    };
    document.addEventListener('visibilitychange', done);
    closed.addEventListener('abort', done);
  });
}

async function pause(ms: number, closed: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      closed.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closed.addEventListener('abort', done);
  });
}
