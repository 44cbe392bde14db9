/** The connections of one Switchyard: opened by role, checked once, closed together. */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../ports.js';
import { openRedis, type RedisRole } from './redis.js';
import { assertRedisSuitable } from './redis-check.js';
import { connectOrFail } from './redis-connect.js';

/** An address, ioredis options, or an ioredis client, whose options are then used for connections of our own. */
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
  const target = connection instanceof Redis ? connection.options : connection;
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
