import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { echo, task } from '../../support/workflows.js';

test.each(['30d', 'soon', -1])('a wait of %j is refused: a timer would end it at once', async (timeout) => {
  const { sy } = useEngine([echo]);
  const run = await sy.start(echo, {});
  await expect(run.wait(timeout as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a wait of a fraction of a millisecond is one of a whole number', async () => {
  const { sy } = useEngine([echo]);
  expect(await (await sy.start(echo, {})).wait(0.5)).toMatchObject({ status: 'queued' });
});

test.each(['abc', '400d', -5])('a delay of %j is refused as input, and nothing is stored', async (delay) => {
  const { sy } = useEngine([echo]);
  await expect(sy.start(echo, {}, { delay: delay as never })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('a long timeout does not end its task at once', async () => {
  const flow = defineFanOut({
    name: 'patient',
    input: z.object({}),
    branches: {
      only: {
        run: task('long', () => new Promise((resolve) => setImmediate(resolve, 1)), { timeout: '24d' }),
        with: () => 1,
      },
    },
    aggregate: (r) => r.only.state,
  });
  const { sy } = await useWorkingEngine([flow]);
  expect(await (await sy.start(flow, {})).wait('10s')).toMatchObject({ output: 'completed' });
});

test('an error of megabytes is stored as its beginning', async () => {
  const flow = defineFanOut({
    name: 'loud',
    input: z.object({}),
    branches: {
      only: {
        run: task('shout', () => Promise.reject(new Error('x'.repeat(3_000_000))), { attempts: 2 }),
        with: () => 1,
      },
    },
    aggregate: () => null,
  });
  const { sy, redis, prefix } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'failed' });
  const [log, job] = await Promise.all([
    redis.hgetall(`${prefix}:log:${run.id}`),
    redis.hgetall(`${prefix}:tasks:${run.id}-only`),
  ]);
  expect(JSON.stringify([log, job]).length).toBeLessThan(100_000);
});
