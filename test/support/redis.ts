import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { openRedis, type RedisRole } from '../../src/adapters/redis.js';
import { silentLog } from './silent-log.js';

/** The one Redis of this test run. */
export function redisUrl(): string {
  return inject('redisUrl');
}

/** A key prefix that no other test has, in one Redis Cluster slot: `{t-1f9c0a4be210}`. */
export function testPrefix(): string {
  return `{t-${randomBytes(6).toString('hex')}}`;
}

/** A client of the test run's Redis; whoever opens it closes it. */
export function openTestRedis(role: RedisRole = 'producer'): Redis {
  return openRedis(redisUrl(), role, { log: silentLog });
}

/** Inside a test: the Redis, a client, and a prefix of the test's own; at its end the keys go and the client closes. */
export function useRedis(): { readonly url: string; readonly redis: Redis; readonly prefix: string } {
  const redis = openTestRedis();
  const prefix = testPrefix();
  onTestFinished(async () => {
    await deletePrefix(prefix);
    redis.disconnect();
  });
  return { url: redisUrl(), redis, prefix };
}

/** What a prefix has left behind, sorted. */
export async function keysOf(prefix: string): Promise<string[]> {
  const redis = openTestRedis();
  try {
    return await scan(redis, prefix);
  } finally {
    redis.disconnect();
  }
}

/** Deletes every key under the prefix; for an `afterEach` or `afterAll` when `useRedis` does not fit. */
export async function deletePrefix(prefix: string): Promise<void> {
  const redis = openTestRedis();
  try {
    const keys = await scan(redis, prefix);
    for (let at = 0; at < keys.length; at += 1_000) await redis.unlink(...keys.slice(at, at + 1_000));
  } finally {
    redis.disconnect();
  }
}

async function scan(redis: Redis, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    for (const key of page) keys.add(key);
  }
  return [...keys].sort();
}
