/** The connections of one Switchyard: opened by role, checked once, closed together. */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../ports.js';
import { openRedis, type RedisRole } from './redis.js';
import { assertRedisSuitable } from './redis-check.js';
import { connectOrFail } from './redis-connect.js';

/**
 * An address, ioredis options, or an ioredis client that the application has. Of a client only where it connects to is
 * taken: its time limits and retries were chosen for other work, and would cut a worker's blocking reads short.
 */
export type RedisConnection = string | RedisOptions | Redis;

export interface RedisConnections {
  open(role: RedisRole): Redis;
  /**
   * Resolves once Redis answers and suits us.
   * @throws SwitchyardError REDIS_UNAVAILABLE, REDIS_UNSUITABLE
   */
  ready(): Promise<void>;
  close(): void;
}

export function createRedisConnections(connection: RedisConnection, logger: Logger): RedisConnections {
  const target = connection instanceof Redis ? addressOf(connection.options) : withoutRoleOptions(connection);
  const address = typeof target === 'string' ? target : `redis://${target.host ?? 'localhost'}:${target.port ?? 6379}`;
  const opened: Redis[] = [];
  let suitable: Promise<void> | undefined;

  function open(role: RedisRole): Redis {
    const client = openRedis(target, role, { log: logger, name: `switchyard-${role}` });
    opened.push(client);
    return client;
  }

  async function check(): Promise<void> {
    // A connection of its own: one that failed is closed for good, and the next check needs another.
    const client = openRedis(target, 'producer', { log: logger, name: 'switchyard-check' });
    try {
      await connectOrFail(client, address);
      const report = await assertRedisSuitable(client);
      for (const { level, what, mend } of report.findings) {
        logger[level === 'info' ? 'info' : 'warn']({ mend }, what);
      }
    } finally {
      client.disconnect();
    }
  }

  return {
    open,
    ready() {
      suitable ??= check().catch((error: unknown) => {
        suitable = undefined;
        throw error;
      });
      return suitable;
    },
    close() {
      for (const client of opened) client.disconnect();
    },
  };
}

function addressOf(options: RedisOptions): RedisOptions {
  const { host, port, path, family, username, password, db, tls } = options;
  const { sentinels, name, sentinelUsername, sentinelPassword, role } = options;
  const given = {
    host,
    port,
    path,
    family,
    username,
    password,
    db,
    tls,
    sentinels,
    name,
    sentinelUsername,
    sentinelPassword,
    role,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}

/** How a connection waits and retries belongs to its role: with retries of its own a worker would give up, or not start. */
function withoutRoleOptions(connection: string | RedisOptions): string | RedisOptions {
  if (typeof connection === 'string') return connection;
  const { maxRetriesPerRequest, commandTimeout, socketTimeout, enableAutoPipelining, ...address } = connection;
  return address;
}
