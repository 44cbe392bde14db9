/** Runs whose root job somebody removed by hand: nothing but a reconciler would ever wake them. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { PermanentError } from '../../../src/errors.js';
import { RUNS_QUEUE } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval } from '../../../src/wait-task.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { anyInput, echo, signal, task } from '../../support/workflows.js';

function queueOf(engine: TestEngine, name: string): Queue {
  const queue = new Queue(name, { connection: engine.redis, prefix: engine.prefix });
  onTestFinished(() => queue.close());
  return queue;
}

test('[P1] a run whose root and children were removed by hand before any worker came ends all the same', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, { n: 1 });
  const root = await queueOf(engine, RUNS_QUEUE).getJob(run.id);
  await root?.remove();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { n: 1 } });
});

test('[P1] [P2] a saga whose root is obliterated while a step runs goes on from what is recorded', async () => {
  const [begun, mayEnd] = [signal(), signal()];
  const effects: string[] = [];
  const first = task('first', () => ({ effect: effects.push('first') }));
  const second = task('second', async () => {
    begun.happen();
    await mayEnd.happened;
    return { effect: effects.push('second') };
  });
  const saga = defineSaga({ name: 'robbed', input: anyInput })
    .step('one', first, { with: () => ({}) })
    .step('two', second, { with: () => ({}) })
    .returns((_done, { executed }) => executed);
  const engine = useEngine([saga]);
  await engine.work({ reconcileMs: 100 });
  const run = await engine.sy.start(saga, {});
  await begun.happened;
  await queueOf(engine, RUNS_QUEUE).obliterate({ force: true });
  mayEnd.happen();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: ['one', 'two'] });
  expect(effects.filter((effect) => effect === 'first')).toHaveLength(1);
});

test('a root that is there, or whose run has ended, is left alone', async () => {
  const engine = useEngine([echo]);
  await engine.work({ reconcileMs: 50 });
  const run = await engine.sy.start(echo, { n: 2 });
  const ended = await run.wait('10s');
  const queue = queueOf(engine, RUNS_QUEUE);
  const root = await queue.getJob(run.id);
  await root?.remove();
  const next = await (await engine.sy.start(echo, { n: 3 })).wait('10s');
  expect(next.status).toBe('completed');
  expect(await queue.getJob(run.id)).toBeUndefined();
  expect(await run.describe()).toMatchObject({ status: ended.status, output: { n: 2 } });
});

test('[P1] a root that another hand has ended, while its run has not, is added again', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, { n: 4 });
  const base = `${engine.prefix}:${RUNS_QUEUE}`;
  await engine.redis.multi().zrem(`${base}:waiting-children`, run.id).zadd(`${base}:failed`, Date.now(), run.id).exec();
  await engine.work({ reconcileMs: 100 });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { n: 4 } });
});

/** The root and what hangs on its name, but none of its children. */
async function removeRoot(engine: TestEngine, run: string): Promise<void> {
  const root = await queueOf(engine, RUNS_QUEUE).getJob(run);
  await root?.remove({ removeChildren: false });
}

test('[P1] a root that is made again while its run asks a person has its question back, and takes the answer', async () => {
  const saga = defineSaga({ name: 'asking', input: anyInput })
    .step('ok', approval(), { with: () => ({ question: 'go?' }) })
    .returns(({ ok }) => ok?.by);
  const engine = useEngine([saga]);
  await engine.work({ reconcileMs: 100 });
  const run = await engine.sy.start(saga, {});
  expect((await run.wait('10s')).status).toBe('waiting_approval');
  await removeRoot(engine, run.id);
  const children = `${engine.prefix}:${RUNS_QUEUE}:${run.id}:dependencies`;
  await expect
    .poll(() => engine.redis.smembers(children), { timeout: 10_000 })
    .toEqual([`${engine.prefix}:attention:${run.id}-ok`]);
  expect(await run.describe()).toMatchObject({ status: 'waiting_approval', questions: [{ about: 'ok' }] });
  await run.approve({ by: 'anna' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'anna' });
});

test('[P1] [P2] a root that is made again has the ends of its children back: no branch that has ended runs twice', async () => {
  const made: string[] = [];
  const flow = defineFanOut({
    name: 'widowed',
    input: anyInput,
    branches: {
      good: { run: task('good', () => made.push('good')), with: (i) => i },
      bad: {
        run: task('bad', () => {
          made.push('bad');
          throw new PermanentError('for good');
        }),
        with: (i) => i,
      },
      held: { run: task('held', () => made.push('held'), { queue: 'held' }), with: (i) => i },
    },
    aggregate: (r) => [r.good.state, r.bad.state, r.held.state],
  });
  const engine = useEngine([flow]);
  await engine.work({ queues: ['runs', 'tasks'], reconcileMs: 100 });
  const run = await engine.sy.start(flow, {});
  const ended = ['completed', 'failed'].map((state) => `${engine.prefix}:tasks:${state}`);
  await expect.poll(async () => await Promise.all(ended.map((key) => engine.redis.zcard(key)))).toEqual([1, 1]);
  await removeRoot(engine, run.id);
  await engine.work({ queues: ['held'] });
  expect(await run.wait('10s')).toMatchObject({ status: 'partial', output: ['completed', 'failed', 'completed'] });
  expect(made.sort()).toEqual(['bad', 'good', 'held']);
});

test('[P2] of a root that another hand has ended the results of its children stand', async () => {
  let made = 0;
  const flow = defineFanOut({
    name: 'ended-by-hand',
    input: anyInput,
    branches: {
      first: { run: task('first', () => (made += 1)), with: (i) => i },
      held: { run: task('held', undefined, { queue: 'held' }), with: (i) => i },
    },
    aggregate: (r) => [r.first.state, r.held.state],
  });
  const engine = useEngine([flow]);
  const first = await engine.work({ queues: ['tasks'] });
  const run = await engine.sy.start(flow, {});
  const root = `${engine.prefix}:${RUNS_QUEUE}:${run.id}`;
  await expect.poll(() => engine.redis.hlen(`${root}:processed`)).toBe(1);
  await first.stop();
  // Its child's own job is gone too, as BullMQ drops ended jobs by number: the result is with the root alone.
  await queueOf(engine, 'tasks').clean(0, 10, 'completed');
  const base = `${engine.prefix}:${RUNS_QUEUE}`;
  await engine.redis.multi().zrem(`${base}:waiting-children`, run.id).zadd(`${base}:failed`, Date.now(), run.id).exec();
  await engine.work({ reconcileMs: 100 });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: ['completed', 'completed'] });
  expect(made).toBe(1);
});
