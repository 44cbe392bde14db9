/**
 * Connections to Redis. This file alone decides how a client behaves when Redis is slow, gone or silent; BullMQ and our
 * own scripts share the clients that it makes.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../ports.js';
import { parseRedisUrl } from './redis-url.js';

/**
 * - `producer` enqueues and reads for somebody who waits: it fails fast.
 * - `worker` runs jobs, and is also right for every blocking read (queue events, `XREAD BLOCK`, subscriptions): it waits
 *   for Redis to come back. On a producer's connection a blocking read longer than its command timeout is cut off.
 */
export type RedisRole = 'producer' | 'worker';

/** How long a producer's command may take, connection included, before it fails. */
export const PRODUCER_COMMAND_TIMEOUT_MS = 2_500;

/**
 * How long a connection with an unanswered command may stay silent before it is dropped and made again; without it a
 * path that swallows packets parks a worker until TCP gives up, many minutes later. It must exceed the longest blocking
 * read: BullMQ waits 5 s on an idle queue but up to 10 s when a delayed job lies ahead, 10 s for queue events, and
 * breaks off by itself 1 s after that. Below it, idle workers would reconnect for ever.
 */
export const WORKER_SOCKET_TIMEOUT_MS = 12_000;

/** First retry after 50 ms, doubled up to 1 s, with jitter so that a fleet does not come back in one instant. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
const RETRY_JITTER_MS = 100;

function retryDelay(times: number): number {
  const delay = Math.min(FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10), LONGEST_RETRY_MS);
  return Math.round(delay + Math.random() * RETRY_JITTER_MS);
}

/** Options of a role, for whoever makes clients in another way (a cluster, a test). */
export function redisOptionsFor(role: RedisRole): RedisOptions {
  const common: RedisOptions = {
    // The first command, or connectOrFail, connects: then there is somebody to tell about a failure.
    lazyConnect: true,
    // Costs 20-50 % of throughput with BullMQ's scripts.
    enableAutoPipelining: false,
    keepAlive: 10_000,
    retryStrategy: retryDelay,
  };
  if (role === 'worker') {
    return { ...common, maxRetriesPerRequest: null, connectTimeout: 10_000, socketTimeout: WORKER_SOCKET_TIMEOUT_MS };
  }
  return {
    ...common,
    // One lost connection is bridged; at the second failed attempt the waiting commands are refused and forgotten. With
    // more, a command reported as failed would stay in the client's queue and be sent once Redis is back.
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    commandTimeout: PRODUCER_COMMAND_TIMEOUT_MS,
    socketTimeout: 2 * PRODUCER_COMMAND_TIMEOUT_MS,
  };
}

export interface OpenRedisOptions {
  readonly log: Logger;
  /** Shown by `CLIENT LIST`. */
  readonly name?: string;
}

/**
 * A client for the role. It connects with its first command or by `connectOrFail`; connection errors go to the logger,
 * once per outage, and never become an unhandled `error` event.
 *
 * @param target a `redis://` or `rediss://` address, or ioredis options (which win over the role's)
 * @throws SwitchyardError INVALID_CONFIG when the address is none
 */
export function openRedis(target: string | RedisOptions, role: RedisRole, { log, name }: OpenRedisOptions): Redis {
  const base: RedisOptions = { ...redisOptionsFor(role), ...(name !== undefined && { connectionName: name }) };
  const client =
    typeof target === 'string' ? new Redis(parseRedisUrl(target).href, base) : new Redis({ ...base, ...target });
  logConnectionErrors(client, log.child({ redis: role }));
  return client;
}

/** An outage is one warning and one all-clear, not a line per retry; the retries in between are for debugging. */
function logConnectionErrors(client: Redis, log: Logger): void {
  let failing = false;
  client.on('error', (error: Error) => {
    if (failing) log.debug({ err: error }, 'still no connection to Redis');
    else log.warn({ err: error }, `lost Redis, reconnecting: ${error.message}`);
    failing = true;
  });
  client.on('ready', () => {
    if (failing) log.info({}, 'connected to Redis again');
    failing = false;
  });
}
