/**
 * A Redis that forgets its last second (power loss with everysec, failover to a replica that lagged) while its workers live
 * on: what they write next stands in a log that lacks what they wrote before.
 */
import { Queue, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { PermanentError } from '../../../src/errors.js';
import { RUNS_QUEUE, redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { theirConnection } from '../../support/foreign-queue.js';
import { untilTrue } from '../../support/redis-process.js';
import { anyInput, task } from '../../support/workflows.js';

test.each([
  { forgotten: ['intent/pay'], by: 'the step itself, before it records its end' },
  { forgotten: ['intent/pay', 'done/pay'], by: 'the next step, which it appended all the same' },
])('[P4] a step whose $forgotten is forgotten under $by is undone', async ({ forgotten }) => {
  const effects: unknown[] = [];
  const forget = (run: string) => engine.redis.hdel(`${engine.prefix}:log:${run}`, ...forgotten);
  const pay = task('pay', async (_input, { run, key }) => {
    effects.push(['pay', key]);
    if (!forgotten.includes('done/pay')) await forget(run);
  });
  const ship = task('ship', async (_input, { run }) => {
    if (forgotten.includes('done/pay')) await forget(run);
    throw new PermanentError('no such street');
  });
  const refund = task('refund', (input) => void effects.push(['refund', input]));
  const saga = defineSaga({ name: 'forgotten', input: anyInput })
    .step('pay', pay, { with: () => ({}), undo: [refund, ({ key }) => ({ paid: key })] })
    .step('ship', ship, { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  const key = `${run.id}/pay/1`;
  expect(effects).toEqual([
    ['pay', key],
    ['refund', { paid: key }],
  ]);
});

/** A Worker that is not ours, which ends jobs by itself: only there a record can be forgotten that the job's end is not. */
async function workInTheirs(engine: TestEngine): Promise<void> {
  const { sy, prefix } = engine;
  const worker = new Worker('tasks', sy.processor(), {
    connection: theirConnection(),
    ...sy.workerOptions({ prefix }),
  });
  onTestFinished(() => worker.close(true));
  await engine.work({ queues: [RUNS_QUEUE] });
}

/** Paused from inside a stage, so that whoever is to be woken by its end sleeps until `forget` has been at the log. */
function useHeld(engine: TestEngine, name: string) {
  const queue = new Queue(name, { connection: { url: engine.url }, prefix: engine.prefix });
  onTestFinished(() => queue.close());
  return {
    hold: () => queue.pause(),
    /** Once so many stages have ended, and as if their records had not been written. */
    async forget(run: string, endedStages: number, ...fields: string[]) {
      const keys = redisKeys(engine.prefix);
      await untilTrue(async () => (await engine.redis.hlen(`${keys.root(run)}:processed`)) === endedStages);
      expect(await engine.redis.hdel(keys.log(run), ...fields)).toBe(fields.length);
      await queue.resume();
    },
  };
}

test('[P4] a step whose end is forgotten, while its job has ended well, is done: its job returned what it did', async () => {
  const saga = defineSaga({ name: 'ended', input: anyInput })
    .step(
      'ship',
      task('ship', () => held.hold().then(() => ({ parcel: 7 }))),
      { with: () => ({}) },
    )
    .returns((done) => done.ship);
  const engine = useEngine([saga]);
  const held = useHeld(engine, RUNS_QUEUE);
  await workInTheirs(engine);
  const run = await engine.sy.start(saga, {});
  await held.forget(run.id, 1, 'done/ship');
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { parcel: 7 } });
  expect(await engine.redis.hget(redisKeys(engine.prefix).log(run.id), 'done/ship')).toContain('"parcel":7');
});

test('[P4] a step whose intent is forgotten as well is undone with what it returned', async () => {
  const refunds: unknown[] = [];
  const refund = task('refund', (input) => void refunds.push(input));
  const saga = defineSaga({ name: 'undone', input: anyInput })
    .step(
      'pay',
      task('pay', () => held.hold().then(() => ({ charge: 'ch-1' }))),
      {
        with: () => ({}),
        undo: [refund, ({ output }) => ({ returned: output })],
      },
    )
    .returns(() => {
      throw new PermanentError('the books are closed');
    });
  const engine = useEngine([saga]);
  const held = useHeld(engine, RUNS_QUEUE);
  await workInTheirs(engine);
  const run = await engine.sy.start(saga, {});
  await held.forget(run.id, 1, 'intent/pay', 'done/pay');
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  expect(refunds).toEqual([{ returned: { charge: 'ch-1' } }]);
});

test('[P2] an undo whose end is forgotten, while its job has ended well, asks nobody', async () => {
  const refund = task('refund', () => held.hold().then(() => null));
  const saga = defineSaga({ name: 'refunded', input: anyInput })
    .step(
      'pay',
      task('pay', () => null),
      { with: () => ({}), undo: [refund, () => ({})] },
    )
    .step(
      'ship',
      task('ship', () => {
        throw new PermanentError('no such street');
      }),
      { with: () => ({}) },
    )
    .returns(() => null);
  const engine = useEngine([saga]);
  const held = useHeld(engine, RUNS_QUEUE);
  await workInTheirs(engine);
  const run = await engine.sy.start(saga, {});
  await held.forget(run.id, 2, 'done/pay.undo');
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
});

test('[P4] a next step that was appended all the same is given what the forgotten one returned', async () => {
  const ship = task('ship', (input) => input);
  const saga = defineSaga({ name: 'appended', input: anyInput })
    .step(
      'pay',
      task('pay', () => held.hold().then(() => ({ charge: 'ch-1' }))),
      { with: () => ({}) },
    )
    .step('ship', ship, { with: ({ done }) => ({ paidBy: done.pay }) })
    .returns((done) => done.ship);
  const engine = useEngine([saga]);
  const held = useHeld(engine, 'tasks');
  await workInTheirs(engine);
  const run = await engine.sy.start(saga, {});
  await held.forget(run.id, 1, 'done/pay');
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { paidBy: { charge: 'ch-1' } } });
});
