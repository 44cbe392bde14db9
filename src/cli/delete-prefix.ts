import { openRedis } from '../adapters/redis.js';
import type { Logger } from '../ports.js';

/** In somebody's own Redis nothing of a demo or a crash test stays. */
export async function deletePrefix(url: string, prefix: string, log: Logger): Promise<void> {
  const client = openRedis(url, 'producer', { log });
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await client.unlink(...keys);
    }
  } finally {
    client.disconnect();
  }
}
