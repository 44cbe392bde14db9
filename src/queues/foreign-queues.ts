/**
 * Other people's queues, looked at before they are used: a wrong name or prefix shows nowhere else, and the run would wait
 * for a worker that nobody has.
 */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { ForeignQueue, Logger, ScriptRunner } from '../ports.js';
import { ownScript } from './bullmq-scripts.js';

const QUEUE_VERSION = ownScript('queue-version');

/** The first BullMQ that tells a parent how a child ended whichever way it did, a stall too many included. */
const OLDEST = [5, 7, 5] as const;

/** @throws SwitchyardError INVALID_DEFINITION: under our own prefix nobody could tell their jobs from ours */
export function assertForeignPrefixes(prefix: string, queues: readonly ForeignQueue[]): void {
  const same = queues.find((theirs) => theirs.prefix === prefix);
  if (!same) return;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `queue "${same.queue}" of fromQueue() has prefix "${prefix}", which is Switchyard's own: give switchyard() another \`prefix\`, such as "{sy0}"; in a Redis Cluster one with the same hash tag`,
  );
}

/** Says which of these queues cannot be as they should; that Redis does not tell is no reason not to start. */
export async function warnOfForeignQueues(
  scripts: ScriptRunner,
  queues: readonly ForeignQueue[],
  logger: Logger,
): Promise<void> {
  for (const { prefix, queue } of queues) {
    const name = `${prefix}:${queue}`;
    try {
      const [exists, version]: readonly unknown[] = Object(await scripts.run(QUEUE_VERSION, [`${name}:meta`], []));
      const fault = exists === 1 ? faultOfVersion(String(version)) : NOBODY;
      if (fault) logger.warn({ queue: name }, fault);
    } catch (thrown) {
      logger.warn({ queue: name, reason: toSwitchyardError(thrown).message }, UNSEEN);
    }
  }
}

const NOBODY =
  'fromQueue() names a queue that nobody has opened in this Redis: runs wait until a worker of it comes. Check its name and prefix';
const UNSEEN =
  'fromQueue() names a queue that could not be looked at: runs cannot use it either. Let the user of Redis have its keys';

/** `bullmq:5.3.3`, as the queue's owner writes it; releases that write none are not known to be wrong. */
function faultOfVersion(text: string): string | undefined {
  const [, ...parts] = /^bullmq[^:]*:(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  const behind = OLDEST.map((oldest, at) => Number(parts[at] ?? oldest) - oldest).find(
    (difference) => difference !== 0,
  );
  if (behind === undefined || behind > 0) return undefined;
  return `fromQueue() names a queue of ${text}: a job that loses its worker there ends without our being told, and its run waits for the reconciler. Upgrade those workers to 5.7.5 or newer`;
}
