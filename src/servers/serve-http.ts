/** A server over Streamable HTTP at `/mcp`, one MCP session per client. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { cannotListen } from '../cannot-listen.js';
import { type AdmissionRules, refusalOf } from '../http-admission.js';

export const MAX_BODY_BYTES = 256 * 1024;
/** Sessions kept at once; the one unused for longest makes room. Its client gets 404 and begins a new one. */
const MAX_SESSIONS = 1_000;
/** Milliseconds in which a request must have arrived in full. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface HttpOptions extends AdmissionRules {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly createServer: () => McpServer;
  /** Answers come as event streams, in which a call's progress can precede them. Default: plain JSON. */
  readonly streaming?: boolean;
}

export interface HttpEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens. Throws INVALID_CONFIG when the address cannot be had. */
export async function serveHttp(options: HttpOptions): Promise<HttpEndpoint> {
  /** In order of last use. */
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      // A plain JSON answer that breaks off is an error that the client sees; a stream that does is silence.
      enableJsonResponse: options.streaming !== true,
      maxRequestBodySize: MAX_BODY_BYTES,
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
    };
    await options.createServer().connect(transport);
    return transport;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request.headers, options);
    if (refusal) return refuse(response, refusal.status, refusal.message);
    if (request.url?.split('?')[0] !== '/mcp') return refuse(response, 404, 'MCP is served at /mcp.');
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const session = sessions.get(id);
      if (!session) return refuse(response, 404, 'Session not found; initialize a new one.');
      sessions.delete(id);
      sessions.set(id, session);
      return session.handleRequest(request, response);
    }
    const session = await openSession();
    await session.handleRequest(request, response);
    if (session.sessionId === undefined) await session.close();
    const oldest = sessions.values().next();
    if (sessions.size > MAX_SESSIONS && !oldest.done) await oldest.value.close();
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, thrown instanceof Error ? thrown.message : String(thrown));
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(cannotListen(options, cause, 'Choose another with --port or --host; --port 0 takes any free one.'));
    });
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}/mcp`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...sessions.values()].map((session) => session.close()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
