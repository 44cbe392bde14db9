/** What a worker process is told over a connection that broke: it must be heard, or read, whatever falls in between. */
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createPauseSignals } from '../../../src/adapters/pause-signals.js';
import { openRedis } from '../../../src/adapters/redis.js';
import { createStopSignals } from '../../../src/adapters/stop-signals.js';
import { redisKeys } from '../../../src/names.js';
import { useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';

/** A subscriber that does not listen again by itself, as if that took long; and a way to see what was heard when it read. */
function connections() {
  const { url, redis, prefix } = useRedis();
  const subscriber = openRedis(url, 'worker', { log: silentLog });
  const reader = openRedis(url, 'worker', { log: silentLog });
  subscriber.options.autoResubscribe = false;
  onTestFinished(() => {
    subscriber.disconnect();
    reader.disconnect();
  });
  return { redis, subscriber, reader, keys: redisKeys(prefix), logger: silentLog };
}

async function reconnect(subscriber: Redis, redis: Redis, channel: string): Promise<void> {
  const before = await redis.pubsub('NUMSUB', channel);
  expect(before).toEqual([channel, 1]);
  const ready = new Promise((resolve) => subscriber.once('ready', resolve));
  subscriber.disconnect(true);
  await ready;
}

test('after a lost connection a worker listens for stops, and reads only then which there are', async () => {
  const { redis, ...rest } = connections();
  const stopped: string[] = [];
  const signals = createStopSignals({ ...rest, onStop: (run) => stopped.push(run) });
  onTestFinished(() => signals.close());
  await signals.start();
  const { keys, subscriber, reader } = rest;
  const listeners: unknown[] = [];
  const smembers = reader.smembers.bind(reader);
  reader.smembers = async (key: Parameters<typeof smembers>[0]) => {
    listeners.push(await redis.pubsub('NUMSUB', keys.stops));
    return await smembers(key);
  };
  await reconnect(subscriber, redis, keys.stops);
  await expect.poll(() => listeners).toEqual([[keys.stops, 1]]);
  await redis.publish(keys.stops, 'flow-0-t1');
  await expect.poll(() => stopped).toEqual(['flow-0-t1']);
  expect(signals.isStopping('flow-0-t1')).toBe(true);
});

test('the same of pauses', async () => {
  const { redis, ...rest } = connections();
  const signals = createPauseSignals(rest);
  onTestFinished(() => signals.close());
  await signals.start();
  const { keys, subscriber } = rest;
  await reconnect(subscriber, redis, keys.pauses);
  await expect.poll(() => redis.pubsub('NUMSUB', keys.pauses)).toEqual([keys.pauses, 1]);
  await redis.multi().hset(keys.paused, 'flow', '{}').publish(keys.pauses, 'flow').exec();
  await expect.poll(() => signals.isPaused('flow')).toBe(true);
});
