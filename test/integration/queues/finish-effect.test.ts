/** The end of an effect's job as one script: all of it, or nothing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../../../src/adapters/redis.js';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { type Priority, RETENTION_DEFAULTS } from '../../../src/config.js';
import { PermanentError } from '../../../src/errors.js';
import type { StopRequest } from '../../../src/facts.js';
import { redisKeys } from '../../../src/names.js';
import type { SagaDefinition } from '../../../src/orchestrators/definition.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { createAppendStages } from '../../../src/queues/append-stages.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import { useEngine } from '../../support/engine.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, task } from '../../support/workflows.js';

test('[P2] an end that comes after another attempt has begun records nothing and appends nothing', async () => {
  const seen: unknown[] = [];
  const one = task(
    'one',
    async (_input, { run, attempt }) => {
      const keys = redisKeys(engine.prefix);
      if (attempt === 1) {
        // As when this worker was frozen: somebody else holds the lock, and dies.
        await engine.redis.set(keys.lock('tasks', `${run}-one`), 'theirs', 'PX', 300);
        return 'late';
      }
      const next = keys.job('tasks', `${run}-two`);
      seen.push(await engine.redis.hexists(keys.log(run), 'done/one'), await engine.redis.exists(next));
      return 'in time';
    },
    { idempotent: true },
  );
  const saga = defineSaga({ name: 'late', input: anyInput })
    .step('one', one, { with: () => ({}) })
    .step('two', task('two'), { with: ({ done }) => ({ one: done.one }) })
    .returns((done) => done);
  const engine = useEngine([saga]);
  await engine.work({ stalledIntervalMs: 100, lockDurationMs: 2_000, lockRenewMs: 1_000 });
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: { two: { one: 'in time' } } });
  expect(seen).toEqual([0, 0]);
});

test('[P4] a step that ends when its run is to stop, and has not heard so, is recorded; nothing is begun after it', async () => {
  const undone: unknown[] = [];
  const one = task('one', async (_input, { run }) => {
    const request: StopRequest = { cause: 'cancelled', at: Date.now() };
    await engine.redis.hset(redisKeys(engine.prefix).log(run), 'stop', JSON.stringify(request));
    return 'all the same';
  });
  const undo = task('undo', (input) => void undone.push(input));
  const saga = defineSaga({ name: 'stopped', input: anyInput })
    .step('one', one, { with: () => ({}), undo: [undo, ({ output }) => output] })
    .step('two', task('two'), { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  // The undo was given what the step returned: its end was recorded.
  expect(undone).toEqual(['all the same']);
  expect(await engine.redis.exists(redisKeys(engine.prefix).job('tasks', `${run.id}-two`))).toBe(0);
});

test('[P1] a step whose root is gone records its end, begins nothing, and goes on once the root is there again', async () => {
  let times = 0;
  const one = task('one', async (_input, { run }) => {
    times += 1;
    await engine.redis.del(redisKeys(engine.prefix).root(run));
    return 'done';
  });
  const saga = defineSaga({ name: 'rootless', input: anyInput })
    .step('one', one, { with: () => ({}) })
    .step('two', task('two'), { with: () => ({}) })
    .returns((done) => done.one);
  const engine = useEngine([saga]);
  await engine.work({ reconcileMs: 200 });
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('20s')).toMatchObject({ status: 'completed', output: 'done' });
  expect(times).toBe(1);
});

test('a job that the worker has taken along leaves no marker, and one that it has not does', async () => {
  const markers: unknown[] = [];
  const look = async () => void markers.push(await engine.redis.zcard(`${engine.prefix}:tasks:marker`));
  const saga = defineSaga({ name: 'marked', input: anyInput })
    .step('one', task('one'), { with: () => ({}) })
    .step('two', task('two', look), { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga]);
  // One place: nobody sleeps on the queue and takes markers away.
  await engine.work({ concurrency: 1 });
  expect(await (await engine.sy.start(saga, {})).wait('10s')).toMatchObject({ status: 'completed' });
  expect(markers).toEqual([0]);
  // More than the one place takes along: each has to be found.
  const runs = await Promise.all(Array.from({ length: 8 }, () => engine.sy.start(saga, {})));
  for (const run of runs) expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('a worker of ours ends effects that way: what its jobs return tells nothing that the log has', async () => {
  const saga = defineSaga({ name: 'short', input: anyInput })
    .step(
      'one',
      task('one', () => 'what it did'),
      { with: () => ({}) },
    )
    .returns((done) => done.one);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'what it did' });
  const returned = await engine.redis.hvals(`${redisKeys(engine.prefix).root(run.id)}:processed`);
  expect(returned.map((json) => JSON.parse(json))).toEqual([
    { output: null, attempt: 1, startedAt: expect.any(Number), finishedAt: expect.any(Number) },
  ]);
});

test('[P4] an end that cannot be JSON fails its attempt in so many words, and what happened is undone', async () => {
  const undone: unknown[] = [];
  const undo = task('undo', (input) => void undone.push(input));
  const saga = defineSaga({ name: 'untellable', input: anyInput })
    .step(
      'one',
      task('one', () => 'paid', { idempotent: true, attempts: 2 }),
      {
        with: () => ({}),
        undo: [undo, ({ output }) => ({ cents: output === undefined ? 5 : 5n })],
      },
    )
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  const ended = await run.wait('10s');
  expect(ended).toMatchObject({ status: 'compensated', error: { step: 'one' } });
  // Both attempts say so; neither counts as one whose worker was lost.
  const told = ended.timeline[0]?.attempts.map(({ error }) => error?.message);
  expect(told).toEqual([expect.stringMatching(/BigInt/), expect.stringMatching(/BigInt/)]);
  // With what was stored before the effect: the output cannot be told.
  expect(undone).toEqual([{ cents: 5 }]);
});

const keyed = { key: true } as const;

const refusing = task(
  'refusing',
  () => {
    throw new PermanentError('refused');
  },
  keyed,
);

test('a saga whose steps follow each other in one worker costs a script for each: nothing is read in between', async () => {
  const { url } = await useOwnRedis();
  const step = { with: () => ({}), undo: [task('undo', undefined, keyed), () => ({})] } as const;
  const saga = defineSaga({ name: 'quick', input: anyInput })
    .step('one', task('one', undefined, keyed), step)
    .step('two', task('two', undefined, keyed), step)
    .step('three', task('three', undefined, keyed), step)
    .step('four', task('four', undefined, keyed), step)
    .step('five', task('five', undefined, keyed), step)
    .step('refused', refusing, { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga], { connection: url });
  // Before anything is sent: ioredis takes what it hears before the answer to MONITOR for an error.
  const redis = openRedis(url, 'producer', { log: silentLog });
  const monitor = await redis.monitor();
  await engine.work();
  onTestFinished(() => {
    monitor.disconnect();
    redis.disconnect();
  });
  const sent: string[] = [];
  monitor.on('monitor', (_time: string, [command = '', script = '']: readonly string[]) => {
    if (command === 'evalsha') sent.push(script);
  });
  expect(await (await engine.sy.start(saga, {})).wait('10s')).toMatchObject({ status: 'compensated' });
  // Of eleven effects the first of each row, whose job the producer and the root have appended.
  const own = createHash('sha1').update(readFileSync('src/adapters/lua/begin-effect.lua')).digest('hex');
  expect(sent.filter((script) => script === own)).toHaveLength(2);
});

test("[P4] an undo whose arguments cannot be JSON is its own step's failure, not that of the step before", async () => {
  const happened: string[] = [];
  const tells = (name: string) => task(name, () => void happened.push(name), keyed);
  const saga = defineSaga({ name: 'untold', input: anyInput })
    .step('one', tells('one'), { with: () => ({}), undo: [tells('one.undo'), () => ({})] })
    .step('two', tells('two'), { with: () => ({}), undo: [tells('two.undo'), () => ({ cents: 5n })] })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const ended = await (await engine.sy.start(saga, {})).wait('10s');
  expect(ended).toMatchObject({
    status: 'compensated',
    error: { step: 'two', message: expect.stringMatching(/BigInt/) },
  });
  expect(happened).toEqual(['one', 'one.undo']);
});

test('[P4] a step that was appended before the run was to stop is not begun with the end of the one before it', async () => {
  const happened: string[] = [];
  const tells = (name: string) => task(name, () => void happened.push(name), keyed);
  // As when a worker that ends effects in the plain way had appended it, and died.
  const one = task(
    'one',
    async (_input, { run }) => {
      const keys = redisKeys(engine.prefix);
      const scripts = createScriptRunner(engine.redis);
      const queues = createQueuePool(engine.redis, engine.prefix, () => undefined);
      const append = createAppendStages(scripts, keys, createRunJobs(queues, RETENTION_DEFAULTS));
      const facts = await createRunLog(scripts, keys, RETENTION_DEFAULTS).read(run);
      const lockKey = keys.lock('tasks', `${run}-one`);
      const fence = { lockKey, token: (await engine.redis.get(lockKey)) ?? '' };
      if (!facts) throw new Error('the run is gone');
      await append(definition, facts, fence, [{ kind: 'step', stage: 'two' }]);
      const request: StopRequest = { cause: 'cancelled', at: Date.now() };
      await engine.redis.hset(keys.log(run), 'stop', JSON.stringify(request));
    },
    keyed,
  );
  const saga = defineSaga({ name: 'appended', input: anyInput })
    .step('one', one, { with: () => ({}), undo: [tells('one.undo'), () => ({})] })
    .step('two', tells('two'), { with: () => ({}), undo: [tells('two.undo'), () => ({})] })
    .returns(() => null);
  const definition = saga as unknown as SagaDefinition;
  const engine = useEngine([saga]);
  await engine.work({ concurrency: 1 });
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  expect(happened).toEqual(['one.undo']);
  expect(await engine.redis.hexists(redisKeys(engine.prefix).log(run.id), 'intent/two')).toBe(0);
});

test('[P4] what a step or its task does to what it is given reaches no later step', async () => {
  const seen: unknown[] = [];
  const spoil = task('spoil', (input) => (input as { items: number[] }).items.push(2), keyed);
  const saga = defineSaga({ name: 'spoiled', input: z.object({ items: z.array(z.number()) }) })
    .step(
      'one',
      task('one', () => ({ items: [1] }), keyed),
      { with: ({ input }) => Object.assign(input, { items: [9] }) },
    )
    .step('two', spoil, { with: ({ done }) => done.one })
    .step(
      'three',
      task('three', (input) => void seen.push(input), keyed),
      {
        with: ({ done, input }) => ({ one: done.one, input }),
      },
    )
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  expect(await (await engine.sy.start(saga, { items: [5] })).wait('10s')).toMatchObject({ status: 'completed' });
  expect(seen).toEqual([{ one: { items: [1] }, input: { items: [5] } }]);
});

test('[P4] a step that cannot be given its input has not begun: it is not undone', async () => {
  const undone: string[] = [];
  const undo = (name: string) => [task(name, () => void undone.push(name), keyed), () => ({})] as const;
  const saga = defineSaga({ name: 'unmade', input: anyInput })
    .step('one', task('one', undefined, keyed), { with: () => ({}), undo: undo('one') })
    .step('two', task('two', undefined, keyed), {
      with: () => {
        throw new Error('cannot be made');
      },
      undo: undo('two'),
    })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const ended = await (await engine.sy.start(saga, {})).wait('10s');
  expect(ended).toMatchObject({ status: 'compensated', error: { step: 'two', code: 'INVALID_DEFINITION' } });
  expect(undone).toEqual(['one']);
});

/** Steps that say when they began, in one worker of one place, all runs there before the first step ends. */
async function orderOf(priorities: readonly Priority[]) {
  const seen: string[] = [];
  const ahead: unknown[] = [];
  const begun = async (stage: string, run: string): Promise<void> => {
    seen.push(`${names.get(run)} ${stage}`);
    const keys = redisKeys(engine.prefix);
    for (const other of names.keys()) {
      const starts = await engine.redis.hget(keys.job('tasks', `${other}-two`), 'ats');
      if (starts === null) ahead.push(await engine.redis.hexists(keys.log(other), 'intent/two'));
    }
  };
  const names = new Map<string, string>();
  const waiting = async () => await engine.redis.zcard(`${engine.prefix}:tasks:prioritized`);
  const first = async (_input: unknown, { run }: { readonly run: string }) => {
    await vi.waitUntil(async () => names.size === priorities.length && (seen.length > 0 || (await waiting()) > 1));
    await begun('one', run);
  };
  const saga = defineSaga({ name: 'queued', input: anyInput })
    .step('one', task('one', first, keyed), { with: () => ({}) })
    .step(
      'two',
      task('two', (_input, { run }) => begun('two', run), keyed),
      { with: () => ({}) },
    )
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work({ concurrency: 1 });
  const started = [];
  for (const [at, priority] of priorities.entries()) {
    const run = await engine.sy.start(saga, {}, { priority });
    names.set(run.id, String.fromCharCode(97 + at));
    started.push(run);
  }
  for (const run of started) expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  return { seen, ahead };
}

test('what goes on with a run comes before what begins others of its priority', async () => {
  const { seen } = await orderOf(['MEDIUM', 'MEDIUM', 'MEDIUM']);
  expect(seen).toEqual(['a one', 'a two', 'b one', 'b two', 'c one', 'c two']);
});

test('[P4] a higher priority comes before it all the same, and no intent is recorded ahead of a job that still waits', async () => {
  const { seen, ahead } = await orderOf(['LOW', 'LOW', 'CRITICAL']);
  expect(seen).toEqual(['a one', 'c one', 'c two', 'a two', 'b one', 'b two']);
  expect(ahead.length).toBeGreaterThan(0);
  expect(new Set(ahead)).toEqual(new Set([0]));
});
