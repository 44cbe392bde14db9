import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_CRASHES } from '../../../src/config.js';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { anyInput, task } from '../../support/workflows.js';

const echo = defineFanOut({
  name: 'echo',
  input: anyInput,
  branches: { only: { run: task('echo'), with: (i) => i } },
  aggregate: (r) => r.only.state,
});

/** A queue as somebody with BullMQ and no Switchyard would open it. */
function queueOf({ redis, prefix }: TestEngine, name: string): Queue {
  const queue = new Queue(name, { connection: redis, prefix });
  onTestFinished(() => queue.close());
  return queue;
}

test.each(['runs', 'tasks'])(
  'rubbish that was added to queue "%s" by hand fails alone, and its worker lives',
  async (name) => {
    const engine = useEngine([echo]);
    await engine.work();
    const queue = queueOf(engine, name);
    const head = { v: 1, run: 'echo-0-tnone', workflow: 'echo', version: 1 };
    const rubbish = await Promise.all([
      queue.add('x', {}),
      queue.add('x', { ...head, v: 99, kind: 'branch', stage: 'only' }),
      queue.add('x', { ...head, extra: true }),
      queue.add('x', JSON.parse('{"__proto__": {"v": 1}, "run": 5}')),
      queue.add('x', name === 'runs' ? head : { ...head, kind: 'step', stage: 'only' }),
      queue.add('x', { ...head, workflow: 'ghost', ...(name === 'tasks' && { kind: 'branch', stage: 'only' }) }),
    ]);
    for (const job of rubbish) {
      await expect.poll(() => job.getState(), { timeout: 5_000 }).toBe('failed');
      const failed = await queue.getJob(job.id ?? '');
      expect(failed?.failedReason).toMatch(/^INVALID_JOB: /);
    }
    expect(await keysOf(`${engine.prefix}:log:`)).toEqual([]);
    const run = await engine.sy.start(echo, {});
    expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  },
);

test('a branch of no run, added by hand, fails and leaves no record behind', async () => {
  const bad = defineFanOut({
    name: 'bad',
    input: anyInput,
    branches: {
      only: {
        run: task('refuse', () => {
          throw new PermanentError('never');
        }),
        with: (i) => i,
      },
    },
    aggregate: () => null,
  });
  const engine = useEngine([bad]);
  await engine.work();
  const head = { v: 1, run: 'bad-0-tnone', workflow: 'bad', version: 1 };
  const job = await queueOf(engine, 'tasks').add('x', { ...head, kind: 'branch', stage: 'only' });
  await expect.poll(() => job.getState(), { timeout: 5_000 }).toBe('failed');
  expect(await keysOf(`${engine.prefix}:log:`)).toEqual([]);
});

test('a child that is removed by hand while it waits is appended again, and the run ends', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, {});
  const queue = queueOf(engine, 'tasks');
  await (await queue.getJob(`${run.id}-only`))?.remove();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('[P1] a queue that is obliterated under a waiting run does not strand it', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, {});
  await queueOf(engine, 'tasks').obliterate({ force: true });
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('a saga whose next step is removed by hand goes on with it, and repeats nothing that was done', async () => {
  const diary: string[] = [];
  const step = (name: string, queue: string) => task(name, () => diary.push(name), { queue });
  const saga = defineSaga({ name: 'bereft', input: anyInput })
    .step('one', step('one', 'first'), { with: () => 1 })
    .step('two', step('two', 'second'), { with: () => 1 })
    .returns(() => null);
  const engine = useEngine([saga]);
  const run = await engine.sy.start(saga, {});
  await engine.work({ queues: ['runs', 'first'] });
  const second = queueOf(engine, 'second');
  await expect.poll(() => second.getJob(`${run.id}-two`)).toBeDefined();
  await (await second.getJob(`${run.id}-two`))?.remove();
  await engine.work({ queues: ['second'] });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(diary).toEqual(['one', 'two']);
});

test('a job of the name that a run needs, added by hand, holds the run up until it is removed', async () => {
  const saga = defineSaga({ name: 'squatted', input: anyInput })
    .step(
      'one',
      task('one', () => 1, { queue: 'first' }),
      { with: () => 1 },
    )
    .step(
      'two',
      task('two', () => 2, { queue: 'second' }),
      { with: () => 1 },
    )
    .returns((done) => done);
  const engine = useEngine([saga]);
  const run = await engine.sy.start(saga, {});
  const second = queueOf(engine, 'second');
  const squatter = await second.add('x', {}, { jobId: `${run.id}-two`, delay: 3_600_000 });
  await engine.work();
  await expect
    .poll(async () => (await run.timeline()).find((entry) => entry.name === 'one')?.state, { timeout: 5_000 })
    .toBe('completed');
  await squatter.remove();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { one: 1, two: 2 } });
});

test('a child that somebody completed by hand with a value of theirs is a failed branch, and the run ends', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, {});
  const queue = queueOf(engine, 'tasks');
  await engine.redis.hset(
    `${engine.prefix}:runs:${run.id}:processed`,
    `${engine.prefix}:tasks:${run.id}-only`,
    '"mine"',
  );
  await (await queue.getJob(`${run.id}-only`))?.remove();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'ALL_BRANCHES_FAILED', message: expect.stringContaining('BAD_OUTPUT') },
  });
});

test('a job that lost its worker more often than is borne is failed, and what it may have done is undone', async () => {
  const diary: string[] = [];
  const saga = defineSaga({ name: 'poison', input: anyInput })
    .step(
      'one',
      task('one', () => diary.push('one')),
      {
        with: () => 1,
        undo: [task('take-back', () => diary.push('undo one')), () => 1],
      },
    )
    .step(
      'two',
      task('two', () => diary.push('two'), { queue: 'second' }),
      { with: () => 1 },
    )
    .returns(() => null);
  const engine = useEngine([saga]);
  const run = await engine.sy.start(saga, {});
  await engine.work({ queues: ['runs', 'tasks'] });
  const two = `${engine.prefix}:second:${run.id}-two`;
  await expect.poll(() => engine.redis.exists(two)).toBe(1);
  // Where BullMQ counts the times that a job was found without its worker.
  await engine.redis.hset(two, 'stc', MAX_CRASHES + 1);
  await engine.work({ queues: ['second'] });
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    error: { code: 'CRASH_LOOP', step: 'two', message: expect.stringContaining('lost its worker 6 times') },
  });
  expect(diary).toEqual(['one', 'undo one']);
});
