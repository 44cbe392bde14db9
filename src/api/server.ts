/**
 * The HTTP server: the API, the pages, Bull Board, health. Each resource has a file of its own in `routes/`, and what holds
 * for all of them one beside this; here they are put together, in the order in which a request meets them.
 */
import { setMaxListeners } from 'node:events';
import fastify, { type FastifyInstance } from 'fastify';
import { createLoadReader } from '../adapters/load.js';
import { openRedis } from '../adapters/redis.js';
import { addressOf, describeAddress, type RedisConnection } from '../adapters/redis-address.js';
import { createScriptRunner } from '../adapters/scripts.js';
import type { ApiSettings } from '../api-settings.js';
import { cannotListen } from '../cannot-listen.js';
import { DEFAULT_PREFIX } from '../config.js';
import type { Switchyard } from '../engine/engine.js';
import { type Offered, offeredBy } from '../engine/offered.js';
import { SwitchyardError } from '../errors.js';
import { isLoopback } from '../http-admission.js';
import { redisKeys } from '../names.js';
import type { Logger } from '../ports.js';
import { callbackRefusal } from '../queues/accept-run.js';
import { createQueuePool } from '../queues/queue-pool.js';
import { admitOnly } from './admission.js';
import { allowedMethods } from './allowed-methods.js';
import { askAuthorize } from './authorize.js';
import { mountBullBoard } from './bull-board.js';
import type { ApiContext } from './context.js';
import { addDocsPage } from './docs-page.js';
import { gracefulClose } from './graceful-close.js';
import { createLiveRuns } from './live/live-runs.js';
import { createOpenStreams } from './live/open-streams.js';
import { describeApi } from './openapi.js';
import { answerBroken, answerErrors } from './problem.js';
import { DEFAULT_RATE_LIMIT, limitRate } from './rate-limit.js';
import { nameRequests, requestId } from './request-id.js';
import { addActionRoutes } from './routes/actions.js';
import { addEventRoutes } from './routes/events.js';
import { addEverydayRoutes } from './routes/everyday.js';
import { addHealthRoutes } from './routes/health.js';
import { addMetricsRoute } from './routes/metrics.js';
import { addPages, isUiPath, pagesFolder } from './routes/pages.js';
import { addRunRoutes } from './routes/run.js';
import { addRunsRoutes } from './routes/runs.js';
import { addScheduleRoutes } from './routes/schedules.js';
import { addWorkflowRoutes } from './routes/workflows.js';
import { secureHeaders } from './security-headers.js';
import { useZod } from './zod-server.js';

export interface ApiOptions extends ApiSettings {
  readonly sy: Switchyard;
  /** The same as the Switchyard's: Bull Board looks at its queues itself. */
  readonly connection: RedisConnection;
  /** The Switchyard's. Default `{sy0}`. */
  readonly prefix?: string | undefined;
  /** Default 127.0.0.1. Beyond loopback there must be a token, or `authorize`. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Required of every request but health checks. */
  readonly token?: string | undefined;
  /** Folder of the built pages; by default the one that comes with the package. */
  readonly ui?: string | undefined;
  readonly log: Logger;
}

export interface Api {
  /** Without a slash at its end. */
  readonly url: string;
  /** Runs that somebody watches now, and `*` for the list of all. */
  watched(): readonly string[];
  /** Answers what is open as it stands, then closes every connection. */
  close(): Promise<void>;
}

/** A run's input may have 128 KiB; what stands around it is small. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** Time for a whole request to arrive, and for its headers alone: whoever sends a byte a second is cut off. */
const REQUEST_TIMEOUT_MS = 15_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often Node looks for such requests. */
const TIMEOUT_CHECK_MS = 1_000;
/** A run's id in a path: a workflow's name has at most 64 characters. */
const MAX_PATH_PART = 256;

/**
 * @throws SwitchyardError INVALID_CONFIG: an open address without a token, or one that cannot be listened on; a callback to where
 *   none may go
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host = '127.0.0.1', token, authorize, sy, prefix = DEFAULT_PREFIX, log } = options;
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  if (!isLoopback(host) && !token && !authorize) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `--host ${host} opens every run to other machines: set SWITCHYARD_TOKEN to a secret or give \`authorize\`, or stay on 127.0.0.1.`,
    );
  }
  const offered = offeredBy(sy);
  assertCallback(options.callback, offered);
  const address = addressOf(options.connection);
  const redis = openRedis(address, 'producer', { log, name: 'switchyard-api' });
  const pool = createQueuePool(redis, prefix, (error) => log.debug({ error: error.message }, 'queue connection'), {
    readOnly: true,
  });
  const live = createLiveRuns(sy, log);
  const closing = new AbortController();
  // Every open stream and every wait listens.
  setMaxListeners(0, closing.signal);
  const server = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    clientErrorHandler: answerBroken,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PATH_PART },
    genReqId: requestId,
    trustProxy: typeof options.trustProxy === 'object' ? [...options.trustProxy] : (options.trustProxy ?? false),
  });
  const closeServer = gracefulClose(server);
  const close = async (): Promise<void> => {
    closing.abort();
    await closeServer();
    await pool.close();
    redis.disconnect();
  };
  try {
    await compose(server, options, {
      sy,
      log,
      live,
      streams: createOpenStreams(options.maxStreams),
      payloads: options.payloads ?? 'shown',
      readOnly: options.readOnly ?? false,
      callback: options.callback,
      closing: closing.signal,
      redis: describeAddress(address),
      async ping() {
        await redis.ping();
      },
    });
    const { queues } = offered;
    const readLoad = createLoadReader(createScriptRunner(redis), redisKeys(prefix));
    addMetricsRoute(server, { workflows: sy.workflows.map(({ name }) => name), queues, readLoad });
    await mountBullBoard(server, pool, queues);
    const watched = () => [...live.runs.keys(), ...live.overview.keys()];
    return { url: await listen(server, host, options.port), watched, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Else each start without a callback of its own would be refused for a field that nobody has sent. */
function assertCallback(callback: ApiSettings['callback'], { callbacks }: Offered): void {
  if (!callback) return;
  const refusal = callbackRefusal(callbacks, callback.url);
  if (refusal !== undefined) throw new SwitchyardError('INVALID_CONFIG', `api.callback: ${refusal}`);
}

/** In the order in which a request meets them; `authorize` is asked once its body is known. */
async function compose(server: FastifyInstance, options: ApiOptions, context: ApiContext): Promise<void> {
  const { host = '127.0.0.1', allowedHosts = [], token, readOnly = false, log } = options;
  const ui = pagesFolder(options.ui);
  const isPage = (path: string) => ui !== undefined && isUiPath(path);
  const methods = allowedMethods(server);
  answerErrors(server, log);
  nameRequests(server, log);
  secureHeaders(server);
  await limitRate(server, options.rateLimit ?? DEFAULT_RATE_LIMIT);
  admitOnly(server, {
    allowedHosts: [host, ...allowedHosts],
    token,
    readOnly,
    isPage,
    methods,
  });
  askAuthorize(server, options.authorize, isPage, context.sy);
  await describeApi(server, token !== undefined || options.authorize !== undefined);
  const routes = useZod(server);
  addHealthRoutes(routes, context);
  addWorkflowRoutes(routes, context);
  addRunsRoutes(routes, context);
  addRunRoutes(routes, context);
  addEventRoutes(routes, context);
  if (!readOnly) addActionRoutes(routes, context);
  addEverydayRoutes(routes, context, readOnly);
  addScheduleRoutes(routes, context, readOnly);
  methods.complete();
  await addPages(routes, ui);
  await addDocsPage(server);
}

async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    throw cannotListen({ host, port }, cause, 'Choose another with --port or SWITCHYARD_PORT; 0 takes any free one.');
  }
  const address = server.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  // An address that means every interface is none that a browser can open.
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${bound}`;
}
