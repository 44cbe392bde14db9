/** What a Switchyard does beside starting runs and working on them: for those who live with it every day. */
import type { CallbackRules } from '../callbacks.js';
import type { Retention } from '../config.js';
import { CALLBACKS_QUEUE, type RedisKeys } from '../names.js';
import type { Clock, RunIndex, ScriptRunner } from '../ports.js';
import { checkChanges, type LimitChanges } from '../queue-limits.js';
import { type Erased, eraseTagged } from '../queues/erase-run.js';
import { createPauses, type Paused, type PauseTarget } from '../queues/pauses.js';
import type { QueuePool } from '../queues/queue-pool.js';
import { type QueueState, readQueueStates } from '../queues/queue-states.js';
import { type Retried, type RetryDependencies, type RetryFilter, retryRuns } from '../queues/retry-runs.js';
import type { Said } from '../queues/said.js';
import { createSchedules, type Schedules } from '../queues/schedules.js';
import { applyCommand } from '../queues/set-limits.js';
import type { Registry } from './registry.js';

export interface Everyday {
  /**
   * Erases every run with this tag that has ended, as `run.erase()` does, and tells of each, also of those that it could not.
   * @throws SwitchyardError INVALID_INPUT, REDIS_UNAVAILABLE
   */
  erase(which: { readonly tag: string }): AsyncIterable<Erased>;
  /**
   * Retries many runs that have ended, newest first, and tells of each; see `run.retry()`. Nothing is done twice when it is
   * asked for again.
   * @throws SwitchyardError INVALID_INPUT, REDIS_UNAVAILABLE
   */
  retry(which: RetryFilter, said?: Said): AsyncIterable<Retried>;
  /**
   * A paused workflow accepts runs and begins none; those that have begun go on. A paused queue gives its workers nothing,
   * undos included. Resolves to false when it was paused already.
   * @throws SwitchyardError UNKNOWN_WORKFLOW; INVALID_INPUT for a queue that no workflow uses; REDIS_UNAVAILABLE
   */
  pause(target: PauseTarget, said?: Said): Promise<boolean>;
  /** Resolves to false when it was not paused. @throws SwitchyardError as `pause` */
  resume(target: PauseTarget): Promise<boolean>;
  paused(): Promise<Paused>;
  /** How the queues of these workflows stand, and of callbacks where there are some: what waits in them, what they are limited to, whether they are paused. */
  queues(): Promise<readonly QueueState[]>;
  /**
   * Limits a queue in all processes together, from now on and whatever they are configured to. What is not named stays as it
   * is, `none` takes it away; without a word, all is cleared, and the next worker that starts sets what it is configured to.
   * @throws SwitchyardError INVALID_INPUT, REDIS_UNAVAILABLE
   */
  limit(queue: string, limits: LimitChanges): Promise<void>;
  /** Runs that are started by the clock. */
  readonly schedules: Omit<Schedules, 'mend'>;
}

export interface EverydayDependencies extends Omit<RetryDependencies, 'index'> {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly index: RunIndex;
  readonly queues: QueuePool;
  readonly retention: Retention;
  readonly registry: Registry;
  readonly callbacks?: CallbackRules | undefined;
  /** Resolves once Redis answers and suits us. */
  readonly ready: () => Promise<void>;
}

/** `schedules` beside it: workers use them too, without asking first whether Redis is there. */
export function createEveryday(deps: EverydayDependencies): {
  readonly everyday: Everyday;
  readonly schedules: Schedules;
} {
  const { ready, registry } = deps;
  const whenReady =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await ready();
      return await work(...args);
    };
  const pauses = createPauses({ ...deps, served: registry.queues(), assertWorkflow: registry.latest });
  const schedules = createSchedules({ ...deps, latest: registry.latest });
  return {
    schedules,
    everyday: {
      async *erase({ tag }) {
        await ready();
        yield* eraseTagged(deps, tag);
      },
      async *retry(which, said) {
        await ready();
        yield* retryRuns(deps, which, said);
      },
      pause: whenReady(pauses.pause),
      resume: whenReady(pauses.resume),
      paused: whenReady(pauses.paused),
      queues: whenReady(() =>
        readQueueStates(deps, [...registry.queues(), ...(deps.callbacks ? [CALLBACKS_QUEUE] : [])]),
      ),
      async limit(queue, limits) {
        pauses.assertQueue(queue);
        const checked = checkChanges(queue, limits);
        await ready();
        await applyCommand(deps, queue, checked);
      },
      schedules: {
        upsert: whenReady(schedules.upsert),
        list: whenReady(schedules.list),
        pause: whenReady(schedules.pause),
        resume: whenReady(schedules.resume),
        remove: whenReady(schedules.remove),
      },
    },
  };
}
