/**
 * Connections to Redis. This file alone decides how a client behaves when Redis is slow, gone or silent; BullMQ and our
 * own scripts share the clients that it makes.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../ports.js';
import type { RedisAddress } from './redis-address.js';
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

/**
 * After a failover behind one name the old socket may stay open, to what is a replica now: only a new connection finds
 * the master. A replica has refused the first write of a command or script, so nothing of it has happened and it can be
 * sent again (ioredis: 2 connects anew and resends, 1 connects anew and rejects). A worker's command is resent until
 * there is a master; a producer's once, then its caller is told. Writes in a MULTI would be resent one by one, outside
 * of it: nothing here uses one.
 */
function reconnectOnReadOnly(role: RedisRole): (error: Error) => false | 1 | 2 {
  const resent = new WeakSet<object>();
  return (error) => {
    if (!isReadOnly(error)) return false;
    if (role === 'worker') return 2;
    const operands = operandsOf(error);
    if (!operands || resent.has(operands)) return 1;
    resent.add(operands);
    return 2;
  };
}

/** Within a script, Redis 6 puts the word in the middle of its message. */
function isReadOnly(error: Error): boolean {
  return /\bREADONLY /.test(error.message);
}

/** The failed command's operands, the same array however often the command is sent. */
function operandsOf(error: Error): object | undefined {
  if (!('command' in error) || typeof error.command !== 'object' || error.command === null) return undefined;
  return 'args' in error.command && Array.isArray(error.command.args) ? error.command.args : undefined;
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
    reconnectOnError: reconnectOnReadOnly(role),
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
  /** Connections that are lost now: of those that share it, the first tells of an outage and the last of its end. */
  readonly lost?: Set<Redis>;
}

/**
 * A client for the role. It connects with its first command or by `connectOrFail`; connection errors go to the logger,
 * once per outage, and never become an unhandled `error` event.
 *
 * @param address a `redis://` or `rediss://` address, or options; the role's win over them
 * @throws SwitchyardError INVALID_CONFIG when the address is none
 */
export function openRedis(address: RedisAddress, role: RedisRole, options: OpenRedisOptions): Redis {
  const { log, name, lost = new Set<Redis>() } = options;
  const own = log.child({ redis: role });
  const roles = redisOptionsFor(role);
  const settings: RedisOptions = {
    ...roles,
    reconnectOnError: logReadOnly(roles.reconnectOnError, own),
    ...(name !== undefined && { connectionName: name }),
  };
  const client =
    typeof address === 'string'
      ? new Redis(parseRedisUrl(address).href, settings)
      : new Redis({ ...address, ...settings });
  logConnectionErrors(client, own, lost);
  return client;
}

/** Of an error that repeats with every command and connection, one warning in this time is enough. */
const READ_ONLY_WARNING_MS = 30_000;

function logReadOnly(decide: RedisOptions['reconnectOnError'], log: Logger): (error: Error) => boolean | 1 | 2 {
  let quietUntil = 0;
  return (error) => {
    const decision = decide?.(error) ?? false;
    if (decision && Date.now() >= quietUntil) {
      quietUntil = Date.now() + READ_ONLY_WARNING_MS;
      log.warn(
        {},
        'Redis is a read-only replica: reconnecting to find the master. If it stays one, correct the address',
      );
    }
    return decision;
  };
}

/**
 * An outage is one warning and one all-clear, not a line per retry; the retries in between are for debugging. Never the
 * error itself: a reply error carries its command, and that of a refused login is the password.
 */
function logConnectionErrors(client: Redis, log: Logger, lost: Set<Redis>): void {
  let everReady = false;
  client.on('error', (error: Error) => {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    // Where a name has several addresses, the error of trying them all has a code and an empty message.
    const reason = error.message || code || error.name;
    const fields = { reason, ...(code !== undefined && { code }) };
    // Until the first connection, whoever opened it is told, in plain words; a line here would only come before them.
    if (lost.size > 0 || !everReady) log.debug(fields, 'no connection to Redis');
    else log.warn(fields, `lost Redis, reconnecting: ${reason}`);
    if (everReady) lost.add(client);
  });
  client.on('ready', () => {
    everReady = true;
    // At the level of the warning that it ends: whoever has read the one is to read the other.
    if (lost.delete(client) && lost.size === 0) log.warn({}, 'connected to Redis again');
  });
  client.on('end', () => {
    lost.delete(client);
  });
}
