import { SwitchyardError } from '../errors.js';
import type { Logger } from '../ports.js';
import { findEmbeddedRedis, refuseInProduction, startEmbeddedRedis } from './embedded-redis/embedded-redis.js';
import { parseRedisUrl } from './redis-url.js';

export interface ResolveRedisOptions {
  /** From a flag or the configuration; `REDIS_URL` when absent. */
  readonly redisUrl?: string | undefined;
  /** `SWITCHYARD_DATA_DIR`, `.switchyard` by default: how commands on one machine find the embedded Redis. */
  readonly dataDir: string;
  /** `start`: demo, up, --dev. `attach`: every other command. */
  readonly mode: 'start' | 'attach';
  /** The embedded Redis outlives this process; see `startEmbeddedRedis`. */
  readonly detached?: boolean | undefined;
  readonly log: Logger;
}

export interface ResolvedRedis {
  readonly url: string;
  readonly origin: 'env' | 'embedded';
  /** There when this call started an embedded Redis: ends it. */
  readonly stop?: () => Promise<void>;
}

/**
 * Which Redis a command uses. A given address is used or fails: it is never replaced by the embedded one, or work meant
 * for a real Redis would go unnoticed into a private one.
 *
 * @throws SwitchyardError INVALID_CONFIG (the address is none), REDIS_UNAVAILABLE (none given, none running, or none can
 *   be started), ILLEGAL_STATE (see `startEmbeddedRedis`)
 */
export async function resolveRedis(options: ResolveRedisOptions): Promise<ResolvedRedis> {
  const given = options.redisUrl ?? process.env.REDIS_URL;
  if (given !== undefined && given !== '') return { url: parseRedisUrl(given).href, origin: 'env' };

  refuseInProduction();
  if (options.mode === 'start') {
    const { url, started, stop } = await startEmbeddedRedis(options);
    return { url, origin: 'embedded', ...(started && { stop }) };
  }
  const running = await findEmbeddedRedis(options.dataDir);
  if (running === undefined) {
    throw new SwitchyardError(
      'REDIS_UNAVAILABLE',
      `No Redis: set REDIS_URL, or start one with \`switchyard up\` (looked into ${options.dataDir}).`,
    );
  }
  return { url: running, origin: 'embedded' };
}
