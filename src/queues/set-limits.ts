/**
 * Limits that hold for all processes: BullMQ keeps them with the queue, in Redis, and its workers obey at each fetch. Who
 * set them is kept beside: what a person has said by command stands until it is cleared, whatever a worker is configured to
 * when it starts; what a configuration has set goes when it is configured no more.
 */

import type { RedisKeys } from '../names.js';
import type { Logger, ScriptRunner } from '../ports.js';
import type { CheckedChanges, QueueLimits } from '../queue-limits.js';
import { checkLimits } from '../queue-limits.js';
import { ownScript } from './bullmq-scripts.js';
import type { QueuePool } from './queue-pool.js';

const NOTE_LIMITS = ownScript('note-limits');

export interface SharedLimitsDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly queues: QueuePool;
}

/** Sets what is configured, as a worker does that starts. */
export async function applyConfigured(
  deps: SharedLimitsDependencies & { readonly limits: Readonly<Record<string, QueueLimits>> },
  served: readonly string[],
  logger: Logger,
): Promise<void> {
  for (const queue of served) {
    const limits = checkLimits(queue, deps.limits[queue] ?? {}, 'INVALID_CONFIG');
    const isLimited = limits.total !== undefined || limits.rate !== undefined;
    const before = await note(deps, queue, isLimited ? 'config' : '');
    if (before === 'command') {
      logger.info({ queue }, 'this queue keeps the limits that were set by command, until they are cleared');
    } else if (isLimited || before === 'config') {
      await set(deps, queue, { total: limits.total ?? 'none', rate: limits.rate ?? 'none' });
    }
  }
}

/**
 * Sets what a person says, and leaves what is not named; without a word, all limits are cleared, and a worker that starts
 * sets its own.
 */
export async function applyCommand(
  deps: SharedLimitsDependencies,
  queue: string,
  changes: CheckedChanges,
): Promise<void> {
  if (changes.total === undefined && changes.rate === undefined) {
    await set(deps, queue, { total: 'none', rate: 'none' });
    await note(deps, queue, 'none');
    return;
  }
  // Noted once it stands: a command that broke off in between would keep every worker's configuration away, and set nothing.
  await set(deps, queue, changes);
  await note(deps, queue, 'command');
  // A worker that started in between has set its own.
  await set(deps, queue, changes);
}

/** Resolves to who had set the limits before. */
async function note({ scripts, keys }: SharedLimitsDependencies, queue: string, by: string): Promise<unknown> {
  return await scripts.run(NOTE_LIMITS, [keys.limits], [queue, by]);
}

async function set({ queues }: SharedLimitsDependencies, name: string, { total, rate }: CheckedChanges): Promise<void> {
  const queue = queues.get(name);
  if (total === 'none') await queue.removeGlobalConcurrency();
  else if (total !== undefined) await queue.setGlobalConcurrency(total);
  if (rate === 'none') await queue.removeGlobalRateLimit();
  else if (rate) await queue.setGlobalRateLimit(rate.max, rate.perMs);
}
