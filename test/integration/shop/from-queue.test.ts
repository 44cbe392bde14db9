/** A running worker of a team's own queue as a branch or a route: nothing about it is changed, and everything it does is told. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Task } from '../../../src/index.js';
import { defineFanOut, defineRouter, defineSaga, type RunState } from '../../../src/index.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { CRM, type Customer, type Found, useForeignQueue } from '../../support/foreign-queue.js';
import { recordingLog } from '../../support/recording-log.js';
import { anyInput, signal, task } from '../../support/workflows.js';

type Lookup = Task<z.input<typeof Customer>, z.output<typeof Found>>;

/** Two look-ups of theirs beside a branch of ours. */
const account = (lookup: Lookup) =>
  defineFanOut({
    name: 'account',
    input: z.object({ first: z.number(), second: z.number().optional() }),
    branches: {
      first: { run: lookup, with: (i) => ({ id: i.first }) },
      second: { run: lookup, with: (i) => ({ id: i.second ?? 0 }), when: (i) => i.second !== undefined || 'not asked' },
      ours: { run: task('ours'), with: () => 'ours' },
    },
    aggregate: (r) => [r.first, r.second, r.ours].map((one) => (one.state === 'completed' ? one.output : one.state)),
  });

const entryOf = ({ timeline }: RunState, name: string) => timeline.find((entry) => entry.name === name);

test('[P1] their worker runs its job as any other of its own, and the branch has what it returned', async () => {
  const theirs = useForeignQueue();
  const seen: unknown[] = [];
  theirs.work(async (job) => {
    seen.push([job.name, job.data, job.opts.attempts, job.opts.priority, job.id]);
    return { name: 'Ada', extra: 1 };
  });
  const workflow = account(theirs.lookup());
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, { first: 7 });
  const state = await run.wait('10s');
  expect(state).toMatchObject({ status: 'completed', output: [{ name: 'Ada' }, 'skipped', 'ours'] });
  expect(seen).toEqual([['lookup', { id: 7 }, 1, undefined, `${run.id}-first`]]);
  const job = await theirs.queue.getJob(`${run.id}-first`);
  expect(entryOf(state, 'first')).toMatchObject({
    state: 'completed',
    startedAt: job?.processedOn,
    finishedAt: job?.finishedOn,
    attempts: [{ n: 1, startedAt: job?.processedOn, finishedAt: job?.finishedOn }],
  });
  // Its own retention is its own: without the job, the result stands and the times are not known.
  await job?.remove();
  expect(entryOf(await run.describe(), 'first')).toMatchObject({ state: 'completed', startedAt: null });
});

test('as the route of a router, at the priority that the task names in their queue', async () => {
  const theirs = useForeignQueue();
  const seen: unknown[] = [];
  theirs.work(async ({ data, opts }) => {
    seen.push([data, opts.priority]);
    return { name: 'Grace' };
  });
  const lookup = theirs.lookup({ priority: 9 });
  const desk = defineRouter({
    name: 'desk',
    input: z.object({ id: z.number() }),
    classify: () => ({ route: 'crm', priority: 'CRITICAL', evidence: null }),
    routes: { crm: { run: lookup, with: (i) => i } },
    returns: ({ result, path }) => ({ result, path }),
  });
  const { sy } = await useWorkingEngine([desk]);
  const state = await (await sy.start(desk, { id: 3 })).wait('10s');
  expect(state).toMatchObject({ status: 'completed', output: { result: { name: 'Grace' } } });
  expect(seen).toEqual([[{ id: 3 }, 9]]);
});

test('their retries are theirs: as many as the task declares, each told in the timeline', async () => {
  const theirs = useForeignQueue();
  theirs.work(async (job) => {
    if (job.attemptsMade < 2) throw new Error(`down, ${job.attemptsMade}`);
    return { name: 'Ada' };
  });
  const workflow = account(theirs.lookup({ attempts: 3, backoff: { type: 'exponential', delay: 5 } }));
  const { sy } = await useWorkingEngine([workflow]);
  const state = await (await sy.start(workflow, { first: 1 })).wait('10s');
  expect(entryOf(state, 'first')?.attempts).toMatchObject([
    { n: 1, startedAt: null, error: { code: 'TASK_FAILED', message: 'Error: down, 0' } },
    { n: 2, startedAt: null, error: { message: 'Error: down, 1' } },
    { n: 3, startedAt: expect.any(Number), finishedAt: expect.any(Number) },
  ]);
});

test('their failure is a failed branch with their reason; retried once it is mended, it completes the run', async () => {
  const theirs = useForeignQueue();
  let broken = true;
  theirs.work(async () => {
    if (broken) throw new Error('no such customer\n{"code":"INTERNAL","message":"forged","retryable":true}');
    return { name: 'Ada' };
  });
  const workflow = account(theirs.lookup());
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, { first: 1 });
  const state = await run.wait('10s');
  expect(state).toMatchObject({ status: 'partial', output: ['failed', 'skipped', 'ours'] });
  expect(entryOf(state, 'first')).toMatchObject({
    state: 'failed',
    attempts: [
      { n: 1, error: { code: 'TASK_FAILED', message: expect.stringContaining('no such customer'), step: 'first' } },
    ],
  });
  broken = false;
  const again = await (await run.retry()).wait('10s');
  expect(again).toMatchObject({ id: run.id, status: 'completed', output: [{ name: 'Ada' }, 'skipped', 'ours'] });
});

test('where one failure decides, theirs decides too, as soon as nothing is at work any more', async () => {
  const theirs = useForeignQueue();
  theirs.work(() => Promise.reject(new Error('no such customer')));
  const strict = defineFanOut({
    name: 'strict',
    input: anyInput,
    branches: { theirs: { run: theirs.lookup(), with: () => ({ id: 1 }) }, ours: { run: task('ours'), with: () => 1 } },
    onFailure: 'fail',
    aggregate: (r) => r.ours.state,
  });
  const { sy } = await useWorkingEngine([strict]);
  expect(await (await sy.start(strict, {})).wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'TASK_FAILED', message: 'no such customer', step: 'theirs' },
  });
});

test('what their worker returns is checked: another shape is a failed branch, and so is too much', async () => {
  const theirs = useForeignQueue();
  theirs.work(async ({ data }) => (data.id === 1 ? { nom: 'Ada' } : { name: 'x'.repeat(300_000) }));
  const workflow = account(theirs.lookup());
  const { sy } = await useWorkingEngine([workflow]);
  const state = await (await sy.start(workflow, { first: 1, second: 2 })).wait('10s');
  expect(state).toMatchObject({ status: 'partial', output: ['failed', 'failed', 'ours'] });
  expect(entryOf(state, 'first')?.attempts.at(-1)?.error).toMatchObject({
    code: 'BAD_OUTPUT',
    message: expect.stringMatching(new RegExp(`queue ${theirs.prefix}:crm returned .* name: `)),
  });
  expect(entryOf(state, 'second')?.attempts.at(-1)?.error?.code).toBe('TOO_LARGE');
});

test('what their schema refuses is refused before anything is written', async () => {
  const theirs = useForeignQueue();
  const lookup = theirs.lookup();
  const each = defineFanOut({
    name: 'each',
    input: anyInput,
    each: lookup,
    split: () => [{ id: 1 }, JSON.parse('{"id":"two"}')],
    aggregate: (r) => r.length,
  });
  const { sy } = useEngine([each]);
  await expect(sy.start(each, {})).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('task "crm.lookup" refuses what "item.1" gives it: id:'),
  });
  expect(await theirs.idsOf('waiting')).toEqual([]);
});

test('a long list goes to their queue page by page, and comes back in order', async () => {
  const theirs = useForeignQueue();
  theirs.work(async ({ data }) => (data.id === 200 ? { nom: 'wrong' } : { name: `n${data.id}` }), { concurrency: 50 });
  const list = defineFanOut({
    name: 'list',
    input: anyInput,
    each: theirs.lookup(),
    split: () => Array.from({ length: 250 }, (_, id) => ({ id })),
    aggregate: (all) => all.map((one) => (one.state === 'completed' ? one.output.name : one.state)),
  });
  const { sy } = await useWorkingEngine([list]);
  const state = await (await sy.start(list, {})).wait('15s');
  expect(state).toMatchObject({
    status: 'partial',
    output: Array.from({ length: 250 }, (_, id) => (id === 200 ? 'failed' : `n${id}`)),
  });
});

test('cancelling takes what waits in their queue; what their worker has goes on, and the run says that it waits for it', async () => {
  const theirs = useForeignQueue();
  const [begun, release] = [signal(), signal()];
  theirs.work(async () => {
    begun.happen();
    await release.happened;
    return { name: 'late' };
  });
  const workflow = account(theirs.lookup());
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, { first: 1, second: 2 });
  await begun.happened;
  await run.cancel();
  expect(await theirs.idsOf('waiting')).toEqual([]);
  const active = await theirs.idsOf('active');
  expect(active).toHaveLength(1);
  const held = (active[0] ?? '').slice(run.id.length + 1);
  const waiting = await run.describe();
  expect(waiting.status).toBe('running');
  expect(entryOf(waiting, held)?.reason).toBe(
    `a worker of queue ${theirs.prefix}:crm has it, and cannot be stopped from here: the run ends when it has ended`,
  );
  release.happen();
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
});

test('[P1] a job that somebody removes from their queue is added again', async () => {
  const theirs = useForeignQueue();
  const workflow = account(theirs.lookup());
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, { first: 1 });
  await expect.poll(async () => entryOf(await run.describe(), 'ours')?.state).toBe('completed');
  const id = `${run.id}-first`;
  const before = await theirs.queue.getJob(id);
  await before?.remove();
  await expect.poll(async () => (await theirs.queue.getJob(id))?.timestamp).toBeGreaterThan(before?.timestamp ?? 0);
  theirs.work(async () => ({ name: 'Ada' }));
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('a paused workflow begins nothing in their queue, and an erased run leaves nothing there', async () => {
  const theirs = useForeignQueue();
  theirs.work(async () => ({ name: 'Ada' }));
  const workflow = account(theirs.lookup());
  const { sy, redis } = await useWorkingEngine([workflow]);
  await sy.pause({ workflow: 'account' });
  const run = await sy.start(workflow, { first: 1 });
  expect(await theirs.idsOf('delayed')).toEqual([`${run.id}-first`]);
  expect(await theirs.idsOf('completed')).toEqual([]);
  await sy.resume({ workflow: 'account' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  await run.erase();
  expect(await theirs.idsOf('completed')).toEqual([]);
  expect(await redis.keys(`${theirs.prefix}:*${run.id}*`)).toEqual([]);
});

test('it cannot be an effect of a saga, whatever the compiler was told', () => {
  const lookup: Task<{ id: number }, { name: string }> = useForeignQueue().lookup();
  const chain = defineSaga({ name: 'chain', input: anyInput });
  const refused = /"crm.lookup" of fromQueue\(\) cannot be a step, undo or find of a saga \("find"\): .*no intent/;
  expect(() => chain.step('find', lookup, { with: () => ({ id: 1 }) })).toThrow(refused);
  expect(() => chain.step('find', task('own'), { with: () => 1, undo: [lookup, () => ({ id: 1 })] })).toThrow(refused);
});

test('a queue under our own prefix is refused, and one that nobody has opened is warned of', async () => {
  const theirs = useForeignQueue();
  const { log, lines } = recordingLog();
  const workflow = account(theirs.lookup());
  const engine = useEngine([workflow], { logger: log });
  expect(() => engine.other([workflow], { prefix: theirs.prefix })).toThrow(
    /is Switchyard's own: give switchyard\(\) another/,
  );
  const meta = `${theirs.prefix}:${CRM}:meta`;
  await expect.poll(() => engine.redis.exists(meta)).toBe(1);
  const warned = (what: string) => [['warn', { queue: `${theirs.prefix}:crm` }, expect.stringContaining(what)]];
  await engine.work({ queues: ['runs'] });
  expect(lines).toEqual([]);
  await engine.redis.hset(meta, 'version', 'bullmq:5.3.3');
  await engine.work({ queues: ['runs'] });
  expect(lines.splice(0)).toEqual(warned('names a queue of bullmq:5.3.3'));
  await engine.redis.del(meta);
  await engine.work({ queues: ['runs'] });
  expect(lines).toEqual(warned('a queue that nobody has opened'));
});
