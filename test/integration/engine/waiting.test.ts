import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../../../src/adapters/redis.js';
import { createSettledRuns } from '../../../src/adapters/settled-runs.js';
import { redisKeys } from '../../../src/names.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { useRedis } from '../../support/redis.js';
import { useRedisProcess } from '../../support/redis-process.js';
import { silentLog } from '../../support/silent-log.js';
import { echo } from '../../support/workflows.js';

test('five hundred runs waited for at once all come back, each with its own result', async () => {
  const { sy } = await useWorkingEngine([echo]);
  const runs = await Promise.all(Array.from({ length: 500 }, (_, n) => sy.start(echo, { n })));
  const ended = await Promise.all(runs.map((run) => run.wait('20s')));
  expect(ended.map((run) => run.status === 'completed' && run.output)).toEqual(
    Array.from({ length: 500 }, (_, n) => ({ n })),
  );
});

test("five hundred runs leave BullMQ's own event streams short: nobody reads them, and they carry every result", async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  const runs = await Promise.all(Array.from({ length: 500 }, (_, n) => sy.start(echo, { n })));
  await Promise.all(runs.map((run) => run.wait('20s')));
  // Trimmed approximately, by whole nodes of 100 entries.
  for (const queue of ['runs', 'tasks']) {
    const kept = await redis.xlen(`${prefix}:${queue}:events`);
    expect(kept, queue).toBeGreaterThan(0);
    expect(kept, queue).toBeLessThanOrEqual(200);
  }
});

test('a process that did not start the run can wait for it, before and after its end', async () => {
  const engine = useEngine([echo]);
  const elsewhere = engine.other([echo]);
  const { id } = await engine.sy.start(echo, { n: 7 });
  const waited = elsewhere.run(id).wait('10s');
  await engine.work();
  expect(await waited).toMatchObject({ status: 'completed', output: { n: 7 } });
  expect(await elsewhere.run(id).wait('10s')).toMatchObject({ status: 'completed' });
});

test('a run that has not ended when the wait does is shown as it stands', async () => {
  const { sy } = useEngine([echo]);
  const run = await sy.start(echo, {});
  expect(await run.wait('50ms')).toMatchObject({ id: run.id, status: 'queued', timeline: [{ state: 'waiting' }] });
});

test('a wait ends with its time when Redis does not answer any more', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, {});
  const silent = engine.other([echo], { connection: { host: '127.0.0.1', port: 1 } });
  await expect(silent.run(run.id).wait('100ms')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
});

test('a first wait that Redis refuses is told why, and the next one waits: nothing of the first stays', async () => {
  const { url, admin } = await useRedisProcess(['lua-time-limit 20']);
  const keys = redisKeys('{waiting}');
  const connected = async () => {
    const client = openRedis(url, 'worker', { log: silentLog });
    onTestFinished(() => client.disconnect());
    await client.ping();
    return client;
  };
  const free = await Promise.all([1, 2, 3, 4].map(connected));
  const opened = free.slice(0, 2);
  const open = () => free.shift() as Redis;
  const settled = createSettledRuns({ open, keys, logger: silentLog });
  const watcher = await connected();
  // Whoever comes now is answered BUSY.
  const endless = admin.eval('while true do end', 0).catch(() => undefined);
  await expect.poll(() => watcher.ping().catch(({ message }) => String(message))).toContain('BUSY');
  const refused = settled.wait('echo-0-k1', AbortSignal.timeout(20_000));
  const beside = settled.wait('echo-0-k2', AbortSignal.timeout(20_000));
  await expect(refused).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  await expect(beside).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  await watcher.script('KILL');
  await endless;
  await expect.poll(() => opened.map(({ status }) => status)).toEqual(['end', 'end']);
  const waited = settled.wait('echo-0-k1', AbortSignal.timeout(20_000));
  await watcher.hset(keys.log('echo-0-k1'), { workflow: 'echo', status: 'completed' });
  await watcher.xadd(keys.settled, '*', 'run', 'echo-0-k1');
  await waited;
  await settled.close();
  expect(free).toEqual([]);
});

describe('once a Switchyard is closed', () => {
  const closed = { code: 'ILLEGAL_STATE', message: expect.stringContaining('closed') };

  test('a wait is refused, also one that was on its way', async () => {
    const engine = useEngine([echo]);
    const { id } = await engine.sy.start(echo, {});
    const other = engine.other([echo]);
    const wait = expect(other.run(id).wait('5s')).rejects.toMatchObject(closed);
    await other.close();
    await wait;
    await expect(other.run(id).wait('5s')).rejects.toMatchObject(closed);
  });

  test('a first wait opens no connection, which nobody would close', async () => {
    const { redis, prefix } = useRedis();
    let opened = 0;
    const open = () => {
      opened += 1;
      return redis;
    };
    const settled = createSettledRuns({ open, keys: redisKeys(prefix), logger: silentLog });
    await settled.close();
    await expect(settled.wait('echo-0-k1', AbortSignal.timeout(5_000))).rejects.toMatchObject(closed);
    expect(opened).toBe(0);
  });

  test('starts and workers are refused as well', async () => {
    const { sy } = useEngine([echo]);
    await sy.close();
    await expect(sy.start(echo, {})).rejects.toMatchObject(closed);
    expect(() => sy.workers()).toThrow(expect.objectContaining(closed));
  });
});
