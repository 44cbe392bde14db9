/** A queue of ours as a Bull Board may show it: read-only, without payloads, and with what its jobs mean. */
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { QueuePool } from '../queues/queue-pool.js';
import { explainedName, explainedResult, runOfJob } from './explained-job.js';
import { redactedEnvelope } from './redacted-payload.js';

interface BoardQueueOptions {
  /** Put before the queue's name on the board, where others have queues of the same name. */
  readonly prefix?: string;
  /** Where a run's page is; without it jobs have no link. */
  readonly runPage?: (run: string) => string;
}

export function boardQueue(pool: QueuePool, name: string, { prefix = '', runPage }: BoardQueueOptions): BullMQAdapter {
  const queue = new BullMQAdapter(pool.get(name), {
    // Its retry and remove act on single jobs, and break runs.
    readOnlyMode: true,
    prefix,
    ...(runPage && { externalJobUrl: (job: unknown) => linkOf(job, runPage) }),
  });
  for (const field of ['data', 'progress'] as const) queue.setFormatter(field, redactedEnvelope);
  queue.setFormatter('returnValue', explainedResult);
  queue.setFormatter('name', explainedName);
  return queue;
}

type AdapterOptions = NonNullable<ConstructorParameters<typeof BullMQAdapter>[1]>;
type Link = ReturnType<NonNullable<AdapterOptions['externalJobUrl']>>;

function linkOf(job: unknown, runPage: (run: string) => string): Link {
  const run = runOfJob(job);
  // The board's type wants a link for every job; without one its page shows none.
  return (run === undefined ? undefined : { displayText: 'Run', href: runPage(run) }) as Link;
}
