/** Other hands on our queues: an old BullMQ worker, and people who remove jobs. */
import { Queue } from 'bullmq';
import { Worker as OldWorker } from 'bullmq5';
import { lasting, until } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, midLoad, report, withShop } from './with-shop.js';

/** The shop's worker queues. */
const QUEUES = ['tasks', 'runs'] as const;

/** How long the old worker takes part. */
const OLD_WORKER_MS = { quick: 1_500, full: 5_000 };

/**
 * A worker of BullMQ 5.3 takes part in both queues: what it takes it answers in its own way, and its check for stalled jobs
 * fails some without telling their roots. No run hangs, and none that it spoilt says that it succeeded.
 */
export async function oldBullmqWorker(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    const { shop, redis } = scene;
    let taken = 0;
    await midLoad(env, scene, 0.3, async () => {
      const connection = { host: '127.0.0.1', port: redis.port };
      const olds = QUEUES.map((name) => {
        const answer = async () => {
          taken += 1;
          return 'done';
        };
        const old = new OldWorker(name, answer, { connection, prefix: shop.prefix, stalledInterval: 500 });
        old.on('error', () => undefined);
        return old;
      });
      await lasting(env.quick ? OLD_WORKER_MS.quick : OLD_WORKER_MS.full);
      await Promise.all(olds.map((old) => old.close()));
    });
    const audited = await audit(shop, { endsAnyhow: true });
    return report(shop, audited, { faults: { 'jobs taken': taken } });
  });
}

/** A person removes jobs in the middle of their runs, in each of the ways that BullMQ offers, from each queue. */
export async function jobsRemoved(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    const { shop, redis } = scene;
    const connection = { host: '127.0.0.1', port: redis.port };
    const queues = QUEUES.map((name) => new Queue(name, { connection, prefix: shop.prefix }));
    const removed: Record<string, number> = {};
    const count = (how: string, jobs: number): number => {
      removed[how] = (removed[how] ?? 0) + jobs;
      return jobs;
    };
    const strikes = queues.flatMap((queue) => [
      async () => void count('cleaned', await cleanAll(queue)),
      // Workers that keep up leave nothing to remove at most moments.
      () =>
        until(async () => count('removed', await removeSome(queue, env.random)) > 0, { limitMs: 5_000 }).catch(
          () => {},
        ),
      async () => {
        const jobs = await queue.getJobCounts();
        await queue.obliterate({ force: true });
        // The queue is left paused: whoever did this would have to resume it.
        await queue.resume();
        count(
          'obliterated',
          Object.values(jobs).reduce((sum, jobsOfState) => sum + jobsOfState, 0),
        );
      },
    ]);
    const shares = strikes.map((_, nth) => (nth + 0.5) / (strikes.length + 1));
    let next = 0;
    try {
      await midLoad(env, scene, shares, async () => {
        await strikes[next]?.();
        next += 1;
      });
      const audited = await audit(shop, { endsAnyhow: true });
      return report(shop, audited, { faults: removed });
    } finally {
      await Promise.all(queues.map((queue) => queue.close()));
    }
  });
}

const CLEANED = ['prioritized', 'wait', 'delayed', 'paused', 'completed', 'failed'] as const;

async function cleanAll(queue: Queue): Promise<number> {
  const cleaned: readonly string[][] = await Promise.all(CLEANED.map((state) => queue.clean(0, 1_000, state)));
  return cleaned.flat().length;
}

async function removeSome(queue: Queue, random: () => number): Promise<number> {
  const jobs = await queue.getJobs(['prioritized', 'waiting', 'delayed', 'waiting-children', 'active']);
  let removed = 0;
  for (const job of jobs.filter(() => random() < 0.5)) {
    // One that a worker holds cannot be removed.
    await job.remove().then(
      () => {
        removed += 1;
      },
      () => undefined,
    );
  }
  return removed;
}
