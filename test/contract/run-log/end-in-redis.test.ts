/** What a run's end does in Redis beside the log: retention, the index, the stream, and what becomes of an end that fails. */
import { expect, test } from 'vitest';
import { outcome, saga } from './samples.js';
import { inRedis, type RedisSubject } from './subjects.js';

test.each<
  [what: string, hinder: (it: RedisSubject) => Promise<unknown>, lastly: (it: RedisSubject) => Promise<unknown>]
>([
  [
    'a retention that Redis refuses',
    (it) => it.logWith({ ageMs: 1_000.5, count: 1 }).end(it.run, it.fence, outcome),
    async () => undefined,
  ],
  [
    'a stream of settled runs that is none',
    async (it) => {
      await it.redis.set(it.keys.settled, 'not a stream');
      await it.log.end(it.run, it.fence, outcome);
    },
    (it) => it.redis.del(it.keys.settled),
  ],
  [
    'an index that is none',
    async (it) => {
      await it.redis.set(it.keys.index('*', 'completed'), 'not a sorted set');
      await it.log.end(it.run, it.fence, outcome);
    },
    (it) => it.redis.del(it.keys.index('*', 'completed')),
  ],
])(
  'an end that fails in the middle, by %s, has not ended the run, and can be repeated',
  async (_what, hinder, lastly) => {
    const it = await inRedis(saga);
    await expect(hinder(it)).rejects.toThrow();
    expect((await it.log.read(it.run))?.record.outcome).toBeUndefined();
    expect(await it.redis.pttl(it.keys.log(it.run))).toBe(-1);
    await lastly(it);
    expect(await it.log.end(it.run, it.fence, outcome)).toEqual({ kind: 'ended', outcome });
    expect((await it.log.read(it.run))?.record.outcome).toEqual(outcome);
    expect(await it.redis.pttl(it.keys.log(it.run))).toBeGreaterThan(0);
    expect(await it.redis.zrange(it.keys.index('flow', 'completed'), '0', '-1')).toEqual([it.run]);
    expect(await it.redis.zrange(it.keys.index('*', 'open'), '0', '-1')).toEqual([]);
  },
);

test('a run is not dropped by its own end, also when the clock of its end is behind', async () => {
  const it = await inRedis(saga);
  await it.redis.zadd(it.keys.index('flow', 'ended'), 10_000_000, 'flow-0-tanother');
  await it.logWith({ ageMs: 1_000, count: 1 }).end(it.run, it.fence, outcome);
  expect((await it.log.read(it.run))?.record.outcome).toEqual(outcome);
});
