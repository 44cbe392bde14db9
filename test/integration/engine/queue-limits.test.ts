import { expect, onTestFinished, test } from 'vitest';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { switchyard } from '../../../src/engine/engine.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { QueueLimits } from '../../../src/queue-limits.js';
import type { QueuePool } from '../../../src/queues/queue-pool.js';
import { applyCommand } from '../../../src/queues/set-limits.js';
import { useEngine } from '../../support/engine.js';
import { openTestRedis, redisUrl } from '../../support/redis.js';
import { anyInput, task } from '../../support/workflows.js';

/** Six jobs in a queue of their own, of a few round trips each; tells how many were at work at once, at most. */
function counted() {
  const redis = openTestRedis();
  onTestFinished(() => redis.disconnect());
  let [active, most] = [0, 0];
  const work = task(
    'work',
    async () => {
      active += 1;
      most = Math.max(most, active);
      // Long enough for the others to be fetched, where they may.
      for (let trip = 0; trip < 50; trip += 1) await redis.ping();
      active -= 1;
    },
    { queue: 'billing' },
  );
  const six = defineFanOut({
    name: 'six',
    input: anyInput,
    each: work,
    split: () => [1, 2, 3, 4, 5, 6],
    aggregate: (results) => results.filter(({ state }) => state === 'completed').length,
  });
  return { six, most: () => most };
}

const limited = async (limits: QueueLimits) => {
  const { six, most } = counted();
  const engine = useEngine([six], { queues: { billing: limits } });
  const second = engine.other([six]).workers({ graceMs: 500 });
  await engine.work();
  await second.start();
  const run = await engine.sy.start(six, {});
  const state = await run.wait('15s');
  await second.stop();
  expect(state).toMatchObject({ status: 'completed', output: 6 });
  return { engine, six, state, most: most() };
};

test('without limits several jobs of a queue are at work at once', async () => {
  expect((await limited({})).most).toBeGreaterThan(2);
});

test('`total` bounds the jobs at work in all workers together, also in those that are not configured to it', async () => {
  const { most, engine } = await limited({ total: 1 });
  expect(most).toBe(1);
  expect(await engine.sy.queues()).toContainEqual({
    ...{ queue: 'billing', waiting: 0, active: 0, delayed: 0 },
    ...{ total: 1, limitedBy: 'config' },
  });
});

test('`concurrency` bounds the jobs of one process', async () => {
  const { six, most } = counted();
  const { sy, work } = useEngine([six], { queues: { billing: { concurrency: 2 } } });
  await work();
  expect(await (await sy.start(six, {})).wait('15s')).toMatchObject({ output: 6 });
  expect(most()).toBe(2);
});

test('`rate` spaces the jobs out over all workers, and one that waits for it loses no attempt', async () => {
  const { state } = await limited({ rate: { max: 2, per: 300 } });
  const starts = state.timeline.map(({ startedAt }) => startedAt ?? 0).sort((a, b) => a - b);
  // Two in each span: the fifth begins two spans after the first, less what a clock rounds.
  expect((starts[4] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(590);
  expect(state.timeline.map(({ attempts }) => attempts.map(({ n }) => n))).toEqual(
    Array.from({ length: 6 }, () => [1]),
  );
});

test('what was set by command stands when a worker starts, until it is cleared; what was configured goes with its line', async () => {
  const { six } = counted();
  const { sy, other } = useEngine([six]);
  const billing = async () => (await sy.queues()).find(({ queue }) => queue === 'billing');
  const startWorker = async (limits?: QueueLimits) => {
    const workers = other([six], limits && { queues: { billing: limits } }).workers({ graceMs: 500 });
    await workers.start();
    await workers.stop();
  };
  await startWorker({ total: 3, rate: { max: 5, per: '1m' } });
  expect(await billing()).toMatchObject({ total: 3, rate: { max: 5, perMs: 60_000 }, limitedBy: 'config' });
  await startWorker({ total: 4 });
  expect(await billing()).toMatchObject({ total: 4 });
  expect(await billing()).not.toHaveProperty('rate');
  await sy.limit('billing', { total: 1 });
  await startWorker({ total: 4 });
  await startWorker();
  expect(await billing()).toMatchObject({ total: 1, limitedBy: 'command' });
  await sy.limit('billing', {});
  expect(await billing()).not.toHaveProperty('total');
  await startWorker({ total: 4 });
  expect(await billing()).toMatchObject({ total: 4, limitedBy: 'config' });
  await startWorker();
  expect(await billing()).not.toHaveProperty('total');
});

test('a command changes what it names, and what it does not name stays, configured or not', async () => {
  const { six } = counted();
  const { sy, other } = useEngine([six]);
  const billing = async () => (await sy.queues()).find(({ queue }) => queue === 'billing');
  const workers = other([six], { queues: { billing: { total: 20, rate: { max: 9, per: '1s' } } } }).workers();
  await workers.start();
  await workers.stop();
  await sy.limit('billing', { rate: { max: 5, per: '1s' } });
  expect(await billing()).toMatchObject({ total: 20, rate: { max: 5, perMs: 1_000 }, limitedBy: 'command' });
  await sy.limit('billing', { total: 'none' });
  expect(await billing()).toMatchObject({ rate: { max: 5, perMs: 1_000 } });
  expect(await billing()).not.toHaveProperty('total');
  await sy.limit('billing', { rate: 'none' });
  // Without any, and by command: what is configured does not come back by itself.
  expect(await billing()).toMatchObject({ limitedBy: 'command' });
  expect(await billing()).not.toHaveProperty('rate');
});

test('a command that breaks off before its limits stand leaves the queue to its configuration', async () => {
  const { six } = counted();
  const { sy, other, redis, prefix } = useEngine([six]);
  const queues = { get: () => ({ setGlobalConcurrency: () => Promise.reject(new Error('cut off')) }) };
  const deps = { scripts: createScriptRunner(redis), keys: redisKeys(prefix), queues: queues as unknown as QueuePool };
  await expect(applyCommand(deps, 'billing', { total: 1 })).rejects.toThrow('cut off');
  const workers = other([six], { queues: { billing: { total: 4 } } }).workers();
  await workers.start();
  await workers.stop();
  expect(await sy.queues()).toContainEqual(
    expect.objectContaining({ queue: 'billing', total: 4, limitedBy: 'config' }),
  );
});

test.each<[Record<string, QueueLimits>, string]>([
  [{ biling: { total: 1 } }, 'which no workflow uses; the queues are runs, billing'],
  [{ billing: { total: 0 } }, 'total is 0'],
  [{ billing: { concurrency: 1.5 } }, 'concurrency is 1.5'],
  [{ billing: { rate: { max: 1, per: 0 } } }, 'rate.per'],
  [{ runs: { total: 5 } }, 'every run passes it'],
])('limits %j are refused at once', (queues, why) => {
  const { six } = counted();
  expect(() => switchyard({ connection: redisUrl(), workflows: [six], queues })).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(why) }),
  );
});
