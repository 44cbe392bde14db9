/**
 * The queues of a Switchyard, for dashboards. Kept beside it and not on it: in an application's hands raw queues are so many
 * ways to break runs.
 */
import { SwitchyardError } from './errors.js';
import type { QueuePool } from './queues/queue-pool.js';

export interface BoardQueues {
  /** Writes nothing, not even a queue's settings. */
  readonly pool: QueuePool;
  readonly queues: readonly string[];
}

const offered = new WeakMap<object, BoardQueues>();

export function offerBoardQueues(sy: object, queues: BoardQueues): void {
  offered.set(sy, queues);
}

/** @throws SwitchyardError INVALID_CONFIG */
export function boardQueuesOf(sy: object): BoardQueues {
  const queues = offered.get(sy);
  if (queues) return queues;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    'this is no Switchyard that switchyard() of this package made: is there a second copy of switchyard-mq in node_modules?',
  );
}
