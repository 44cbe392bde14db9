/**
 * The HTTP exchanges of one transport, by the JSON-RPC request that each carries: what the SDK calls as `fetch`.
 */
import { type EventStreamGuard, guardEventStream } from './event-stream-guard.js';
import { HttpClient } from './http-fetch.js';

/** Milliseconds for an exchange that no call waits for: a notification, or the end of the session. */
const SIDE_EXCHANGE_MS = 2_000;

/** Streams that may still be resumed; more than this many at once have broken only when the server has gone. */
const MOST_RESUMABLE = 256;

export class HttpExchanges {
  readonly #maxBytes: number;
  readonly #onResumeFailed: (requestId: number) => void;
  readonly #client = new HttpClient();
  readonly #underWay = new Set<AbortController>();
  readonly #byRequest = new Map<unknown, AbortController>();
  /** By the last event id of the stream that ended. */
  readonly #resumable = new Map<string, number>();

  /** `onResumeFailed`: the rest of a stream that carried this request's answer cannot be had. */
  constructor(maxBytes: number, onResumeFailed: (requestId: number) => void) {
    this.#maxBytes = maxBytes;
    this.#onResumeFailed = onResumeFailed;
  }

  /** Ends the exchange of a call that is over, and frees its socket. */
  end(requestId: unknown): void {
    this.#byRequest.get(requestId)?.abort();
    for (const [eventId, request] of this.#resumable) if (request === requestId) this.#resumable.delete(eventId);
  }

  endAll(): void {
    for (const exchange of this.#underWay) exchange.abort();
  }

  close(): void {
    this.endAll();
    this.#client.close();
  }

  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    if ((init.method ?? 'GET') !== 'GET') {
      const body = typeof init.body === 'string' ? init.body : undefined;
      return this.#exchange(new URL(url), init, body, requestIdOf(body));
    }
    // 405 is how a server says that it offers no such stream; the SDK then does without, and asks no further.
    const lastEventId = new Headers(init.headers).get('last-event-id');
    const resumed = lastEventId === null ? undefined : this.#resumable.get(lastEventId);
    if (lastEventId === null || resumed === undefined) return new Response(null, { status: 405 });
    this.#resumable.delete(lastEventId);
    return this.#resume(new URL(url), init, resumed);
  };

  async #resume(url: URL, init: RequestInit, requestId: number): Promise<Response> {
    try {
      const response = await this.#exchange(url, init, undefined, requestId);
      if (!response.ok) this.#onResumeFailed(requestId);
      return response;
    } catch (error) {
      this.#onResumeFailed(requestId);
      throw error;
    }
  }

  async #exchange(
    url: URL,
    init: RequestInit,
    body: string | undefined,
    requestId: number | undefined,
  ): Promise<Response> {
    const ending = new AbortController();
    // The SDK's own signal is not listened to: it is one for all exchanges, and is aborted by close() only.
    this.#underWay.add(ending);
    const limit = requestId === undefined ? setTimeout(() => ending.abort(), SIDE_EXCHANGE_MS) : undefined;
    if (requestId !== undefined) this.#byRequest.set(requestId, ending);
    const finished = (): void => {
      clearTimeout(limit);
      this.#underWay.delete(ending);
      if (this.#byRequest.get(requestId) === ending) this.#byRequest.delete(requestId);
    };
    const headers = new Headers(init.headers);
    const method = init.method ?? 'GET';
    try {
      const response = await this.#client.fetch(url, {
        method,
        headers,
        body,
        signal: ending.signal,
        maxBytes: this.#maxBytes,
      });
      return this.#guarded(response, requestId, finished);
    } catch (error) {
      finished();
      throw error;
    }
  }

  #guarded(response: Response, requestId: number | undefined, finished: () => void): Response {
    const { body, status, statusText, headers } = response;
    if (!body) {
      finished();
      return response;
    }
    const isEventStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
    if (requestId === undefined || !isEventStream)
      return new Response(watchEnd(body, finished), { status, statusText, headers });
    const guard: EventStreamGuard = {
      requestId,
      onEnd: (lastEventId) => {
        finished();
        if (lastEventId !== undefined) this.#expectResume(lastEventId, requestId);
      },
    };
    return new Response(guardEventStream(body, guard), { status, statusText, headers });
  }

  #expectResume(lastEventId: string, requestId: number): void {
    this.#resumable.set(lastEventId, requestId);
    const [oldest] = this.#resumable.keys();
    if (this.#resumable.size > MOST_RESUMABLE && oldest !== undefined) this.#resumable.delete(oldest);
  }
}

function watchEnd(body: ReadableStream<Uint8Array>, finished: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        finished();
        controller.close();
      } catch (error) {
        finished();
        controller.error(error);
      }
    },
    async cancel(reason) {
      finished();
      await reader.cancel(reason);
    },
  });
}

function requestIdOf(body: string | undefined): number | undefined {
  if (body === undefined) return undefined;
  const message: unknown = JSON.parse(body);
  if (typeof message !== 'object' || message === null || !('method' in message) || !('id' in message)) return undefined;
  return typeof message.id === 'number' ? message.id : undefined;
}
