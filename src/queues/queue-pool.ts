/** BullMQ's queues, one object per name, on one connection. */
import { Queue, type QueueOptions } from 'bullmq';

export interface QueuePool {
  readonly prefix: string;
  get(name: string): Queue;
  close(): Promise<void>;
}

/**
 * Entries of each queue's stream of events, approximately. Nothing reads it, and every return value is in it: with
 * BullMQ's 10,000, large results would fill Redis. The queue writes the bound to its own settings in Redis, where the
 * scripts of every worker find it.
 */
const KEPT_EVENTS = 100;

/** @param readOnly writes nothing, not even a queue's settings: for a user of Redis who may only read */
export function createQueuePool(
  connection: QueueOptions['connection'],
  prefix: string,
  onError: (error: Error) => void,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): QueuePool {
  const queues = new Map<string, Queue>();
  return {
    prefix,
    get(name) {
      const known = queues.get(name);
      if (known) return known;
      const events = { maxLen: KEPT_EVENTS };
      const queue = new Queue(name, { connection, prefix, streams: { events }, skipMetasUpdate: readOnly });
      // Without a listener an error event ends the process; the connection reports and heals by itself.
      queue.on('error', onError);
      queues.set(name, queue);
      return queue;
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}
