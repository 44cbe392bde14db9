/**
 * Dropping runs whose retention is over although no other run of their workflow ends, which would do the same: a run's
 * log goes by its own clock, its tags and its places in the index only so.
 */
import { type Retention, SWEEP_PAGE } from '../config.js';
import type { RedisKeys } from '../names.js';
import type { Clock, ScriptRunner } from '../ports.js';
import { ownScript, withDropRun } from './bullmq-scripts.js';

const SWEEP_ENDED = withDropRun(ownScript('sweep-ended'));

export interface SweepDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly retention: Retention;
}

/** Resolves to how many were dropped. */
export async function sweepEnded(
  { scripts, keys, clock, retention }: SweepDependencies,
  workflows: readonly string[],
): Promise<number> {
  let dropped = 0;
  for (const workflow of workflows) {
    let page: number;
    do {
      const reply = await scripts.run(
        SWEEP_ENDED,
        [keys.index(workflow, 'ended')],
        [keys.indexBase, keys.log(''), workflow, clock.now() - retention.ageMs, SWEEP_PAGE],
      );
      page = Number(reply);
      dropped += page;
    } while (page === SWEEP_PAGE);
  }
  return dropped;
}
