import { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.js';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../../src/config.js';
import { createRegistry } from '../../../src/engine/registry.js';
import { PermanentError } from '../../../src/errors.js';
import { redisKeys } from '../../../src/names.js';
import type { Workflow, WorkflowDefinition } from '../../../src/orchestrators/definition.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { workflowTask } from '../../../src/orchestrators/workflow-task.js';
import { createNestedRuns } from '../../../src/queues/nested-runs.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import { approval } from '../../../src/wait-task.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { anyInput, echo, task } from '../../support/workflows.js';

const pair = defineSaga({ name: 'pair', input: anyInput })
  .step(
    'one',
    task('one', (i) => i, { queue: 'inner' }),
    { with: ({ input }) => input.n },
  )
  .step(
    'two',
    task('two', (i) => [i], { queue: 'inner' }),
    { with: ({ done }) => done.one },
  )
  .returns((done) => done.two);

/** A workflow with `inner` as its only branch, which returns what that returned. */
const around = (inner: Workflow & WorkflowDefinition, name = 'outer') =>
  defineFanOut({
    name,
    input: anyInput,
    branches: { only: { run: workflowTask(inner), with: (i) => i } },
    onFailure: 'fail',
    aggregate: (r) => (r.only.state === 'completed' ? r.only.output : null),
  });

const childOf = async (run: { timeline(): Promise<readonly { readonly run?: string }[]> }) =>
  (await run.timeline())[0]?.run ?? '';

test('a workflow stands as a branch, a route and a step; each is a run of its own, and names the stage it stands for', async () => {
  const nested = workflowTask(pair);
  const fan = defineFanOut({
    name: 'fan',
    input: anyInput,
    branches: { a: { run: nested, with: () => ({ n: 1 }) }, b: { run: nested, with: () => ({ n: 2 }) } },
    aggregate: (r) => [r.a, r.b].map((one) => (one.state === 'completed' ? one.output : null)),
  });
  const router = defineRouter({
    name: 'router',
    input: anyInput,
    classify: () => ({ route: 'only' as const, priority: 'LOW', evidence: null }),
    routes: { only: { run: nested, with: () => ({ n: 3 }) } },
    returns: ({ result }) => result,
  });
  const saga = defineSaga({ name: 'saga', input: anyInput })
    .step('first', workflowTask(fan), { with: () => ({}) })
    .step('second', workflowTask(router), { with: () => ({}) })
    .returns((done) => [done.first, done.second]);
  // One job at a time in each queue: a stage that held its place while it waits would wait for ever.
  const { sy } = await useWorkingEngine([saga], {}, { concurrency: 1 });
  const run = await sy.start(saga, {}, { tags: { customer: '42' }, priority: 'HIGH' });
  const state = await run.wait('15s');
  expect(state).toMatchObject({ status: 'completed', output: [[[1], [2]], [3]] });
  expect(state.timeline).toMatchObject([
    { name: 'first', state: 'completed', run: expect.stringMatching(/^fan-0-k/), attempts: [{ n: 1 }] },
    { name: 'second', state: 'completed', run: expect.stringMatching(/^router-0-k/), attempts: [{ n: 1 }] },
  ]);
  const child = await sy.run(state.timeline[0]?.run ?? '').describe();
  expect(child).toMatchObject({ workflow: 'fan', parent: { run: run.id, stage: 'first' }, tags: { customer: '42' } });
  // The saga, the fan-out with its two pairs, the router with its one.
  expect((await sy.list({ tag: 'customer=42' })).runs).toHaveLength(6);
  await run.erase();
  expect((await sy.list()).runs).toEqual([]);
});

test('how a nested run failed is how its stage failed: a fan-out keeps the others, a saga undoes, that step’s undo too', async () => {
  const doomed = defineSaga({ name: 'doomed', input: anyInput })
    .step('take', task('take'), { with: () => ({}), undo: [task('give'), () => ({})] })
    .step(
      'fail',
      task('fail', () => Promise.reject(new PermanentError('no'))),
      { with: () => ({}) },
    )
    .returns(() => null);
  const fan = defineFanOut({
    name: 'fan',
    input: anyInput,
    branches: { good: { run: workflowTask(echo), with: (i) => i }, bad: { run: workflowTask(doomed), with: (i) => i } },
    aggregate: (r) => [r.good.state, r.bad.state === 'failed' ? r.bad.error : null],
  });
  const undone: unknown[] = [];
  const saga = defineSaga({ name: 'saga', input: anyInput })
    .step('first', workflowTask(echo), {
      with: () => ({ n: 1 }),
      undo: [task('undo-first', (i) => undone.push(i)), ({ output }) => ['first', output]],
    })
    .step('second', workflowTask(doomed), {
      with: () => ({}),
      undo: [task('undo-second', (i) => undone.push(i)), ({ output }) => ['second', output]],
    })
    .returns((_done, { status }) => status);
  const { sy } = await useWorkingEngine([fan, saga]);
  const error = {
    code: 'NESTED_RUN_FAILED',
    message: expect.stringMatching(/doomed-0-k.* ended compensated: TASK_FAILED: no/),
  };
  expect(await (await sy.start(fan, {})).wait('15s')).toMatchObject({
    status: 'partial',
    output: ['completed', error],
  });
  expect(await (await sy.start(saga, {})).wait('15s')).toMatchObject({
    status: 'compensated',
    error: { ...error, step: 'second' },
  });
  expect(undone).toEqual([
    ['second', null],
    ['first', { n: 1 }],
  ]);
});

test('cancelling a run cancels those inside it, however deep, and all end', async () => {
  const asking = defineSaga({ name: 'asking', input: anyInput })
    .step('yes', approval(), { with: () => ({ question: 'may it?' }) })
    .returns(() => null);
  const middle = around(asking, 'middle');
  const outer = around(middle);
  const { sy } = await useWorkingEngine([outer]);
  const run = await sy.start(outer, {});
  const waiting = async () => (await sy.list({ status: 'waiting_approval' })).runs.map(({ workflow }) => workflow);
  await expect.poll(waiting, { timeout: 10_000 }).toEqual(['asking']);
  await run.cancel({ by: 'me', reason: 'enough' });
  expect(await run.wait('15s')).toMatchObject({ status: 'cancelled' });
  const all = (await sy.list()).runs;
  expect(all.map(({ workflow, status }) => [workflow, status]).sort()).toEqual([
    ['asking', 'cancelled'],
    ['middle', 'cancelled'],
    ['outer', 'cancelled'],
  ]);
});

test('a run that is retried has the run inside it retried in its place, whose finished results stand', async () => {
  const bank = { isDown: true };
  const calls: unknown[] = [];
  const inner = defineFanOut({
    name: 'inner',
    input: anyInput,
    branches: {
      done: { run: task('done', () => calls.push('done')), with: (i) => i },
      pay: {
        run: task('pay', () => (bank.isDown ? Promise.reject(new PermanentError('down')) : 'paid')),
        with: (i) => i,
      },
    },
    onFailure: { quorum: 2 },
    aggregate: (r) => r.pay.state,
  });
  const outer = around(inner);
  const { sy } = await useWorkingEngine([outer]);
  const run = await sy.start(outer, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'failed', error: { code: 'NESTED_RUN_FAILED' } });
  const child = await childOf(run);
  bank.isDown = false;
  expect((await run.retry()).id).toBe(run.id);
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: 'completed' });
  expect(await childOf(run)).toBe(child);
  expect(calls).toEqual(['done']);
  expect((await sy.list()).runs).toHaveLength(2);
});

/** What a worker does for a stage, up to the moment at which it died: the run is started, its stage does not sleep yet. */
async function startedByADeadWorker(redis: Redis, prefix: string, outer: Workflow, run: string): Promise<void> {
  const registry = createRegistry([outer]);
  const scripts = createScriptRunner(redis);
  const keys = redisKeys(prefix);
  const queues = createQueuePool(redis, prefix, () => {});
  onTestFinished(() => queues.close());
  const log = createRunLog(scripts, keys, RETENTION_DEFAULTS);
  const record = (await log.read(run))?.record;
  if (!record) throw new Error(`no run ${run}`);
  const deps = { scripts, keys, jobs: createRunJobs(queues, RETENTION_DEFAULTS), clock: systemClock };
  const nested = createNestedRuns({ ...deps, definition: registry.find, control: { reopen: async () => false } });
  await nested.start(pair, record.input, { run, stage: 'only', queue: 'tasks' }, record, 0);
}

test('a worker that dies between the start of a nested run and its sleep leaves one run, which ends for its stage all the same', async () => {
  const outer = around(pair);
  const { sy, work, redis, prefix } = useEngine([outer]);
  const run = await sy.start(outer, { n: 5 });
  await startedByADeadWorker(redis, prefix, outer, run.id);
  await startedByADeadWorker(redis, prefix, outer, run.id);
  expect((await sy.list({ workflow: 'pair' })).runs).toHaveLength(1);
  await work();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: [5] });
  expect((await sy.list({ workflow: 'pair' })).runs).toHaveLength(1);
});

test('a nested run that ends before its stage sleeps is not waited for', async () => {
  const outer = around(pair);
  const { sy, work, redis, prefix } = useEngine([outer]);
  const run = await sy.start(outer, { n: 5 });
  await startedByADeadWorker(redis, prefix, outer, run.id);
  await work({ queues: ['runs', 'inner'] });
  expect(await sy.run(await childOf(run)).wait('15s')).toMatchObject({ status: 'completed' });
  await work({ queues: ['tasks'] });
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: [5] });
});

test('a nested run is not begun for a run that is to stop, and one that was begun before is stopped by the reconciler', async () => {
  const outer = around(pair);
  const { sy, work, redis, prefix } = useEngine([outer]);
  const late = await sy.start(outer, { n: 1 });
  const early = await sy.start(outer, { n: 2 });
  const keys = redisKeys(prefix);
  await startedByADeadWorker(redis, prefix, outer, early.id);
  // What a process leaves that died after it had marked the runs, before it came to those inside.
  for (const { id } of [late, early]) {
    await redis.hset(keys.log(id), 'stop', JSON.stringify({ cause: 'cancelled', at: Date.now() }));
    await redis.sadd(keys.stopping, id);
  }
  await expect(startedByADeadWorker(redis, prefix, outer, late.id)).rejects.toMatchObject({ code: 'CANCELLED' });
  await work({ queues: ['runs', 'tasks'], reconcileMs: 100 });
  for (const run of [late, early]) expect(await run.wait('15s')).toMatchObject({ status: 'cancelled' });
  expect((await sy.list({ workflow: 'pair' })).runs).toMatchObject([{ status: 'cancelled' }]);
});

test('the root of a nested run that somebody removed is restored, and its stage is woken by it, not by its loss', async () => {
  const outer = around(pair);
  const { sy, work, redis, prefix } = useEngine([outer]);
  const run = await sy.start(outer, { n: 5 });
  await work({ queues: ['runs', 'tasks'], reconcileMs: 100 });
  const keys = redisKeys(prefix);
  await expect.poll(() => redis.zcard(`${keys.job('tasks', 'waiting-children')}`)).toBe(1);
  const child = await childOf(run);
  const queue = new Queue('runs', { connection: redis, prefix, skipMetasUpdate: true });
  onTestFinished(() => queue.close());
  await (await Job.fromId(queue, child))?.remove({ removeChildren: false });
  await work({ queues: ['inner'] });
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: [5] });
  expect((await sy.list({ workflow: 'pair' })).runs).toHaveLength(1);
  expect((await keysOf(prefix)).filter((key) => key.endsWith(`tasks:${run.id}-only:dependencies`))).toEqual([]);
});

test('what cannot be nested is refused when it is defined: too deep, as an undo, two definitions of one name', () => {
  let deep: Workflow & WorkflowDefinition = echo;
  for (let level = 1; level < 8; level += 1) deep = around(deep, `level-${level}`);
  expect(() => workflowTask(deep)).toThrow(expect.objectContaining({ code: 'INVALID_DEFINITION' }));
  expect(() =>
    defineSaga({ name: 's', input: anyInput }).step('a', task('a'), {
      with: () => ({}),
      undo: [workflowTask(echo), () => ({})],
    }),
  ).toThrow(expect.objectContaining({ message: expect.stringContaining('its undo is a workflow') }));
  const other = defineFanOut({ ...echo, branches: { only: { run: task('other'), with: () => ({}) } } });
  expect(() => createRegistry([around(echo), other])).toThrow(
    expect.objectContaining({ message: expect.stringContaining('"echo" version 1 is given twice') }),
  );
});
