/**
 * Passes an event stream on and makes its end say what it means: where the SDK would leave the call waiting, one more
 * event is added that fails it. The event is harmless when the call was answered: the protocol drops a second answer.
 *
 * A stream that broke ends like one that was finished; a stream that gave event ids ends without the extra event, since
 * the SDK will ask for the rest of it.
 */
import type { JSONRPCErrorResponse } from '@modelcontextprotocol/sdk/types.js';
import { BodyTooLarge } from './http-fetch.js';
import { lossResponse } from './lost-answer.js';

export interface EventStreamGuard {
  readonly requestId: number;
  /** Called once, when the stream is over or was given up. */
  readonly onEnd: (lastEventId: string | undefined) => void;
}

export function guardEventStream(
  body: ReadableStream<Uint8Array>,
  guard: EventStreamGuard,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const ids = new LastEventId();
  const loss = (error: unknown): JSONRPCErrorResponse | undefined => {
    if (error instanceof BodyTooLarge) return lossResponse(guard.requestId, 'too-large', error.message);
    if (ids.last !== undefined) return undefined;
    const message =
      error instanceof Error ? `the stream broke: ${error.message}` : 'the stream ended without the answer';
    return lossResponse(guard.requestId, 'stream-ended', message);
  };
  const finish = (controller: ReadableStreamDefaultController<Uint8Array>, error?: unknown): void => {
    const last = loss(error);
    // The empty lines end whatever event the stream broke off in.
    if (last) controller.enqueue(Buffer.from(`\n\nevent: message\ndata: ${JSON.stringify(last)}\n\n`));
    guard.onEnd(ids.last);
    controller.close();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (done) return finish(controller);
        ids.push(value);
        controller.enqueue(value);
      } catch (error) {
        finish(controller, error);
      }
    },
    async cancel(reason) {
      guard.onEnd(ids.last);
      await reader.cancel(reason);
    },
  });
}

/** The last `id:` field of a stream of events. */
class LastEventId {
  last: string | undefined;
  readonly #decoder = new TextDecoder();
  #line = '';

  push(chunk: Uint8Array): void {
    const lines = this.#decoder.decode(chunk, { stream: true }).split(/\r\n|\n|\r/);
    // Only the beginning of a line can be an id; the rest of a large `data:` line is not kept.
    this.#line = (this.#line + lines[0]).slice(0, 1_024);
    for (const next of lines.slice(1)) {
      this.#read(this.#line);
      this.#line = next.slice(0, 1_024);
    }
  }

  #read(line: string): void {
    const id = /^id: ?(.+)$/.exec(line)?.[1];
    if (id !== undefined) this.last = id;
  }
}
