/** Stopping runs: by a person, by a deadline, by the policy of a fan-out. From another Switchyard than the one that works. */
import { expect, test } from 'vitest';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { TaskContext } from '../../../src/task.js';
import { approval } from '../../../src/wait-task.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, signal, task } from '../../support/workflows.js';

/** Ends when it is told to, and not before. */
const untilAborted = ({ signal: abort }: Pick<TaskContext, 'signal'>) =>
  new Promise<never>((_resolve, reject) => {
    abort.addEventListener('abort', () => reject(abort.reason), { once: true });
  });

test('cancelling a fan-out of 1,000 branches with 50 running stops all within two seconds, and begins none after', async () => {
  let [begun, aborted] = [0, 0];
  const full = signal();
  let cancelledAt = Number.POSITIVE_INFINITY;
  let late = 0;
  const each = task('each', async (_i, context) => {
    if (performance.now() > cancelledAt) late += 1;
    begun += 1;
    if (begun === 50) full.happen();
    await untilAborted(context).finally(() => {
      aborted += 1;
    });
  });
  const wide = defineFanOut({
    name: 'wide',
    input: anyInput,
    each,
    split: () => Array.from({ length: 1_000 }, (_, at) => at),
    aggregate: (results) => results.filter((result) => result.state === 'failed').length,
  });
  const engine = await useWorkingEngine([wide], {}, { concurrency: 50 });
  const outside = engine.other([wide]);
  const run = await engine.sy.start(wide, {});
  await full.happened;
  await outside.run(run.id).cancel({ by: 'anna', reason: 'not needed' });
  cancelledAt = performance.now();
  const ended = await run.wait('10s');
  expect(performance.now() - cancelledAt).toBeLessThan(2_000);
  expect(ended).toMatchObject({
    status: 'cancelled',
    output: 1_000,
    error: { code: 'CANCELLED', message: 'the run was cancelled by anna: not needed' },
    stop: { cause: 'cancelled', by: 'anna', reason: 'not needed' },
  });
  expect({ begun, aborted, late }).toEqual({ begun: 50, aborted: 50, late: 0 });
  expect(await engine.redis.smembers(`${engine.prefix}:stopping`)).toEqual([]);
}, 40_000);

test('[P4] a cancelled saga undoes what it did, also the step that was running', async () => {
  const diary: string[] = [];
  const running = signal();
  const flow = defineSaga({ name: 'flow', input: anyInput })
    .step(
      'one',
      task('one', () => diary.push('one')),
      { with: () => 1, undo: [task('undo', () => diary.push('undo one')), () => 1] },
    )
    .step(
      'two',
      task('two', async (_i, context) => {
        diary.push('two');
        running.happen();
        await untilAborted(context);
      }),
      { with: () => 2, undo: [task('undo', () => diary.push('undo two')), () => 2] },
    )
    .step(
      'three',
      task('three', () => diary.push('three')),
      { with: () => 3 },
    )
    .returns((_done, { undone }) => undone);
  const engine = await useWorkingEngine([flow]);
  const run = await engine.sy.start(flow, {});
  await running.happened;
  await engine.other([flow]).run(run.id).cancel();
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    output: ['two', 'one'],
    error: { code: 'CANCELLED' },
  });
  expect(diary).toEqual(['one', 'two', 'undo two', 'undo one']);
});

test('a run that nobody has begun is cancelled without a worker of its tasks, and needs nothing undone', async () => {
  const flow = defineSaga({ name: 'flow', input: anyInput })
    .step('one', task('one', undefined, { queue: 'far' }), { with: () => 1, undo: [task('undo'), () => 1] })
    .returns(() => null);
  const engine = await useWorkingEngine([flow], {}, { queues: ['runs'] });
  const run = await engine.sy.start(flow, {});
  await run.cancel();
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
  await expect(run.cancel()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await expect(engine.sy.run('flow-0-tnone').cancel()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
});

test('a run whose start is delayed is cancelled at once', async () => {
  const desk = defineRouter({
    name: 'desk',
    input: anyInput,
    classify: () => ({ route: 'a' as const, priority: 'LOW', evidence: 0 }),
    routes: { a: { run: task('a'), with: () => 1 } },
    returns: ({ path }) => path,
  });
  const { sy } = await useWorkingEngine([desk]);
  const run = await sy.start(desk, {}, { delay: '1h' });
  await run.cancel();
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
});

test('a deadline stops the run: of a fan-out what is there by then is the result', async () => {
  const slow = task('slow', (_i, context) => untilAborted(context));
  const flow = defineFanOut({
    name: 'flow',
    input: anyInput,
    deadline: '300ms',
    branches: { quick: { run: task('quick'), with: () => 'here' }, slow: { run: slow, with: () => 0 } },
    aggregate: ({ quick, slow: other }) => [quick.state, other.state === 'failed' && other.error.code],
  });
  const { sy, redis, prefix } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'partial',
    output: ['completed', 'IN_DOUBT'],
    error: { code: 'DEADLINE_EXCEEDED' },
  });
  const none = await sy.start(flow, {}, { deadline: '1h' });
  await none.cancel();
  await none.wait('10s');
  // The clock of a run that has ended is gone with it.
  expect(await redis.zrange(`${prefix}:runs:delayed`, '0', '-1')).toEqual([]);
});

test('a deadline turns a saga round', async () => {
  const diary: string[] = [];
  const flow = defineSaga({ name: 'flow', input: anyInput, deadline: '200ms' })
    .step(
      'one',
      task('one', async (_i, context) => {
        diary.push('one');
        await untilAborted(context);
      }),
      { with: () => 1, undo: [task('undo', () => diary.push('undo one')), () => 1] },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated', error: { code: 'DEADLINE_EXCEEDED' } });
  expect(diary).toEqual(['one', 'undo one']);
});

test('policy `fail`: the first failure ends the run, and its siblings are really cancelled', async () => {
  const aborted: string[] = [];
  const running = signal();
  const slow = task('slow', async (_i, context) => {
    running.happen();
    await untilAborted(context).finally(() => aborted.push(context.stage));
  });
  const bad = task(
    'bad',
    async () => {
      await running.happened;
      throw new Error('no');
    },
    { attempts: 1 },
  );
  const flow = defineFanOut({
    name: 'flow',
    input: anyInput,
    onFailure: 'fail',
    branches: { slow: { run: slow, with: () => 0 }, bad: { run: bad, with: () => 0 } },
    aggregate: ({ slow: other }) => other.state,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    output: 'failed',
    error: { code: 'TASK_FAILED', message: 'no', step: 'bad' },
  });
  expect(aborted).toEqual(['slow']);
});

test('a quorum ends the run as soon as enough have completed, or cannot any more', async () => {
  const flow = defineFanOut({
    name: 'flow',
    input: anyInput,
    onFailure: { quorum: 2 },
    each: task(
      'each',
      async (what, context) => {
        if (what === 'hang') await untilAborted(context);
        if (what === 'fail') throw new Error('no');
        return what;
      },
      { attempts: 1 },
    ),
    split: (input) => Object.values(input),
    aggregate: (results) => results.map((result) => result.state),
  });
  const { sy } = await useWorkingEngine([flow]);
  const met = await sy.start(flow, { a: 'ok', b: 'hang', c: 'ok' });
  expect(await met.wait('10s')).toMatchObject({ status: 'completed', output: ['completed', 'failed', 'completed'] });
  const missed = await sy.start(flow, { a: 'fail', b: 'hang', c: 'fail' });
  expect(await missed.wait('10s')).toMatchObject({ status: 'failed', error: { code: 'QUORUM_NOT_MET' } });
});

test('a worker that begins to listen after a run was stopped does not begin its branches', async () => {
  let begun = 0;
  const flow = defineFanOut({
    name: 'flow',
    input: anyInput,
    branches: { only: { run: task('only', () => (begun += 1)), with: () => 0 } },
    aggregate: () => null,
  });
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  // Marked, and its process died before it dropped what waits.
  await engine.redis.hset(`${engine.prefix}:log:${run.id}`, 'stop', JSON.stringify({ cause: 'cancelled', at: 1 }));
  await engine.redis.sadd(`${engine.prefix}:stopping`, run.id);
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
  expect(begun).toBe(0);
});

test('a run that is cancelled while it asks a person does not say any more that it waits for one', async () => {
  const flow = defineFanOut({
    name: 'asks',
    input: anyInput,
    branches: { a: { run: approval(), with: () => ({ question: '?' }) } },
    aggregate: () => null,
  });
  const { sy } = await useWorkingEngine([flow]);
  for (let nth = 0; nth < 5; nth += 1) {
    const run = await sy.start(flow, {});
    expect((await run.wait('10s')).status).toBe('waiting_approval');
    await run.cancel();
    expect((await run.wait('10s')).status).toBe('cancelled');
  }
});
