/** Runs whose root job somebody removed by hand: nothing but a reconciler would ever wake them. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { RUNS_QUEUE } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
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
