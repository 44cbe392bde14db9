/** The dashboard's server: runs, queues and health, read-only. */
import fastify, { type FastifyInstance } from 'fastify';
import { openRedis } from '../adapters/redis.js';
import { describeRedisUrl } from '../adapters/redis-url.js';
import { DEFAULT_PREFIX } from '../config.js';
import type { Switchyard } from '../engine.js';
import { ERROR_CODES, SwitchyardError, toSwitchyardError } from '../errors.js';
import { isLoopback } from '../http-admission.js';
import { ATTENTION_QUEUE } from '../names.js';
import type { Workflow } from '../orchestrators/definition.js';
import type { Logger } from '../ports.js';
import { createQueuePool } from '../queues/queue-pool.js';
import { createRegistry } from '../registry.js';
import { admitOnly } from './admission.js';
import { mountBullBoard } from './bull-board.js';
import { sendProblem } from './problem.js';
import { PAGE_HEADERS, runsPage } from './runs-page.js';

export interface DashboardOptions {
  readonly sy: Switchyard;
  readonly redisUrl: string;
  readonly workflows: readonly Workflow[];
  readonly prefix: string | undefined;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Names besides loopback's and `host` by which browsers may reach it. */
  readonly allowedHosts: readonly string[];
  /** Required of every request but health checks; must be there when `host` is not loopback. */
  readonly token: string | undefined;
  readonly log: Logger;
}

export interface Dashboard {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Requests hold no bodies worth the name: nothing is written here. */
const BODY_LIMIT_BYTES = 16 * 1024;
const PAGE_SIZE = 50;

/** @throws SwitchyardError INVALID_CONFIG: an open address without a token, or one that cannot be listened on */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { host, token, redisUrl, workflows, prefix = DEFAULT_PREFIX, log } = options;
  if (!isLoopback(host) && !token) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `--host ${host} shows every run to other machines: set SWITCHYARD_TOKEN to a secret, or stay on 127.0.0.1.`,
    );
  }
  const redis = openRedis(redisUrl, 'producer', { log, name: 'switchyard-dashboard' });
  const pool = createQueuePool(redis, prefix, (error) => log.debug({ error: error.message }, 'queue connection'), {
    readOnly: true,
  });
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  const close = async (): Promise<void> => {
    await server.close();
    await pool.close();
    redis.disconnect();
  };
  try {
    answerErrors(server, log);
    admitOnly(server, { allowedHosts: [host, ...options.allowedHosts], token });
    addRoutes(server, options, async () => {
      await redis.ping();
    });
    await mountBullBoard(server, pool, [...createRegistry(workflows).queues(), ATTENTION_QUEUE]);
    const url = await listen(server, options);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function addRoutes(server: FastifyInstance, { sy, redisUrl }: DashboardOptions, ping: () => Promise<void>): void {
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    try {
      await ping();
      return { status: 'ready' };
    } catch {
      const detail = `Redis at ${describeRedisUrl(redisUrl)} does not answer.`;
      return sendProblem(reply, { status: 503, code: 'REDIS_UNAVAILABLE', title: 'Not ready', detail });
    }
  });
  const query = { type: 'object', properties: { cursor: { type: 'string', maxLength: 512 } } } as const;
  server.get<{ Querystring: { cursor?: string } }>('/', { schema: { querystring: query } }, async (request, reply) => {
    const { cursor } = request.query;
    const page = await sy.list({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    return reply
      .headers(PAGE_HEADERS)
      .type('text/html; charset=utf-8')
      .send(runsPage(page, describeRedisUrl(redisUrl)));
  });
}

function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, {
      status: 404,
      title: 'Not found',
      detail: `There is no ${request.method} ${request.url.split('?')[0]}.`,
    }),
  );
  server.setErrorHandler((thrown, request, reply) => {
    const refused = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
    const error = toSwitchyardError(thrown);
    const status = thrown instanceof SwitchyardError ? ERROR_CODES[error.code].http : refused;
    if (status >= 500) log.error({ error: error.message, path: request.url }, 'a page could not be made');
    const own = status === ERROR_CODES.INTERNAL.http ? 'INTERNAL' : undefined;
    const code = thrown instanceof SwitchyardError ? error.code : own;
    return sendProblem(reply, { status, code, title: 'Request failed', detail: error.message });
  });
}

async function listen(server: FastifyInstance, { host, port }: DashboardOptions): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const why = taken ? 'another program has it' : cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `Cannot listen on ${host}, port ${port}: ${why}. Choose another with --port or SWITCHYARD_PORT; 0 takes any free one.`,
      { cause },
    );
  }
  const address = server.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  // An address that means every interface is none that a browser can open.
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${bound}`;
}
