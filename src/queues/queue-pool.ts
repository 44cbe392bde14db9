/** BullMQ's queues, one object per name, on one connection. */
import { Queue, type QueueOptions } from 'bullmq';

export interface QueuePool {
  readonly prefix: string;
  get(name: string): Queue;
  close(): Promise<void>;
}

export function createQueuePool(
  connection: QueueOptions['connection'],
  prefix: string,
  onError: (error: Error) => void,
): QueuePool {
  const queues = new Map<string, Queue>();
  return {
    prefix,
    get(name) {
      const known = queues.get(name);
      if (known) return known;
      const queue = new Queue(name, { connection, prefix });
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
