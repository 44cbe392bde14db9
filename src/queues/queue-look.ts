/** How the queues stand, for whoever looks after them: what waits, and who serves it. Reads only. */
import type { QueueOptions } from 'bullmq';
import { createQueuePool } from './queue-pool.js';

export interface QueueLook {
  readonly queue: string;
  /** Names of the workers that are connected, `host:pid`; undefined where Redis does not tell. */
  readonly workers: readonly string[] | undefined;
  readonly waiting: number;
  readonly active: number;
  readonly paused: boolean;
}

/** BullMQ's word for a service that keeps its list of clients to itself. */
const NOT_TOLD = 'GCP does not support client list';

export async function lookAtQueues(
  connection: QueueOptions['connection'],
  prefix: string,
  queues: readonly string[],
): Promise<readonly QueueLook[]> {
  const pool = createQueuePool(connection, prefix, () => undefined, { readOnly: true });
  try {
    return await Promise.all(
      queues.map(async (name) => {
        const queue = pool.get(name);
        const [clients, counts, paused] = await Promise.all([
          queue.getWorkers(),
          queue.getJobCounts('waiting', 'prioritized', 'active'),
          queue.isPaused(),
        ]);
        return {
          queue: name,
          workers: clients.some((client) => client.name === NOT_TOLD) ? undefined : clients.map(workerName),
          waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0),
          active: counts.active ?? 0,
          paused,
        };
      }),
    );
  } finally {
    await pool.close();
  }
}

/** `<prefix>:<queue in base64>:w:<name>`, as BullMQ names a worker's connection. */
function workerName(client: Readonly<Record<string, string>>): string {
  const raw = client.rawname ?? client.name ?? '';
  const at = raw.indexOf(':w:');
  return at < 0 ? raw : raw.slice(at + 3);
}
