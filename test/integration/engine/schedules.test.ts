import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Switchyard } from '../../../src/index.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { TickRecord } from '../../../src/schedule.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { echo, task } from '../../support/workflows.js';

const strict = defineFanOut({
  name: 'strict',
  input: z.object({ day: z.string() }),
  branches: { only: { run: task('strict'), with: (i) => i.day } },
  aggregate: (r) => r.only.state,
});

const YEARLY = { workflow: 'echo', cron: '0 0 1 1 *' };

const scheduleOf = async (sy: Switchyard, name: string) =>
  (await sy.schedules.list()).find((schedule) => schedule.name === name);

const lastOf = (sy: Switchyard, name: string) => async (): Promise<TickRecord | undefined> =>
  (await scheduleOf(sy, name))?.last;

function runsQueue(redis: Redis, prefix: string): Queue {
  const queue = new Queue('runs', { connection: redis, prefix, skipMetasUpdate: true });
  onTestFinished(() => queue.close());
  return queue;
}

/** As if the next tick of the schedule were due now; resolves to when it was due. */
async function tickNow(sy: Switchyard, redis: Redis, prefix: string, name: string): Promise<number> {
  const next = (await scheduleOf(sy, name))?.next ?? 0;
  const job = await runsQueue(redis, prefix).getJob(`repeat:${name}:${next}`);
  await job?.promote();
  return next;
}

test('a tick starts one run, with the schedule’s input, tags and priority, under a key of the schedule and the tick', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  const input = { day: '{date}', fixed: 1 };
  const made = await sy.schedules.upsert('yearly', { ...YEARLY, input, tags: { team: 'blue' }, priority: 'LOW' });
  expect(made).toMatchObject({ name: 'yearly', workflow: 'echo', cron: '0 0 1 1 *', next: expect.any(Number) });
  const tick = await tickNow(sy, redis, prefix, 'yearly');
  expect(tick).toBe(made.next);
  const last = lastOf(sy, 'yearly');
  await expect.poll(last).toMatchObject({ tick, run: expect.any(String) });
  const run = sy.run((await last())?.run ?? '');
  const day = new Date(tick).toISOString().slice(0, 10);
  expect(await run.wait('10s')).toMatchObject({
    ...{ status: 'completed', output: { day, fixed: 1 }, tags: { team: 'blue' } },
  });
  const again = await sy.start(echo, { day, fixed: 1 }, { key: `yearly ${new Date(tick).toISOString()}` });
  expect(again).toMatchObject({ id: run.id, duplicate: true });
  expect((await scheduleOf(sy, 'yearly'))?.next).toBeGreaterThan(tick);
});

test('a tick that is taken up twice, as by a worker that lost it to another, is one run', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  await sy.schedules.upsert('yearly', YEARLY);
  const tick = await tickNow(sy, redis, prefix, 'yearly');
  await expect.poll(lastOf(sy, 'yearly')).toMatchObject({ tick });
  // BullMQ's own job of that tick, once more.
  const queue = runsQueue(redis, prefix);
  const data = { v: 2, kind: 'tick', schedule: 'yearly' };
  const second = await queue.add('again', data, {
    jobId: `again:yearly:${tick}`,
    priority: 1,
    removeOnComplete: false,
  });
  await expect.poll(() => second.getState()).toBe('completed');
  expect((await sy.list()).runs).toHaveLength(1);
});

test('ticks that no worker was there for are told, and of them the one that waited is made up for, once', async () => {
  const { sy, work, redis, prefix } = useEngine([echo]);
  await sy.schedules.upsert('often', { workflow: 'echo', every: '1h' });
  const keys = redisKeys(prefix);
  // The clock of four hours, in which no worker was there: the tick that was next lies in the past.
  const next = (await scheduleOf(sy, 'often'))?.next ?? 0;
  const due = next - 4 * 3_600_000;
  const [set, from, to] = [keys.job('runs', 'repeat'), `repeat:often:${next}`, `repeat:often:${due}`];
  await redis.rename(keys.job('runs', from), keys.job('runs', to));
  await redis.zadd(set, due, 'often');
  await redis.zrem(keys.job('runs', 'delayed'), from);
  await redis.zadd(keys.job('runs', 'delayed'), due * 0x1000, to);
  await work();
  await expect.poll(lastOf(sy, 'often')).toMatchObject({ tick: due, run: expect.any(String) });
  const schedule = await scheduleOf(sy, 'often');
  expect(schedule?.missed).toEqual({ from: due + 3_600_000, to: expect.any(Number), count: expect.any(Number) });
  expect(schedule?.missed?.count).toBeGreaterThanOrEqual(2);
  expect(schedule?.missed?.count).toBeLessThanOrEqual(4);
  expect(schedule?.next).toBeGreaterThan(Date.now());
  expect((await sy.list()).runs).toHaveLength(1);
});

test('a paused schedule does not tick; resumed, it goes on with the next tick, and its record stands', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  await sy.schedules.upsert('yearly', YEARLY);
  await sy.schedules.pause('yearly', { by: 'me', reason: 'holidays' });
  const keys = redisKeys(prefix);
  const paused = await scheduleOf(sy, 'yearly');
  expect(paused).toMatchObject({ paused: { by: 'me', reason: 'holidays' } });
  expect(paused).not.toHaveProperty('next');
  expect(await redis.zcard(keys.job('runs', 'repeat'))).toBe(0);
  expect(await redis.zcard(keys.job('runs', 'delayed'))).toBe(0);
  // A change does not wake it.
  await sy.schedules.upsert('yearly', { ...YEARLY, input: { n: 2 } });
  expect(await redis.zcard(keys.job('runs', 'repeat'))).toBe(0);
  await sy.schedules.resume('yearly');
  expect(await scheduleOf(sy, 'yearly')).toMatchObject({ next: expect.any(Number), input: { n: 2 } });
  expect(await sy.schedules.remove('yearly')).toBe(true);
  expect(await sy.schedules.remove('yearly')).toBe(false);
  expect(await sy.schedules.list()).toEqual([]);
  expect(await redis.exists(keys.job('runs', 'repeat'), keys.schedules, keys.ticks)).toBe(0);
  await expect(sy.schedules.pause('yearly')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a schedule that is set again unchanged keeps its next tick; with other times it has another', async () => {
  const { sy } = useEngine([echo]);
  const first = await sy.schedules.upsert('often', { workflow: 'echo', every: '1h' });
  expect(first.next).toBeGreaterThan(Date.now() + 3_500_000);
  expect(await sy.schedules.upsert('often', { workflow: 'echo', every: '1h', input: { n: 1 } })).toMatchObject({
    next: first.next,
    input: { n: 1 },
  });
  const other = await sy.schedules.upsert('often', { workflow: 'echo', every: '2h' });
  expect(other.next).toBeGreaterThan(Date.now() + 7_100_000);
  const cron = await sy.schedules.upsert('often', { ...YEARLY, tz: 'Europe/Berlin' });
  expect(new Date(cron.next ?? 0).toISOString()).toMatch(/-12-31T23:00:00.000Z$/);
  expect(await sy.schedules.list()).toHaveLength(1);
});

test('a tick of a workflow that this worker does not have is left to one that does', async () => {
  const { sy, redis, prefix, other } = useEngine([echo, strict]);
  await sy.schedules.upsert('daily', { workflow: 'strict', cron: '0 0 1 1 *', input: { day: '{date}' } });
  const without = other([echo]).workers({ graceMs: 500 });
  onTestFinished(() => without.stop());
  await without.start();
  const tick = await tickNow(sy, redis, prefix, 'daily');
  const job = async () => await runsQueue(redis, prefix).getJob(`repeat:daily:${tick}`);
  await expect.poll(async () => (await job())?.attemptsStarted ?? 0).toBeGreaterThan(1);
  expect((await sy.list()).runs).toEqual([]);
  const having = sy.workers({ graceMs: 500 });
  onTestFinished(() => having.stop());
  await having.start();
  await expect.poll(lastOf(sy, 'daily'), { timeout: 10_000 }).toMatchObject({ tick, run: expect.any(String) });
});

test('of the ticks of a workflow that no worker has one waits; those after it are missed, and that is said', async () => {
  const { sy, redis, prefix, other } = useEngine([echo, strict]);
  await sy.schedules.upsert('daily', { workflow: 'strict', cron: '0 0 1 1 *', input: { day: '{date}' } });
  const without = other([echo]).workers({ graceMs: 500 });
  onTestFinished(() => without.stop());
  await without.start();
  const first = await tickNow(sy, redis, prefix, 'daily');
  await expect.poll(() => scheduleOf(sy, 'daily')).toMatchObject({ waits: { tick: first, since: expect.any(Number) } });
  const missed = [];
  for (const count of [1, 2, 3]) {
    missed.push(await tickNow(sy, redis, prefix, 'daily'));
    await expect.poll(async () => (await scheduleOf(sy, 'daily'))?.missed?.count).toBe(count);
  }
  expect(await scheduleOf(sy, 'daily')).toMatchObject({
    ...{ waits: { tick: first }, missed: { count: 3, from: missed[0], to: missed[2] } },
  });
  const next = (await scheduleOf(sy, 'daily'))?.next;
  const jobs = await redis.keys(`${prefix}:runs:repeat:daily:*`);
  expect(
    jobs
      .filter((key) => /:\d+$/.test(key))
      .map((key) => Number(key.split(':').at(-1)))
      .sort(),
  ).toEqual([first, next]);
  const having = sy.workers({ graceMs: 500 });
  onTestFinished(() => having.stop());
  await having.start();
  await (await runsQueue(redis, prefix).getJob(`repeat:daily:${first}`))?.promote();
  await expect.poll(lastOf(sy, 'daily'), { timeout: 10_000 }).toMatchObject({ tick: first, run: expect.any(String) });
  expect(await scheduleOf(sy, 'daily')).toMatchObject({ missed: { count: 3 } });
  expect(await scheduleOf(sy, 'daily')).not.toHaveProperty('waits');
  expect((await sy.list()).runs).toHaveLength(1);
});

test('a tick that waits for its workflow is looked at less and less often, and is forgotten with its schedule', async () => {
  const { sy, redis, prefix, other } = useEngine([echo, strict]);
  const without = other([echo]).workers({ graceMs: 500 });
  onTestFinished(() => without.stop());
  await without.start();
  await sy.schedules.upsert('daily', { workflow: 'strict', cron: '0 0 1 1 *', input: { day: '{date}' } });
  const tick = await tickNow(sy, redis, prefix, 'daily');
  const job = async () => await runsQueue(redis, prefix).getJob(`repeat:daily:${tick}`);
  for (let started = 1; started < 12; started += 1) {
    await expect
      .poll(async () => [(await job())?.attemptsStarted, await (await job())?.getState()])
      .toEqual([started, 'delayed']);
    if (started < 11) await (await job())?.promote();
  }
  const due = Number(await redis.zscore(`${prefix}:runs:delayed`, `repeat:daily:${tick}`)) / 0x1000;
  expect(due - Date.now()).toBeGreaterThan(50_000);
  await sy.schedules.remove('daily');
  await (await job())?.promote();
  await expect.poll(async () => await job()).toBeUndefined();
});

test('a tick whose run is refused says why, and the schedule goes on', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo, strict]);
  await sy.schedules.upsert('daily', { workflow: 'strict', cron: '0 0 1 1 *', input: { day: '{date}' } });
  // What another release with another schema would have let pass.
  const keys = redisKeys(prefix);
  await redis.hset(keys.schedules, 'daily', JSON.stringify({ workflow: 'strict', cron: '0 0 1 1 *', input: {} }));
  const tick = await tickNow(sy, redis, prefix, 'daily');
  await expect.poll(lastOf(sy, 'daily')).toMatchObject({ tick, error: { code: 'INVALID_INPUT' } });
  expect((await scheduleOf(sy, 'daily'))?.next).toBeGreaterThan(tick);
});

test('what is refused: an input that the workflow refuses, a workflow that is not there, a pattern that never comes', async () => {
  const { sy } = useEngine([strict]);
  const set = (more: object) => sy.schedules.upsert('s', { workflow: 'strict', cron: '0 0 1 1 *', input: {}, ...more });
  await expect(set({})).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('day') });
  await expect(set({ workflow: 'none' })).rejects.toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
  await expect(set({ input: { day: 'x' }, cron: '0 2 31 2 *' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await sy.schedules.list()).toEqual([]);
});

test('a schedule that lost its next tick, by hand or by a process that died, gets it back; a tick of none is taken away', async () => {
  const { sy, work, redis, prefix } = useEngine([echo]);
  await sy.schedules.upsert('yearly', YEARLY);
  await sy.schedules.upsert('gone', YEARLY);
  const keys = redisKeys(prefix);
  const queue = runsQueue(redis, prefix);
  await queue.removeJobScheduler('yearly');
  await redis.hdel(keys.schedules, 'gone');
  expect(await scheduleOf(sy, 'yearly')).not.toHaveProperty('next');
  await work({ reconcileMs: 100 });
  await expect.poll(async () => (await scheduleOf(sy, 'yearly'))?.next).toBeGreaterThan(Date.now());
  await expect.poll(async () => (await queue.getJobSchedulers()).map(({ key }) => key)).toEqual(['yearly']);
});

test('a tick of a paused workflow is a run that is accepted and held', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  await sy.pause({ workflow: 'echo' });
  await sy.schedules.upsert('yearly', YEARLY);
  await tickNow(sy, redis, prefix, 'yearly');
  const last = lastOf(sy, 'yearly');
  await expect.poll(last).toMatchObject({ run: expect.any(String) });
  const run = sy.run((await last())?.run ?? '');
  expect(await run.status()).toBe('queued');
  await sy.resume({ workflow: 'echo' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});
