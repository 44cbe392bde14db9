/** The end of an effect's job as one script: all of it, or nothing. */
import { expect, test } from 'vitest';
import type { StopRequest } from '../../../src/facts.js';
import { redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine } from '../../support/engine.js';
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
