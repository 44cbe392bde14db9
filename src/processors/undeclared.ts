/**
 * Branches, routes and escalations whose task does not say how it is safe to repeat. They have no intent in the log, as a
 * saga's steps do; but that an attempt's answer was lost shows in other ways, and then it is not made again: the stage
 * fails as IN_DOUBT, and a person who has found out may have the run retried.
 */
import { SwitchyardError } from '../errors.js';
import type { StageJob } from '../schema.js';
import type { Task } from '../task.js';
import type { ActiveJob, ProcessorDependencies } from './job.js';

/** Whether an attempt at this task must not follow on one whose answer was lost. */
export function isUndeclared(task: Task, kind: StageJob['kind']): boolean {
  return task.effect.kind === 'unsafe' && kind !== 'step' && kind !== 'undo';
}

/** @throws SwitchyardError IN_DOUBT, final, when an earlier attempt may have done its work */
export async function assertNothingLost(
  deps: Pick<ProcessorDependencies, 'log'>,
  job: ActiveJob,
  { run, stage, kind, after }: StageJob,
  task: Task,
): Promise<void> {
  // The log is read for those alone that have been begun before.
  if (!isUndeclared(task, kind) || job.attempt - after <= 1) return;
  if (job.crashes > 0) throw inDoubt(stage, task, 'the worker of an earlier attempt was lost');
  // What an earlier job of the stage lost, a person has looked into before they had it retried.
  if (!(await deps.log.lostAnswer(run, stage, { after, before: job.attempt }))) return;
  throw inDoubt(stage, task, 'the answer of an earlier attempt was lost');
}

export function inDoubt(stage: string, task: Task, why: string): SwitchyardError {
  return new SwitchyardError(
    'IN_DOUBT',
    `"${stage}" may or may not have happened (${why}), and task "${task.name}" does not say how it is safe to repeat. Find out at its service, then retry the run; declare key or idempotent, so that the next run can help itself`,
    { step: stage, answered: false },
  );
}
