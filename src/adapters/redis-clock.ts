import type { Redis } from 'ioredis';

/** The server's own time, in milliseconds since the epoch. */
export async function redisNow(client: Redis): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
