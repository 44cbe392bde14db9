/** A private Redis for trying things out and for tests; never for production. An entry point of its own. */
import { createLogger } from './adapters/logger.js';
import { resolveRedis } from './adapters/resolve-redis.js';
import { DEFAULT_DATA_DIR } from './config.js';

export interface EmbeddedRedis {
  readonly url: string;
  /** Ends it, unless `REDIS_URL` named it or somebody else had started it. */
  stop(): Promise<void>;
}

/**
 * The Redis of `REDIS_URL`, or one of our own: found on this machine, or fetched once.
 * @throws SwitchyardError REDIS_UNAVAILABLE, with the command that gets one; always when NODE_ENV is `production`
 */
export async function embeddedRedis(
  dataDir = process.env.SWITCHYARD_DATA_DIR ?? DEFAULT_DATA_DIR,
): Promise<EmbeddedRedis> {
  const { url, stop } = await resolveRedis({ dataDir, mode: 'start', log: createLogger() });
  return { url, stop: stop ?? (() => Promise.resolve()) };
}
