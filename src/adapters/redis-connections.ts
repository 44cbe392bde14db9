/** The connections of one Switchyard: opened by role, checked once, closed together. */
import type { Redis } from 'ioredis';
import { DEFAULT_PREFIX } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { ForeignQueue, Logger } from '../ports.js';
import { RELEASE } from '../release.js';
import { assertSameSlot } from './cluster-slot.js';
import { assertKeySchema } from './key-schema.js';
import { openRedis, type RedisRole } from './redis.js';
import { addressOf, type RedisConnection } from './redis-address.js';
import { assertRedisSuitable } from './redis-check.js';
import { connectOrFail } from './redis-connect.js';
import { outageOf } from './scripts.js';

export type { RedisConnection } from './redis-address.js';

export interface RedisConnections {
  /** @throws SwitchyardError ILLEGAL_STATE after `close` */
  assertOpen(): void;
  /** @throws SwitchyardError ILLEGAL_STATE after `close`: nobody would close what it opens */
  open(role: RedisRole): Redis;
  /** Closes one that is not needed any more, before all are closed. May be called twice. */
  release(client: Redis): void;
  /**
   * Resolves once Redis answers and suits us.
   * @throws SwitchyardError REDIS_UNAVAILABLE, REDIS_UNSUITABLE; ILLEGAL_STATE after `close`
   */
  ready(): Promise<void>;
  close(): void;
}

/** As `CLIENT LIST` shows it: which release is connected, and as what. */
export function connectionName(role: string): string {
  return `switchyard-${role}@${RELEASE}`;
}

/** @throws SwitchyardError INVALID_CONFIG when the connection leads nowhere, or to a place that cannot serve */
export function createRedisConnections(
  connection: RedisConnection,
  logger: Logger,
  prefix: string = DEFAULT_PREFIX,
  foreign: readonly ForeignQueue[] = [],
): RedisConnections {
  const address = addressOf(connection);
  const opened = new Set<Redis>();
  const lost = new Set<Redis>();
  let suitable: Promise<void> | undefined;
  let closed = false;

  function assertOpen(): void {
    if (!closed) return;
    throw new SwitchyardError('ILLEGAL_STATE', 'this Switchyard is closed: make another with switchyard()');
  }

  function open(role: RedisRole, name: string = role): Redis {
    assertOpen();
    const client = openRedis(address, role, { log: logger, name: connectionName(name), lost });
    opened.add(client);
    return client;
  }

  function release(client: Redis): void {
    if (!opened.delete(client)) return;
    client.disconnect();
    // One that is reconnecting says nothing more: taken for lost for ever, it would hush the next outage of the others.
    lost.delete(client);
  }

  async function check(): Promise<void> {
    // A connection of its own: one that failed is closed for good, and the next check needs another.
    const client = open('producer', 'check');
    try {
      await connectOrFail(client, address);
      const report = await assertRedisSuitable(client, prefix);
      assertSameSlot(report, prefix, foreign);
      for (const { level, what, cost, mend } of report.findings) {
        logger[level === 'info' ? 'info' : 'warn']({ cost, mend }, what);
      }
      await assertKeySchema(client, prefix, logger);
    } catch (error) {
      assertOpen();
      throw outageOf(error) ?? error;
    } finally {
      release(client);
    }
  }

  return {
    assertOpen,
    open: (role) => open(role),
    release,
    async ready() {
      assertOpen();
      suitable ??= check().catch((error: unknown) => {
        suitable = undefined;
        throw error;
      });
      await suitable;
    },
    close() {
      closed = true;
      for (const client of [...opened]) release(client);
    },
  };
}
