/**
 * A fan-out that need not wait for all of its branches. Its root sleeps until the last of them has ended, so the branch
 * whose end decides the run stops the others: each counts its end, once, and sees how all stand.
 */
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { verdictOf } from '../orchestrators/stopping.js';
import type { Fenced } from '../ports.js';
import type { StageJob } from '../schema.js';
import type { ActiveJob, ProcessorDependencies } from './job.js';

/** Undefined when the branch may end as it did; fenced off when another attempt of it has begun. */
export async function stopWhenDecided(
  deps: ProcessorDependencies,
  job: ActiveJob,
  { run, stage, kind }: StageJob,
  definition: WorkflowDefinition,
  completed: boolean,
): Promise<Fenced | undefined> {
  if (kind !== 'branch' || !('onFailure' in definition) || definition.onFailure === 'collect') return undefined;
  const tally = await deps.log.tally(run, job.fence, stage, completed);
  if (tally.kind === 'fenced-off') return tally;
  const cause = verdictOf(definition.onFailure, tally);
  if (cause === undefined) return undefined;
  const which = cause === 'branch_failed' && !completed ? { stage } : {};
  const stopped = await deps.stop(run, { cause, at: deps.clock.now(), ...which }, job.fence);
  return stopped.kind === 'fenced-off' ? stopped : undefined;
}
