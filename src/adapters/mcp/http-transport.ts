/**
 * One MCP server over Streamable HTTP: the SDK's transport, with what it leaves to time made to happen at once.
 *
 * - A cancelled or timed-out call ends its HTTP exchange, which frees the socket, before the server is told.
 * - A stream that ends without the call's answer fails that call; the SDK would let it wait for its timeout. A stream
 *   that gave event ids is excepted: the SDK asks for the rest of it, and the call fails when that cannot be had.
 * - An answer past `maxBytes` fails its call.
 * - The stream for messages that the server starts (GET) is not opened: we ask and servers answer, and it would be a
 *   socket per server with its own reconnecting.
 * - {@link HttpTransport.close} ends the session at the server and every socket.
 */
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { isJSONRPCNotification, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { HttpServerSettings } from './config.js';
import { HttpExchanges } from './http-exchanges.js';
import { lossResponse } from './lost-answer.js';

/** A stream is resumed at once and once; more patience is the caller's own repeating. */
const RESUME = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 50,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 1,
};

type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1];

export class HttpTransport extends StreamableHTTPClientTransport {
  readonly #exchanges: HttpExchanges;
  #closing: Promise<void> | undefined;

  constructor(settings: HttpServerSettings, maxBytes: number) {
    const exchanges = new HttpExchanges(maxBytes, (id) => {
      this.onmessage?.(lossResponse(id, 'stream-ended', 'the rest of the stream could not be had'));
    });
    super(settings.url, {
      requestInit: { headers: settings.headers },
      fetch: exchanges.fetch,
      reconnectionOptions: RESUME,
    });
    this.#exchanges = exchanges;
  }

  override async send(message: JSONRPCMessage | JSONRPCMessage[], options?: SendOptions): Promise<void> {
    if (!Array.isArray(message) && isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.#exchanges.end(message.params?.requestId);
    }
    await super.send(message, options);
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#exchanges.endAll();
    // A server that is gone, or that keeps no sessions, does not keep us from closing.
    await this.terminateSession().catch(() => {});
    await super.close();
    this.#exchanges.close();
  }
}
