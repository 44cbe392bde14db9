/** What a worker that is told to stop waits for. */
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { redisKeys } from '../../../src/names.js';
import { createIsolation } from '../../../src/processors/isolation.js';
import { createQueueWorker } from '../../../src/processors/queue-worker.js';
import { NO_TELEMETRY } from '../../../src/telemetry.js';
import { workerSettings } from '../../../src/worker-settings.js';
import { openTestRedis, useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { signal } from '../../support/workflows.js';

/** Longer than a worker with nothing in hand waits for Redis. */
const LONGER_MS = 2_500;

test('a job whose task is through, and whose end Redis has not taken yet, is waited for as one that is at work', async () => {
  const { prefix } = useRedis();
  const connection = openTestRedis('worker');
  const queue = new Queue('slow', { connection, prefix });
  const [asked, answer] = [signal(), signal()];
  const worker = createQueueWorker({
    ...{ queue: 'slow', connection, prefix, keys: redisKeys(prefix), name: 'worker', settings: workerSettings({}) },
    handler: async () => ({ kind: 'completed', value: null, end: { run: 'r', stage: 's', done: '{}' } }),
    finish: async () => {
      asked.happen();
      await answer.happened;
      return { reply: 0, hasBegun: false };
    },
    isolation: createIsolation(),
    telemetry: NO_TELEMETRY,
    logger: silentLog,
  });
  onTestFinished(async () => {
    await queue.close();
    connection.disconnect();
  });
  await queue.add('job', {});
  worker.start();
  await asked.happened;
  const stopped = worker.stop(20_000).then(() => 'stopped');
  expect(await Promise.race([stopped, delay(LONGER_MS, 'waits')])).toBe('waits');
  answer.happen();
  expect(await stopped).toBe('stopped');
});
