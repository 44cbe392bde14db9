/** A queue of ours as a Bull Board may show it: read-only, without payloads, and with what its jobs mean. */
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { QueuePool } from '../queues/queue-pool.js';
import { explainedName, explainedResult } from './explained-job.js';
import { redactedPayload } from './redacted-payload.js';

/** @param prefix put before the queue's name on the board, where others have queues of the same name */
export function boardQueue(pool: QueuePool, name: string, prefix = ''): BullMQAdapter {
  // Its retry and remove act on single jobs, and break runs.
  const queue = new BullMQAdapter(pool.get(name), { readOnlyMode: true, prefix });
  for (const field of ['data', 'progress'] as const) queue.setFormatter(field, redactedPayload);
  queue.setFormatter('returnValue', explainedResult);
  queue.setFormatter('name', explainedName);
  return queue;
}
