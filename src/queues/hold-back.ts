/** Holding back, from inside a worker, what a paused workflow has not begun. */
import { APPEND_PAGE } from '../config.js';
import type { RedisKeys } from '../names.js';
import type { Clock, Fence, Fenced, ScriptRunner } from '../ports.js';
import { holdingScript } from './bullmq-scripts.js';
import { kindOf } from './said.js';

const HOLD_JOB = holdingScript('hold-job');

export interface HoldBackDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  /** Whether it is worth asking. */
  readonly isPaused: (workflow: string) => boolean;
}

export function createHoldBack({ scripts, keys, clock, isPaused }: HoldBackDependencies) {
  return async (
    workflow: string,
    run: string,
    { lockKey, token }: Fence,
  ): Promise<{ readonly kind: 'go-on' } | { readonly kind: 'held' } | Fenced> => {
    if (!isPaused(workflow)) return { kind: 'go-on' };
    const job = lockKey.slice(0, -':lock'.length);
    const reply = await scripts.run(
      HOLD_JOB,
      [keys.log(run), keys.root(run), lockKey, job, keys.paused, keys.held(workflow)],
      [token, workflow, clock.now(), APPEND_PAGE],
    );
    const kind = kindOf(reply);
    if (kind === 'held') return { kind };
    if (kind === 'fenced-off') return { kind };
    return { kind: 'go-on' };
  };
}
