/**
 * Limits that hold for all processes: BullMQ keeps them with the queue, in Redis, and its workers obey at each fetch. Who
 * set them is kept beside: what a person has said by command stands until it is cleared, whatever a worker is configured to
 * when it starts; what a configuration has set goes when it is configured no more.
 */

import type { RedisKeys } from '../names.js';
import type { Logger, ScriptRunner } from '../ports.js';
import type { CheckedLimits, QueueLimits } from '../queue-limits.js';
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
    } else if (isLimited || before === 'config') await set(deps, queue, limits);
  }
}

/** Sets what a person says; without limits, those that were set are cleared, and a worker that starts sets its own. */
export async function applyCommand(
  deps: SharedLimitsDependencies,
  queue: string,
  limits: CheckedLimits,
): Promise<void> {
  const isLimited = limits.total !== undefined || limits.rate !== undefined;
  await note(deps, queue, isLimited ? 'command' : 'none');
  await set(deps, queue, limits);
}

/** Resolves to who had set the limits before. */
async function note({ scripts, keys }: SharedLimitsDependencies, queue: string, by: string): Promise<unknown> {
  return await scripts.run(NOTE_LIMITS, [keys.limits], [queue, by]);
}

async function set({ queues }: SharedLimitsDependencies, name: string, { total, rate }: CheckedLimits): Promise<void> {
  const queue = queues.get(name);
  if (total === undefined) await queue.removeGlobalConcurrency();
  else await queue.setGlobalConcurrency(total);
  if (rate) await queue.setGlobalRateLimit(rate.max, rate.perMs);
  else await queue.removeGlobalRateLimit();
}
