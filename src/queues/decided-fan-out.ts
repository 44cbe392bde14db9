/**
 * A fan-out that need not wait for all of its branches. Its root sleeps until the last of them has ended, so it is looked at
 * each time that one has: when its policy has its answer, the run is told to stop, and the others end.
 *
 * After a branch's end, never before it: what decided must be there for good, or a crash in between would cancel the others
 * on the strength of a result that nobody has. A crash after it is made up for by the reconciler.
 */

import { toSwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import { decide } from '../orchestrators/decide.js';
import type { FailurePolicy, WorkflowDefinition } from '../orchestrators/definition.js';
import type { StopRun } from '../orchestrators/move.js';
import { verdictOf } from '../orchestrators/stopping.js';
import type { Clock, Logger, RunLog } from '../ports.js';
import { StageJob } from '../schema.js';

export interface DecidedFanOutDependencies {
  readonly log: Pick<RunLog, 'read' | 'standing'>;
  readonly stop: StopRun;
  readonly clock: Clock;
}

/** The policy by which a fan-out may end before all of its branches have; undefined: it waits for all. */
export function earlyPolicy(definition: WorkflowDefinition): FailurePolicy | undefined {
  if (!('onFailure' in definition) || definition.onFailure === 'collect') return undefined;
  return definition.onFailure;
}

/** Stops the run when its policy has its answer; true when it did. To be called as often as one likes. */
export async function stopWhenDecided(
  { log, stop, clock }: DecidedFanOutDependencies,
  run: string,
  definition: WorkflowDefinition,
): Promise<boolean> {
  const policy = earlyPolicy(definition);
  if (policy === undefined || verdictOf(policy, await log.standing(run)) === undefined) return false;
  const facts = await log.read(run);
  const move = facts && !facts.record.outcome ? decision(definition, facts) : undefined;
  if (move?.kind !== 'stop') return false;
  const which = move.stage === undefined ? {} : { stage: move.stage };
  return (await stop(run, { cause: move.cause, at: clock.now(), ...which })).kind === 'stopping';
}

/** To be called with the data of each job that has ended for good; it never fails. */
export function createSiblingStop(
  deps: DecidedFanOutDependencies & {
    readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
    readonly logger: Logger;
  },
): (data: unknown) => Promise<void> {
  return async (data) => {
    const job = StageJob.safeParse(data);
    if (!job.success || job.data.kind !== 'branch') return;
    const { run, workflow, version } = job.data;
    const definition = deps.definition(workflow, version);
    if (!definition) return;
    try {
      await stopWhenDecided(deps, run, definition);
    } catch (thrown) {
      const { message: reason } = toSwitchyardError(thrown);
      deps.logger.debug({ run, reason }, 'whether this fan-out is decided is looked at again by the reconciler');
    }
  };
}

/** A plan that throws is the root's to end the run by. */
function decision(definition: WorkflowDefinition, facts: Facts) {
  try {
    return decide(definition, facts);
  } catch {
    return undefined;
  }
}
