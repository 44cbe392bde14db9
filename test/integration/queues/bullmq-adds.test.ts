/**
 * What our scripts take from inside BullMQ. When this fails after an upgrade: read what changed in these scripts, try
 * the traps below by hand, then write the new digests here.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../../src/config.js';
import { PermanentError } from '../../../src/errors.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { createAppendStages } from '../../../src/queues/append-stages.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import { useEngine } from '../../support/engine.js';
import { openTestRedis, useRedis } from '../../support/redis.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const require = createRequire(import.meta.url);

test('the installed BullMQ is the one that package.json pins', () => {
  const pinned: unknown = require('../../../package.json').dependencies.bullmq;
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
  expect(require('bullmq/package.json').version).toBe(pinned);
});

test.each([
  ['addStandardJob', 9, '2eee45c9ffc54d24'],
  ['addPrioritizedJob', 9, 'd4652d1be004a3d7'],
  ['addDelayedJob', 6, 'e47c0db3c46bd84a'],
  ['addParentJob', 6, '19780e843859d4d8'],
  ['moveToFinished', 14, '8e744ec5d65dbe9e'],
])('BullMQ’s script %s takes %i keys and is the text that ours were tried with', (name, keys, digest) => {
  const script = require(`bullmq/dist/cjs/scripts/${name}-${keys}.js`)[name];
  expect(script.keys).toBe(keys);
  expect(createHash('sha256').update(script.content).digest('hex').slice(0, 16)).toBe(digest);
});

/** A root that sleeps on two children, of which the first has failed for good. */
async function halfFailed() {
  const { prefix } = useRedis();
  const connection = openTestRedis('worker');
  const flows = new FlowProducer({ connection, prefix });
  const woken = signal();
  const failed = signal();
  const open = (name: string, processor: () => Promise<unknown>) => new Worker(name, processor, { connection, prefix });
  const children = open('children', async () => {
    throw new UnrecoverableError('for good');
  });
  children.on('failed', () => failed.happen());
  const roots = open('roots', async () => woken.happen());
  onTestFinished(async () => {
    await Promise.all([children.close(), roots.close(), flows.close()]);
    connection.disconnect();
  });
  const child = { queueName: 'children', name: 'c', opts: { jobId: 'child', ignoreDependencyOnFailure: true } };
  const holder = { queueName: 'held', name: 'h', opts: { jobId: 'holder', ignoreDependencyOnFailure: true } };
  await flows.add({ name: 'root', queueName: 'roots', opts: { jobId: 'root' }, children: [child, holder] });
  await failed.happened;
  const [queue, held] = ['children', 'held'].map((name) => new Queue(name, { connection, prefix }));
  onTestFinished(async () => void (await Promise.all([queue?.close(), held?.close()])));
  return { connection, prefix, queue, held };
}

test('the trap is still there: a stock add of a child that failed for good gives its root a child that never ends', async () => {
  const { connection, prefix, queue } = await halfFailed();
  const dependencies = () => connection.smembers(`${prefix}:roots:root:dependencies`);
  expect(await dependencies()).toEqual([`${prefix}:held:holder`]);
  await queue?.add(
    'c',
    {},
    { jobId: 'child', parent: { id: 'root', queue: `${prefix}:roots` }, ignoreDependencyOnFailure: true },
  );
  expect((await dependencies()).sort()).toEqual([`${prefix}:children:child`, `${prefix}:held:holder`]);
  expect(await (await queue?.getJob('child'))?.getState()).toBe('failed');
});

const flow = defineFanOut({
  name: 'flow',
  input: anyInput,
  branches: {
    bad: {
      run: task('bad', () => {
        throw new PermanentError('for good');
      }),
      with: (i) => i,
    },
    held: { run: task('held', () => 'let go', { queue: 'held' }), with: (i) => i },
  },
  aggregate: (r) => ({ bad: r.bad.state, held: r.held.state }),
});

/** What a process of ours would append with, holding a lock. */
async function appender(engine: ReturnType<typeof useEngine>) {
  const keys = redisKeys(engine.prefix);
  const scripts = createScriptRunner(engine.redis);
  const queues = createQueuePool(engine.redis, engine.prefix, () => undefined);
  onTestFinished(() => queues.close());
  const append = createAppendStages(scripts, keys, createRunJobs(queues, RETENTION_DEFAULTS));
  const fence = { lockKey: `${engine.prefix}:somebody:lock`, token: 'mine' };
  await engine.redis.set(fence.lockKey, fence.token);
  const log = createRunLog(scripts, keys, RETENTION_DEFAULTS);
  return { append, fence, log, keys };
}

const stage = (name: 'bad' | 'held') => ({ kind: 'branch' as const, stage: name, input: {} });

test('our append of a child that failed for good adds nothing, and the root wakes', async () => {
  const engine = useEngine([flow]);
  await engine.work({ queues: ['runs', 'tasks'] });
  const run = await engine.sy.start(flow, {});
  const { append, fence, log, keys } = await appender(engine);
  await expect.poll(async () => (await log.read(run.id))?.stages.get('bad')?.state).toBe('failed');
  const facts = await log.read(run.id);
  if (!facts) throw new Error('the run is gone');
  expect(await append(flow, facts, fence, [stage('bad'), stage('held')])).toEqual({ kind: 'appended', added: 0 });
  expect(await engine.redis.smembers(`${keys.root(run.id)}:dependencies`)).toEqual([
    keys.job('held', `${run.id}-held`),
  ]);
  await engine.work({ queues: ['held'] });
  expect(await run.wait('10s')).toMatchObject({ status: 'partial', output: { bad: 'failed', held: 'completed' } });
});

test('an append by somebody whose lock is gone adds nothing', async () => {
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const { append, fence, log, keys } = await appender(engine);
  const facts = await log.read(run.id);
  if (!facts) throw new Error('the run is gone');
  await engine.redis.srem(`${keys.root(run.id)}:dependencies`, keys.job('held', `${run.id}-held`));
  await engine.redis.del(keys.job('held', `${run.id}-held`));
  expect(await append(flow, facts, { ...fence, token: 'theirs' }, [stage('held')])).toEqual({ kind: 'fenced-off' });
  expect(await engine.redis.exists(keys.job('held', `${run.id}-held`))).toBe(0);
  expect(await append(flow, facts, fence, [stage('held')])).toEqual({ kind: 'appended', added: 1 });
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'partial' });
});

test('an append to a root that is gone adds nothing', async () => {
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const { append, fence, log, keys } = await appender(engine);
  const facts = await log.read(run.id);
  if (!facts) throw new Error('the run is gone');
  await engine.redis.del(keys.root(run.id));
  expect(await append(flow, facts, fence, [stage('held')])).toEqual({ kind: 'fenced-off' });
});

test('an append to a run that has ended adds nothing', async () => {
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const { append, fence, log, keys } = await appender(engine);
  const facts = await log.read(run.id);
  if (!facts) throw new Error('the run is gone');
  const held = keys.job('held', `${run.id}-held`);
  await engine.redis
    .multi()
    .srem(`${keys.root(run.id)}:dependencies`, held)
    .del(held)
    .exec();
  await log.end(run.id, fence, { status: 'failed', finishedAt: 1 });
  expect(await append(flow, facts, fence, [stage('held')])).toEqual({ kind: 'ended' });
  expect(await engine.redis.exists(held)).toBe(0);
});
