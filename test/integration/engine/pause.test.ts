import { expect, test } from 'vitest';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { releaseHeld } from '../../../src/queues/pauses.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, echo, signal, task } from '../../support/workflows.js';

const router = defineRouter({
  name: 'router',
  input: anyInput,
  classify: () => ({ route: 'only' as const, priority: 'LOW', evidence: null }),
  routes: { only: { run: task('route'), with: (i) => i } },
  returns: ({ result }) => result,
});

test('a paused workflow accepts runs and begins none, other workflows go on; resumed, all are begun', async () => {
  const wide = defineFanOut({
    name: 'wide',
    input: anyInput,
    each: task('one'),
    split: () => Array.from({ length: 120 }, (_, n) => n),
    aggregate: (results) => results.length,
  });
  const { sy } = await useWorkingEngine([echo, router, wide]);
  for (const workflow of ['echo', 'wide']) {
    expect(await sy.pause({ workflow }, { by: 'me', reason: 'the bank is down' })).toBe(true);
  }
  expect(await sy.pause({ workflow: 'echo' }, { reason: 'another' })).toBe(false);
  const held = [await sy.start(echo, { n: 1 }), await sy.start(wide, {}), await sy.start(echo, { n: 2 }, { key: 'k' })];
  expect((await sy.start(echo, { n: 2 }, { key: 'k' })).duplicate).toBe(true);
  expect(await (await sy.start(router, { n: 3 })).wait('10s')).toMatchObject({ status: 'completed' });
  expect(await Promise.all(held.map((run) => run.status()))).toEqual(['queued', 'queued', 'queued']);
  const { workflows, queues } = await sy.paused();
  expect(queues).toEqual([]);
  expect(workflows).toEqual([
    { workflow: 'echo', held: 2, at: expect.any(Number), by: 'me', reason: 'the bank is down' },
    { workflow: 'wide', held: 1, at: expect.any(Number), by: 'me', reason: 'the bank is down' },
  ]);
  for (const workflow of ['echo', 'wide']) expect(await sy.resume({ workflow })).toBe(true);
  for (const run of held) expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(await sy.resume({ workflow: 'echo' })).toBe(false);
  expect(await sy.paused()).toEqual({ workflows: [], queues: [] });
  expect((await held[0]?.timeline())?.[0]?.attempts).toMatchObject([{ n: 1 }]);
});

test('what was accepted before the pause and is picked up after it does not begin either: fan-out, router, saga', async () => {
  const begun: unknown[] = [];
  const note = (name: string) => task(name, () => begun.push(name));
  const three = defineFanOut({
    name: 'three',
    input: anyInput,
    branches: {
      a: { run: note('a'), with: (i) => i },
      b: { run: note('b'), with: (i) => i },
      c: { run: note('c'), with: (i) => i },
    },
    aggregate: () => 'done',
  });
  const steps = defineSaga({ name: 'steps', input: anyInput })
    .step('first', note('first'), { with: () => ({}) })
    .step('second', note('second'), { with: () => ({}) })
    .returns(() => 'done');
  const { sy, work, redis, prefix } = useEngine([three, steps, router]);
  const runs = [await sy.start(three, {}), await sy.start(steps, {}), await sy.start(router, {})];
  for (const workflow of ['three', 'steps', 'router']) await sy.pause({ workflow });
  await work();
  const heldJobs = async () => (await sy.paused()).workflows.map(({ workflow, held }) => [workflow, held]);
  await expect.poll(heldJobs).toEqual(
    expect.arrayContaining([
      ['three', 3],
      ['steps', 1],
      ['router', 1],
    ]),
  );
  expect(await Promise.all(runs.map((run) => run.status()))).toEqual(['queued', 'queued', 'queued']);
  expect(begun).toEqual([]);
  const keys = redisKeys(prefix);
  expect(await redis.hget(keys.job('tasks', `${runs[1]?.id}-first`), 'ats')).toBe('0');
  for (const workflow of ['three', 'steps', 'router']) await sy.resume({ workflow });
  for (const run of runs) expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(begun.sort()).toEqual(['a', 'b', 'c', 'first', 'second']);
});

test('a run that has begun goes on while its workflow is paused, its later steps and its undo too', async () => {
  const [entered, go] = [signal(), signal()];
  const saga = defineSaga({ name: 'saga', input: anyInput })
    .step(
      'one',
      task('one', async () => {
        entered.happen();
        await go.happened;
      }),
      { with: () => ({}), undo: [task('undo'), () => ({})] },
    )
    .step(
      'two',
      task('two', () => Promise.reject(new Error('no')), { attempts: 1 }),
      { with: () => ({}) },
    )
    .returns((_done, { undone }) => undone);
  const { sy } = await useWorkingEngine([saga]);
  const run = await sy.start(saga, {});
  await entered.happened;
  await sy.pause({ workflow: 'saga' });
  const later = await sy.start(saga, {});
  go.happen();
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated', output: ['one'] });
  expect(await later.status()).toBe('queued');
});

test('a fan-out of which one branch had begun before the pause goes on with the others', async () => {
  const [entered, go] = [signal(), signal()];
  const two = defineFanOut({
    name: 'two',
    input: anyInput,
    branches: {
      slow: {
        run: task('slow', async () => {
          entered.happen();
          await go.happened;
        }),
        with: (i) => i,
      },
      other: { run: task('other', (i) => i, { queue: 'others' }), with: (i) => i },
    },
    aggregate: (r) => r.other.state,
  });
  const { sy, work } = useEngine([two]);
  const run = await sy.start(two, {});
  await work({ queues: ['runs', 'tasks'] });
  await entered.happened;
  await sy.pause({ workflow: 'two' });
  await work({ queues: ['others'] });
  go.happen();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'completed' });
});

test('a run that is held can be cancelled, and ends at once', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo, router]);
  for (const workflow of ['echo', 'router']) await sy.pause({ workflow });
  for (const run of [await sy.start(echo, {}), await sy.start(router, {})]) {
    await run.cancel();
    expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
  }
  // What is let go of that is no longer there does no harm.
  for (const workflow of ['echo', 'router']) await sy.resume({ workflow });
  expect(await redis.exists(redisKeys(prefix).held('echo'), redisKeys(prefix).held('router'))).toBe(0);
});

test('a resumption that broke off before anything was let go is finished by the reconciler', async () => {
  const { sy, work, redis, prefix } = useEngine([echo]);
  await sy.pause({ workflow: 'echo' });
  const run = await sy.start(echo, {});
  // By the script that accepted it: no worker is there yet.
  expect((await sy.paused()).workflows).toMatchObject([{ workflow: 'echo', held: 1 }]);
  const keys = redisKeys(prefix);
  expect(await releaseHeld({ scripts: createScriptRunner(redis), keys }, 'echo')).toBe(0);
  await redis.hdel(keys.paused, 'echo');
  await work({ reconcileMs: 100 });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('a paused queue gives out no job, and what waits in it is told; resumed, it goes on', async () => {
  const mail = defineFanOut({
    name: 'mail',
    input: anyInput,
    branches: {
      send: { run: task('send', (i) => i, { queue: 'emails' }), with: (i) => i },
      note: { run: task('note'), with: (i) => i },
    },
    aggregate: (r) => [r.send.state, r.note.state],
  });
  const { sy } = await useWorkingEngine([mail]);
  expect(await sy.pause({ queue: 'emails' }, { by: 'me' })).toBe(true);
  const run = await sy.start(mail, {});
  const states = async () => (await run.timeline()).map(({ name, state }) => [name, state]);
  await expect.poll(states).toEqual([
    ['send', 'waiting'],
    ['note', 'completed'],
  ]);
  expect((await sy.paused()).queues).toEqual([{ queue: 'emails', waiting: 1, at: expect.any(Number), by: 'me' }]);
  expect(await sy.resume({ queue: 'emails' })).toBe(true);
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  await expect(sy.pause({ queue: 'runs' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(sy.pause({ queue: 'nobody' })).rejects.toMatchObject({
    message: expect.stringContaining('emails, tasks'),
  });
  await expect(sy.pause({ workflow: 'nobody' })).rejects.toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
});
