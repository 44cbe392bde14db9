/** The contract of the port `RunLog`, as `src/ports.ts` words it, on the adapter that we have. */
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.js';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS, type Retention } from '../../../src/config.js';
import type { RunOutcome } from '../../../src/facts.js';
import { type RedisKeys, redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { Fence, RunLog } from '../../../src/ports.js';
import { acceptRun } from '../../../src/queues/accept-run.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import { useRedis } from '../../support/redis.js';
import { anyInput, task } from '../../support/workflows.js';

const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('pay', task('pay'), { with: () => 1 })
  .returns(() => null);

interface Subject {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly log: RunLog;
  /** The same with another retention. */
  readonly logWith: (retention: Retention) => RunLog;
  readonly run: string;
  readonly fence: Fence;
  readonly late: Fence;
}

async function subject(): Promise<Subject> {
  const { redis, prefix } = useRedis();
  const keys = redisKeys(prefix);
  const scripts = createScriptRunner(redis);
  const queues = createQueuePool(redis, prefix, () => undefined);
  onTestFinished(() => queues.close());
  const jobs = createRunJobs(queues, RETENTION_DEFAULTS);
  const { id } = await acceptRun(
    { scripts, keys, jobs, clock: systemClock },
    saga,
    { n: 1 },
    { key: 'k', priority: 'HIGH' },
  );
  const fence = { lockKey: keys.lock('tasks', `${id}-pay`), token: 'the attempt that holds it' };
  await redis.set(fence.lockKey, fence.token);
  const logWith = (retention: Retention) => createRunLog(scripts, keys, retention);
  return {
    redis,
    keys,
    log: logWith(RETENTION_DEFAULTS),
    logWith,
    run: id,
    fence,
    late: { ...fence, token: 'an earlier attempt' },
  };
}

const intent = { attempt: 1, at: 5, key: 'flow/pay/1', undoArgs: { charge: 'flow/pay/1' } };
const done = { attempt: 1, startedAt: 5, finishedAt: 6, output: { id: 7 }, undoArgs: { charge: 7 } };
const attempt = (n: number) => ({
  n,
  startedAt: n,
  finishedAt: n,
  error: { code: 'TASK_FAILED', message: 'no', retryable: true } as const,
});
const outcome: RunOutcome = { status: 'completed', output: 1, finishedAt: 9 };

test('a run that was accepted reads as it was sent', async () => {
  const it = await subject();
  expect(await it.log.read(it.run)).toMatchObject({
    record: {
      id: it.run,
      workflow: 'flow',
      version: 1,
      input: { n: 1 },
      key: 'k',
      priority: 'HIGH',
      intents: new Map(),
      done: new Map(),
    },
    stages: new Map([['pay', { state: 'pending' }]]),
  });
});

test('a run that is none reads as undefined', async () => {
  const it = await subject();
  expect(await it.log.read('flow-0-tnone')).toBeUndefined();
});

test('an intent is kept with what is needed to undo it, and the next attempt is told of it', async () => {
  const it = await subject();
  expect(await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward')).toEqual({ kind: 'begun' });
  expect(await it.log.beginEffect(it.run, it.fence, 'pay', { ...intent, attempt: 2 }, 'forward')).toEqual({
    kind: 'begun',
    previous: intent,
  });
  expect((await it.log.read(it.run))?.record.intents.get('pay')).toEqual({ ...intent, attempt: 2 });
});

test('an intent that is sent twice, because its reply was lost, is no earlier attempt of its own', async () => {
  const it = await subject();
  await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward');
  expect(await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward')).toEqual({ kind: 'begun' });
});

test('an effect that is recorded is not begun again, and its first record stands', async () => {
  const it = await subject();
  await it.log.beginEffect(it.run, it.fence, 'pay', intent, 'forward');
  expect(await it.log.finishEffect(it.run, it.fence, 'pay', done)).toEqual({ kind: 'recorded' });
  expect(await it.log.finishEffect(it.run, it.fence, 'pay', { ...done, output: 'another' })).toEqual({
    kind: 'recorded',
  });
  expect(await it.log.beginEffect(it.run, it.fence, 'pay', { ...intent, attempt: 2 }, 'forward')).toEqual({
    kind: 'already-done',
    done,
  });
  expect((await it.log.read(it.run))?.record.done.get('pay')).toEqual(done);
});

test('failed attempts are kept in order, each once', async () => {
  const it = await subject();
  for (const n of [10, 2, 1, 2]) await it.log.recordFailedAttempt(it.run, it.fence, 'pay', attempt(n));
  expect((await it.log.read(it.run))?.record.failedAttempts.get('pay')).toEqual([attempt(1), attempt(2), attempt(10)]);
});

test('whether a run is there, and is to stop, is told without reading it', async () => {
  const it = await subject();
  expect(await it.log.mark('flow-0-tnone')).toBeUndefined();
  expect(await it.log.mark(it.run)).toEqual({ stopping: false });
  await it.redis.hset(it.keys.log(it.run), 'stop', '{}');
  expect(await it.log.mark(it.run)).toEqual({ stopping: true });
});

test('an answer that an attempt lost is told of, until a person has answered for it', async () => {
  const it = await subject();
  const lost = { ...attempt(3), error: { ...attempt(3).error, answered: false } as const };
  for (const one of [attempt(2), lost]) await it.log.recordFailedAttempt(it.run, it.fence, 'pay', one);
  const asked = (after: number, before: number) => it.log.lostAnswer(it.run, 'pay', { after, before });
  expect(await asked(0, 4)).toBe(true);
  expect(await asked(0, 3)).toBe(false);
  expect(await asked(3, 9)).toBe(false);
  await it.redis.hset(it.keys.log(it.run), 'answered-for/pay', 3);
  expect(await asked(0, 4)).toBe(false);
});

test('a clock that has rung is forgotten, and the others are not', async () => {
  const it = await subject();
  const clock = (name: string) => it.keys.job('runs', `${it.run}-~${name}`);
  await it.redis.hset(it.keys.log(it.run), 'clocks', JSON.stringify({ [clock('deadline')]: '7', [clock('sla')]: '5' }));
  expect((await it.log.read(it.run))?.record.clocks?.get('sla')).toBe(5);
  expect(await it.log.forgetClock(it.run, it.fence, 'sla')).toEqual({ kind: 'recorded' });
  expect((await it.log.read(it.run))?.record.clocks).toEqual(new Map([['deadline', 7]]));
  await it.log.forgetClock(it.run, it.fence, 'deadline');
  expect((await it.log.read(it.run))?.record.clocks).toBeUndefined();
});

test('the first decision stands, and every later one is answered with it', async () => {
  const it = await subject();
  expect(await it.log.decideOnce(it.run, it.fence, { route: 'a' })).toEqual({
    kind: 'decided',
    decision: { route: 'a' },
  });
  expect(await it.log.decideOnce(it.run, it.fence, { route: 'b' })).toEqual({
    kind: 'decided',
    decision: { route: 'a' },
  });
});

test('a run ends once: the first outcome stands, and its phase is over', async () => {
  const it = await subject();
  await it.redis.hset(it.keys.log(it.run), 'phase', 'compensating');
  expect((await it.log.read(it.run))?.record.phase).toBe('compensating');
  expect(await it.log.end(it.run, it.fence, outcome)).toEqual({ kind: 'ended', outcome });
  expect(await it.log.end(it.run, it.fence, { status: 'failed', finishedAt: 99 })).toEqual({ kind: 'ended', outcome });
  const read = await it.log.read(it.run);
  expect(read?.record.outcome).toEqual(outcome);
  expect(read?.record.phase).toBeUndefined();
});

test.each<[what: string, hinder: (it: Subject) => Promise<unknown>, lastly: (it: Subject) => Promise<unknown>]>([
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
    const it = await subject();
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
  const it = await subject();
  await it.redis.zadd(it.keys.index('flow', 'ended'), 10_000_000, 'flow-0-tanother');
  await it.logWith({ ageMs: 1_000, count: 1 }).end(it.run, it.fence, outcome);
  expect((await it.log.read(it.run))?.record.outcome).toEqual(outcome);
});

test.each<[write: string, late: (it: Subject) => Promise<unknown>]>([
  ['beginEffect', ({ log, run, late }) => log.beginEffect(run, late, 'pay', intent, 'forward')],
  ['finishEffect', ({ log, run, late }) => log.finishEffect(run, late, 'pay', done)],
  ['recordFailedAttempt', ({ log, run, late }) => log.recordFailedAttempt(run, late, 'pay', attempt(1))],
  ['decideOnce', ({ log, run, late }) => log.decideOnce(run, late, {})],
  ['recordSlaDue', ({ log, run, late }) => log.recordSlaDue(run, late, 5)],
  ['forgetClock', ({ log, run, late }) => log.forgetClock(run, late, 'deadline')],
  ['end', ({ log, run, late }) => log.end(run, late, outcome)],
])('%s by an attempt that lost its lock is refused, and leaves no trace', async (_write, late) => {
  const it = await subject();
  const before = await it.log.read(it.run);
  expect(await late(it)).toEqual({ kind: 'fenced-off' });
  expect(await it.log.read(it.run)).toEqual(before);
});
