import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { workflowTask } from '../../../src/orchestrators/workflow-task.js';
import { approval, signal } from '../../../src/wait-task.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { readKey } from '../../support/upgrade/snapshot.js';
import { anyInput, echo, task } from '../../support/workflows.js';

/** A workflow with `inner` as its only branch, which fails with it, and returns what it returned. */
const around = (inner: Parameters<typeof workflowTask>[0]) =>
  defineFanOut({
    name: 'outer',
    input: anyInput,
    branches: { only: { run: workflowTask(inner), with: (i) => i } },
    onFailure: 'fail',
    aggregate: (r) => (r.only.state === 'completed' ? r.only.output : null),
  });

/** In every place where a run has data of its owner's: input, key, outputs, errors, tags, words, what is returned. */
const CANARY = 'canary-3f9a';

const wide = defineFanOut({
  name: 'wide',
  input: anyInput,
  each: task('one', (input) => {
    if (String(input).endsWith('-7')) throw new PermanentError(`no ${String(input)}`);
    return { said: input };
  }),
  split: ({ who }) => Array.from({ length: 250 }, (_, at) => `${String(who)}-${at}`),
  aggregate: (results) => results.slice(0, 3),
});
const undone = defineSaga({ name: 'undone', input: anyInput, deadline: '1h' })
  .step(
    'pay',
    task('pay', (input) => ({ paid: input })),
    {
      with: ({ input }) => input.who,
      undo: [task('refund'), ({ input }) => input.who],
    },
  )
  .step('told', signal({ name: 'told', output: z.unknown() }), { with: ({ input }) => input.who })
  .step(
    'ship',
    task('ship', (input) => Promise.reject(new PermanentError(`nowhere for ${String(input)}`))),
    {
      with: ({ input }) => input.who,
    },
  )
  .returns((done) => done);

/** Every key under the prefix with all that is in it. */
async function contentOf(redis: Redis, prefix: string): Promise<string> {
  const keys = await keysOf(prefix);
  return JSON.stringify(await Promise.all(keys.map(async (key) => [key, await readKey(redis, key).catch(() => '')])));
}

test('nothing of an erased run is left under any key: input, outputs, errors, key, tags, words, jobs, events', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([wide, undone, echo]);
  const input = { who: CANARY };
  const tags = { who: CANARY };
  const fan = await sy.start(wide, input, { tags });
  const saga = await sy.start(undone, input, { tags, key: CANARY });
  await saga.signal('told', CANARY);
  expect(await fan.wait('15s')).toMatchObject({ status: 'partial' });
  expect(await saga.wait('15s')).toMatchObject({ status: 'compensated' });
  const other = await sy.start(echo, { who: 'somebody else' });
  await other.wait('10s');
  expect((await contentOf(redis, prefix)).split(CANARY).length).toBeGreaterThan(500);
  await saga.erase();
  await fan.erase();
  const left = await contentOf(redis, prefix);
  expect(left).not.toContain(CANARY);
  // Its id says who asked for nothing; that it ended is told by the stream of ends for a while.
  const keys = redisKeys(prefix);
  for (const { id } of [fan, saga]) {
    expect((await keysOf(prefix)).filter((key) => key.includes(id))).toEqual([]);
    expect(left.split(`"${id}`).length - 1).toBe(
      (await redis.xrange(keys.settled, '-', '+')).filter(([, [, run]]) => run === id).length,
    );
  }
  await expect(fan.describe()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  await expect(fan.erase()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  expect((await sy.list()).runs.map(({ id }) => id)).toEqual([other.id]);
  expect(await other.describe()).toMatchObject({ status: 'completed', output: { who: 'somebody else' } });
  const again = await sy.start(undone, { who: 'x' }, { key: CANARY });
  expect(again).toMatchObject({ id: saga.id, duplicate: false });
});

test('a run that has not ended is not erased, and is untouched; cancelled, it is', async () => {
  const { sy, work } = useEngine([echo]);
  const run = await sy.start(echo, { n: 1 });
  await expect(run.erase()).rejects.toMatchObject({
    code: 'ILLEGAL_STATE',
    message: expect.stringContaining(`switchyard cancel ${run.id} --wait`),
  });
  await run.cancel();
  await work();
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
  // At once, while its root may still be with its worker.
  await run.erase();
  await expect(run.status()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
});

test('an erasure that broke off is taken up again, and in between its run cannot be begun anew', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([wide]);
  const run = await sy.start(wide, { who: CANARY });
  await run.wait('15s');
  const keys = redisKeys(prefix);
  // What a process that died after its first page leaves behind.
  await redis.hset(keys.log(run.id), 'erasing', 1);
  await redis.hdel(`${keys.root(run.id)}:processed`, keys.job('tasks', `${run.id}-item.0`));
  await redis.del(keys.job('tasks', `${run.id}-item.0`));
  await expect(run.retry()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await run.erase();
  expect((await keysOf(prefix)).filter((key) => key.includes(`${run.id}-item.1`))).toEqual([]);
});

test('all runs with a tag are erased and told one by one, but those that have not ended; again, only these are left', async () => {
  const { sy, work } = useEngine([echo]);
  const tags = { customer: '42' };
  const done = [await sy.start(echo, {}, { tags }), await sy.start(echo, {}, { tags })];
  const stranger = await sy.start(echo, {}, { tags: { customer: '43' } });
  await work();
  for (const run of [...done, stranger]) await run.wait('10s');
  const open = await sy.start(echo, {}, { tags, delay: '1h' });
  const erase = async () => {
    const told = [];
    for await (const one of sy.erase({ tag: 'customer=42' })) told.push(one);
    return told;
  };
  const told = await erase();
  expect(told).toHaveLength(3);
  expect(told.filter(({ erased }) => erased).map(({ run }) => run)).toEqual(
    expect.arrayContaining(done.map(({ id }) => id)),
  );
  expect(await erase()).toEqual([
    { run: open.id, erased: false, error: expect.objectContaining({ code: 'ILLEGAL_STATE' }) },
  ]);
  expect(await stranger.status()).toBe('completed');
});

/** An invoice inside an order, which then waits for a yes. */
const order = defineSaga({ name: 'order', input: anyInput })
  .step('invoice', workflowTask(echo), { with: ({ input }) => input })
  .step('yes', approval(), { with: () => ({ question: 'may it?' }) })
  .returns((done) => done.invoice);

test('a run that is refused keeps the runs inside it, which are not erased without it; when it has ended, all go', async () => {
  const { sy } = await useWorkingEngine([order]);
  const outer = await sy.start(order, { who: CANARY }, { tags: { customer: '42' } });
  const waiting = await outer.wait('15s');
  expect(waiting).toMatchObject({ status: 'waiting_approval' });
  const inner = sy.run(waiting.timeline[0]?.run ?? '');
  await expect(outer.erase()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  expect(await inner.describe()).toMatchObject({ status: 'completed', output: { who: CANARY } });
  await expect(inner.erase()).rejects.toMatchObject({
    code: 'ILLEGAL_STATE',
    message: expect.stringContaining(`run ${outer.id}, which has not ended`),
  });
  const told: [string, boolean][] = [];
  for await (const one of sy.erase({ tag: 'customer=42' })) told.push([one.run, one.erased]);
  expect(new Map(told)).toEqual(
    new Map([
      [inner.id, false],
      [outer.id, false],
    ]),
  );
  expect(await inner.status()).toBe('completed');
  await outer.approve();
  expect(await outer.wait('15s')).toMatchObject({ status: 'completed', output: { who: CANARY } });
  await outer.erase();
  expect((await sy.list()).runs).toEqual([]);
});

test('nothing is erased while any run inside has been begun again by itself', async () => {
  const asking = defineSaga({ name: 'asking', input: anyInput })
    .step('yes', approval(), { with: () => ({ question: 'may it?' }) })
    .returns(() => null);
  // Several, since they are gone through in no order: one that is refused last finds the others erased.
  const good = workflowTask(echo);
  const many = defineSaga({ name: 'many', input: anyInput })
    .step('a', good, { with: ({ input }) => input })
    .step('b', good, { with: ({ input }) => input })
    .step('c', good, { with: ({ input }) => input })
    .step('d', good, { with: ({ input }) => input })
    .step('asks', workflowTask(asking), { with: () => ({}) })
    .returns((done) => done.a);
  const { sy, redis, prefix } = await useWorkingEngine([many]);
  const outer = await sy.start(many, { who: CANARY });
  const inside = async (name: string) =>
    sy.run((await outer.timeline()).find((stage) => stage.name === name)?.run ?? '');
  await expect.poll(async () => (await sy.list({ status: 'waiting_approval' })).runs).toHaveLength(1);
  await (await inside('asks')).reject();
  expect(await outer.wait('15s')).toMatchObject({ status: 'failed' });
  const asks = await inside('asks');
  expect((await asks.retry()).id).toBe(asks.id);
  await expect(outer.erase()).rejects.toMatchObject({
    code: 'ILLEGAL_STATE',
    message: expect.stringContaining(asks.id),
  });
  for (const name of ['a', 'b', 'c', 'd']) expect(await (await inside(name)).status()).toBe('completed');
  expect(await redis.hexists(redisKeys(prefix).log(outer.id), 'erasing')).toBe(0);
});

test('every run that has stood for a stage is erased with the outer run, also one whose stage was retried as another', async () => {
  const bank = { isDown: true };
  const pays = defineSaga({ name: 'pays', input: anyInput })
    .step('take', task('take'), { with: ({ input }) => input, undo: [task('give'), () => ({})] })
    .step(
      'pay',
      task('pay', () => (bank.isDown ? Promise.reject(new PermanentError('down')) : 'paid')),
      { with: ({ input }) => input },
    )
    .returns((done) => done.pay);
  const outer = around(pays);
  const { sy, redis, prefix } = await useWorkingEngine([outer]);
  const run = await sy.start(outer, { who: CANARY });
  expect(await run.wait('15s')).toMatchObject({ status: 'failed', error: { code: 'NESTED_RUN_FAILED' } });
  bank.isDown = false;
  await run.retry();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: 'paid' });
  expect((await sy.list({ workflow: 'pays' })).runs).toHaveLength(2);
  await run.erase();
  expect((await sy.list()).runs).toEqual([]);
  expect(await contentOf(redis, prefix)).not.toContain(CANARY);
});

test('a run whose failed inner run was erased is retried all the same: the inner one begins anew', async () => {
  const bank = { isDown: true };
  const pays = defineFanOut({
    name: 'pays',
    input: anyInput,
    branches: {
      pay: {
        run: task('pay', () => (bank.isDown ? Promise.reject(new PermanentError('down')) : 'paid')),
        with: (i) => i,
      },
    },
    aggregate: (r) => r.pay.state,
  });
  const outer = around(pays);
  const { sy } = await useWorkingEngine([outer]);
  const run = await sy.start(outer, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'failed' });
  await sy.run((await run.timeline())[0]?.run ?? '').erase();
  bank.isDown = false;
  await run.retry();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: 'completed' });
});
