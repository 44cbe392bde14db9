/**
 * `fetch` over `node:http` for the SDK's HTTP transport, because the built-in one keeps what we must be able to end:
 * its idle sockets outlive a `close()`, and it breaks off any answer that is silent for five minutes.
 *
 * - Every socket belongs to this client and is gone after {@link HttpClient.close}.
 * - Idle sockets are given up after two seconds, well before the usual five of a server: a request on a socket that the
 *   server is just closing fails in a way that leaves open whether it was received.
 * - A body ends with an error when the connection does, and when it passes `maxBytes`.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setImmediate } from 'node:timers/promises';

const IDLE_SOCKET_MS = 2_000;

/** Statuses for which a Response may not have a body. */
const WITHOUT_BODY = new Set([204, 205, 304]);

export class BodyTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
  }
}

/** The connection was never made, so the request was never sent. */
export class NotConnected extends Error {}

export interface HttpExchange {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  /** Ends the exchange and frees its socket. */
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

export class HttpClient {
  readonly #http = new HttpAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  readonly #https = new HttpsAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS });

  /** Rejects with {@link NotConnected}, or with the network's error when the request may have been received. */
  async fetch(url: URL, exchange: HttpExchange): Promise<Response> {
    // One turn of the event loop, in which an idle socket that the server has closed meanwhile is noticed and dropped:
    // a request sent into it would fail without anybody knowing whether it was received.
    await setImmediate();
    const { method, headers, body, signal, maxBytes } = exchange;
    const secure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method,
        headers: {
          ...Object.fromEntries(headers),
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
        agent: secure ? this.#https : this.#http,
        signal,
      });
      let connected = false;
      request.once('socket', (socket) => {
        // A socket from the pool is connected already; a new TLS one counts when its handshake is done.
        if (request.reusedSocket) connected = true;
        else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
      });
      request.once('response', (incoming) => resolve(responseOf(incoming, maxBytes)));
      request.once('error', (cause) => {
        reject(connected ? cause : new NotConnected(describe(cause), { cause }));
      });
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

// Happy eyeballs reports an AggregateError without a message; its code says what happened.
function describe(error: Error): string {
  return error.message || String(Reflect.get(error, 'code') ?? error.name);
}

function responseOf(incoming: IncomingMessage, maxBytes: number): Response {
  const status = incoming.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  if (WITHOUT_BODY.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(incoming, maxBytes), { status, headers, statusText: incoming.statusMessage ?? '' });
}

function bodyOf(incoming: IncomingMessage, maxBytes: number): ReadableStream<Uint8Array> {
  let received = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      incoming.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received <= maxBytes) controller.enqueue(chunk);
        else incoming.destroy(new BodyTooLarge(maxBytes));
      });
      incoming.once('end', () => controller.close());
      // Emitted with "aborted" when the connection ends before the body does.
      incoming.once('error', (error) => controller.error(error));
    },
    cancel() {
      incoming.destroy();
    },
  });
}
