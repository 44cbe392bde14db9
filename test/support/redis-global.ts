/**
 * One Redis for the whole test run, each test under a prefix of its own: `TEST_REDIS_URL`, else a container where Docker
 * answers and has or can pull the image, else the project's own embedded Redis. `TEST_REDIS_MODE=container` makes the
 * last step an error. The run prints which it used.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedRedis } from '../../src/adapters/embedded-redis/embedded-redis.js';
import { openRedis } from '../../src/adapters/redis.js';
import { assertRedisSuitable } from '../../src/adapters/redis-check.js';
import { connectOrFail } from '../../src/adapters/redis-connect.js';
import { startRedisContainer } from './redis-container.js';
import { silentLog } from './silent-log.js';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

interface TestRedis {
  readonly url: string;
  /** For the line that the run prints. */
  readonly what: string;
  stop(): Promise<void>;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await provideRedis();
  try {
    const version = await versionOf(redis.url);
    process.stdout.write(`Tests' Redis: ${redis.what}, version ${version}\n`);
  } catch (error) {
    await redis.stop();
    throw error;
  }
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}

async function provideRedis(): Promise<TestRedis> {
  const given = process.env.TEST_REDIS_URL;
  if (given) return { url: given, what: 'TEST_REDIS_URL', stop: async () => undefined };

  const container = await startRedisContainer(process.env.TEST_REDIS_IMAGE || 'redis:7-alpine');
  if (container.kind === 'started') {
    return { url: container.url, what: `a container of ${container.image}`, stop: container.stop };
  }
  if (process.env.TEST_REDIS_MODE === 'container') {
    throw new Error(`TEST_REDIS_MODE is container, and there is none: ${container.reason}`);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-test-redis-'));
  const embedded = await startEmbeddedRedis({ dataDir, log: silentLog });
  return {
    url: embedded.url,
    what: `embedded, from ${embedded.source} (no container: ${container.reason})`,
    stop: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function versionOf(url: string): Promise<string> {
  const client = openRedis(url, 'producer', { log: silentLog });
  await connectOrFail(client, url);
  try {
    return (await assertRedisSuitable(client)).version ?? 'unknown';
  } finally {
    client.disconnect();
  }
}
