/**
 * Workers of older releases behind `fromQueue`: from 5.7.5 on everything is told; what 5.3 and a paused queue of BullMQ 5 leave
 * untold is found by the reconciler.
 */
import { Worker as Worker53 } from 'bullmq5';
import { Queue as Queue57, Worker as Worker57 } from 'bullmq57';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut } from '../../../src/index.js';
import { useEngine } from '../../support/engine.js';
import { CRM, type ForeignQueue, theirConnection, useForeignQueue } from '../../support/foreign-queue.js';
import { task } from '../../support/workflows.js';

const connection = () => theirConnection();

const accountOf = (theirs: ForeignQueue) =>
  defineFanOut({
    name: 'account',
    input: z.object({ id: z.number() }),
    branches: { theirs: { run: theirs.lookup(), with: (i) => i }, ours: { run: task('ours'), with: () => 1 } },
    aggregate: (r) => (r.theirs.state === 'completed' ? r.theirs.output.name : r.theirs.state),
  });

const RELEASES = [
  ['5.3', Worker53],
  ['5.7', Worker57],
] as const;

test.each(RELEASES)('a worker of BullMQ %s completes and fails branches', async (_release, OldWorker) => {
  const theirs = useForeignQueue();
  const workflow = accountOf(theirs);
  const { sy, work } = useEngine([workflow]);
  // The reconciler is not to help.
  await work({ reconcileMs: 3_600_000 });
  const processor = async (job: { readonly data: { readonly id: number } }) => {
    if (job.data.id === 0) throw new Error('no such customer');
    return { name: 'Ada' };
  };
  const worker = new OldWorker(CRM, processor, { connection: connection(), prefix: theirs.prefix });
  onTestFinished(() => worker.close(true));
  expect(await (await sy.start(workflow, { id: 1 })).wait('10s')).toMatchObject({ status: 'completed', output: 'Ada' });
  const state = await (await sy.start(workflow, { id: 0 })).wait('10s');
  expect(state).toMatchObject({ status: 'partial', output: 'failed' });
  expect(JSON.stringify(state.timeline)).toContain('no such customer');
});

test.each(RELEASES)(
  '[P1] a job that stalls for good under BullMQ %s does not leave its run behind',
  async (release, OldWorker) => {
    const theirs = useForeignQueue();
    const workflow = accountOf(theirs);
    const { sy, work, redis, prefix } = useEngine([workflow]);
    await work({ reconcileMs: 3_600_000 });
    const run = await sy.start(workflow, { id: 1 });
    const options = { connection: connection(), prefix: theirs.prefix };
    const doomed = new OldWorker(CRM, undefined, { ...options, lockDuration: 50 });
    onTestFinished(() => doomed.close(true));
    await expect.poll(async () => (await doomed.getNextJob('doomed', { block: false }))?.id).toBeDefined();
    const old = new OldWorker(CRM, undefined, { ...options, stalledInterval: 100, maxStalledCount: 0 });
    onTestFinished(() => old.close(true));
    await old.startStalledCheckTimer();
    await expect.poll(() => redis.zcard(`${theirs.prefix}:${CRM}:failed`), { timeout: 10_000 }).toBe(1);
    if (release === '5.3') {
      expect(await redis.smembers(`${prefix}:runs:${run.id}:dependencies`)).toHaveLength(1);
      await redis.del(`${prefix}:reconciler`);
      await work({ reconcileMs: 100 });
    }
    expect(await run.wait('10s')).toMatchObject({ status: 'partial', output: 'failed' });
  },
);

test('[P1] a job that the resume of BullMQ 5 takes out of its queue is added again', async () => {
  const theirs = useForeignQueue();
  const workflow = accountOf(theirs);
  const { sy, work, redis } = useEngine([workflow]);
  const queue = new Queue57(CRM, { connection: connection(), prefix: theirs.prefix });
  onTestFinished(() => queue.close());
  await queue.add('own', { id: 9 });
  await queue.pause();
  const run = await sy.start(workflow, { id: 1 });
  await queue.resume();
  const waiting = () => redis.lrange(`${theirs.prefix}:${CRM}:wait`, 0, -1);
  // Theirs is there; ours has its record, and is in no list.
  expect(await waiting()).toEqual(['1']);
  expect(await redis.exists(`${theirs.prefix}:${CRM}:${run.id}-theirs`)).toBe(1);
  await work({ reconcileMs: 100 });
  await expect.poll(waiting).toContain(`${run.id}-theirs`);
  theirs.work(async () => ({ name: 'Ada' }));
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'Ada' });
});
