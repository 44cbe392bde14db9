/** BullMQ's queues, one object per name, on one connection. */
import { Queue, type QueueOptions } from 'bullmq';
import type { ForeignQueue } from '../ports.js';

export interface QueuePool {
  readonly prefix: string;
  get(name: string): Queue;
  /** Another's queue, of which nothing is changed but what is added to it. */
  foreign(of: ForeignQueue): Queue;
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
  function open(name: string, options: Pick<QueueOptions, 'prefix' | 'streams' | 'skipMetasUpdate'>): Queue {
    const id = `${options.prefix}:${name}`;
    const known = queues.get(id);
    if (known) return known;
    const queue = new Queue(name, { connection, ...options });
    // Without a listener an error event ends the process; the connection reports and heals by itself.
    queue.on('error', onError);
    queues.set(id, queue);
    return queue;
  }
  return {
    prefix,
    get: (name) => open(name, { prefix, streams: { events: { maxLen: KEPT_EVENTS } }, skipMetasUpdate: readOnly }),
    foreign: ({ queue, prefix: theirs }) => open(queue, { prefix: theirs, skipMetasUpdate: true }),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}
