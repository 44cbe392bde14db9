/** BullMQ as someone uses it who writes a shape by hand: one connection, a worker per queue, one reader of the ends. */
import { FlowProducer, type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { JOB, LOST_AFTER_MS, type Place, SETTINGS } from './side.js';

/**
 * Ends of jobs, by id. One listener and a map, where `waitUntilFinished` asks Redis once more for each job and loses some
 * of many that wait: whoever waits says so before the job is added.
 */
export type Ends = (id: string) => Promise<unknown>;

export interface RawBullmq {
  readonly connection: Redis;
  queue(name: string): Queue;
  flow(): FlowProducer;
  worker<Data>(queue: string, process: (job: Job<Data>) => Promise<unknown>): void;
  ends(queue: string): Ends;
  /** Resolves once everything that was opened so far is connected. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export function openRawBullmq({ url, prefix }: Place): RawBullmq {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const eventConnections: Redis[] = [];
  const opened: { waitUntilReady(): Promise<unknown>; close(): Promise<void> }[] = [];
  function opening<T extends (typeof opened)[number]>(part: T): T {
    opened.push(part);
    return part;
  }
  return {
    connection,
    queue: (name) => opening(new Queue(name, { connection, prefix, defaultJobOptions: JOB })),
    flow: () => opening(new FlowProducer({ connection, prefix })),
    worker(queue, process) {
      opening(new Worker(queue, process, { connection, prefix, ...SETTINGS }));
    },
    ends(queue) {
      const eventConnection = connection.duplicate();
      eventConnections.push(eventConnection);
      // From the first entry: read from `$`, an end between two reads is lost.
      return endsOf(opening(new QueueEvents(queue, { connection: eventConnection, prefix, lastEventId: '0-0' })));
    },
    async ready() {
      await Promise.all(opened.map((part) => part.waitUntilReady()));
    },
    async close() {
      await Promise.all(opened.map((part) => part.close()));
      // BullMQ leaves clients that it was given to whoever made them.
      for (const client of [connection, ...eventConnections]) client.disconnect();
    },
  };
}

function endsOf(events: QueueEvents): Ends {
  const waiting = new Map<string, { resolve(value: unknown): void; reject(error: Error): void }>();
  events.on('completed', ({ jobId, returnvalue }) => waiting.get(jobId)?.resolve(returnvalue));
  events.on('failed', ({ jobId, failedReason }) => waiting.get(jobId)?.reject(new Error(`${jobId}: ${failedReason}`)));
  return async (id) => {
    let lost: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        lost = setTimeout(() => reject(new Error(`${id} has not ended`)), LOST_AFTER_MS);
      });
    } finally {
      clearTimeout(lost);
      waiting.delete(id);
    }
  };
}
