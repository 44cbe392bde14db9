/** A queue that a team has beside us, under a prefix of its own, with workers of whichever BullMQ it runs. */
import { randomBytes } from 'node:crypto';
import { type Job, Queue, Worker, type WorkerOptions } from 'bullmq';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { fromQueue } from '../../src/queue-task.js';
import { deletePrefix, redisUrl } from './redis.js';

export const CRM = 'crm';

/** What their processor takes and returns. */
export const Customer = z.object({ id: z.number() });
export const Found = z.object({ name: z.string() });

type CrmOptions = Partial<Parameters<typeof fromQueue>[1]>;

export interface ForeignQueue {
  readonly prefix: string;
  readonly queue: Queue;
  /** Their `lookup`, as a task of ours. */
  lookup(options?: CrmOptions): ReturnType<typeof fromQueue<typeof Customer, typeof Found>>;
  /** A worker of BullMQ 6; closed with the test. */
  work(processor: (job: Job) => Promise<unknown>, options?: Partial<WorkerOptions>): Worker;
  /** Their jobs of a state, by id. */
  idsOf(state: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed'): Promise<readonly string[]>;
}

/** Options of ioredis that BullMQ takes, of the test run's Redis. */
export function theirConnection() {
  const { hostname: host, port, username, password } = new URL(redisUrl());
  return {
    host,
    port: Number(port),
    maxRetriesPerRequest: null,
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

export function useForeignQueue(prefix = `shop-${randomBytes(6).toString('hex')}`): ForeignQueue {
  const connection = theirConnection();
  const queue = new Queue(CRM, { connection, prefix });
  onTestFinished(async () => {
    await queue.close();
    await deletePrefix(`${prefix}:`);
  });
  return {
    prefix,
    queue,
    lookup: (options = {}) => fromQueue(CRM, { prefix, job: 'lookup', ...options, input: Customer, output: Found }),
    work(processor, options = {}) {
      const worker = new Worker(CRM, processor, { connection, prefix, ...options });
      onTestFinished(() => worker.close(true));
      return worker;
    },
    async idsOf(state) {
      const jobs = await queue.getJobs([state]);
      return jobs.map((job) => job.id ?? '').sort();
    },
  };
}
