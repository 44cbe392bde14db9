/**
 * `switchyard-mq/bull-board`: our queues for the Bull Board that a team has. An entry point of its own, so that an
 * application without one does not load it.
 */
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { boardQueue } from './api/board-queue.js';
import { boardQueuesOf } from './board-queues.js';
import type { Switchyard } from './engine.js';

export interface BoardAdaptersOptions {
  /** Put before our queues' names, so that they differ from yours. Default `switchyard.`. */
  readonly prefix?: string;
}

/**
 * Adapters for `createBullBoard({ queues: [...yours, ...switchyardBullBoardAdapters(sy)] })`: read-only, payloads redacted,
 * and roots that tell how their run ended. They end with `sy.close()`.
 * @throws SwitchyardError INVALID_CONFIG for what is no Switchyard of this package
 */
export function switchyardBullBoardAdapters(
  sy: Switchyard,
  { prefix = 'switchyard.' }: BoardAdaptersOptions = {},
): BullMQAdapter[] {
  const { pool, queues } = boardQueuesOf(sy);
  return queues.map((name) => boardQueue(pool, name, prefix));
}
