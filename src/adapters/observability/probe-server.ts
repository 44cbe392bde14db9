/**
 * A worker's own small HTTP server: `/healthz`, `/readyz`, `/metrics`. It tells no names but those of queues, workflows and
 * servers, takes nothing, and has no token: an orchestrator's probes have none.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { cannotListen } from '../../cannot-listen.js';

export interface ProbeServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  readonly health: () => Promise<{
    readonly alive: boolean;
    readonly ready: boolean;
    readonly findings: readonly string[];
  }>;
  readonly metrics?: { text(): Promise<string>; readonly contentType: string } | undefined;
}

export interface ProbeServer {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** @throws SwitchyardError INVALID_CONFIG for an address that cannot be listened on */
export async function serveProbes(options: ProbeServerOptions): Promise<ProbeServer> {
  const { host = '127.0.0.1', port } = options;
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const reads = request.method === 'GET' || request.method === 'HEAD';
    answer(options, reads ? path : '', response).catch(() => send(response, 500, 'text/plain', 'not known\n'));
  });
  await listen(server, host, port);
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer({ health, metrics }: ProbeServerOptions, path: string, response: ServerResponse): Promise<void> {
  if (path === '/metrics' && metrics) return send(response, 200, metrics.contentType, await metrics.text());
  if (path !== '/healthz' && path !== '/readyz')
    return send(response, 404, 'text/plain', 'GET /healthz /readyz /metrics\n');
  const { alive, ready, findings } = await health();
  const well = path === '/healthz' ? alive : ready;
  const status = well ? (path === '/healthz' ? 'ok' : 'ready') : path === '/healthz' ? 'dead' : 'not ready';
  send(response, well ? 200 : 503, 'application/json', `${JSON.stringify({ status, findings })}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    throw cannotListen({ host, port }, cause, 'Choose another with --health-port; 0 takes any free one.');
  }
}
