/**
 * What happens to a child: a branch, a route, an escalation, a saga's step or undo. The file that every one of them
 * passes: who it is for, how a failure is recorded, when it is tried again.
 */
import { MAX_CRASHES } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { backoffDelay } from '../orchestrators/backoff.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { taskOf } from '../orchestrators/stage-task.js';
import { verdictOf } from '../orchestrators/stopping.js';
import type { Fenced } from '../ports.js';
import { parseJob, runOfLaterVersion, StageJob, type StageResult } from '../schema.js';
import type { Task } from '../task.js';
import { attemptTask } from './attempt.js';
import { runEffect } from './effect.js';
import {
  type ActiveJob,
  type Handled,
  type JobHandler,
  leaveToOthers,
  type ProcessorDependencies,
  putBack,
  RUN_STOPS,
} from './job.js';

export function createStageHandler(deps: ProcessorDependencies): JobHandler {
  return async (job) => {
    const later = runOfLaterVersion(job.data);
    if (later !== undefined) return await leaveToOthers(deps, job, later).catch(() => putBack(job));
    let stage: StageJob;
    try {
      stage = parseJob(StageJob, job.data, job.id);
    } catch (error) {
      return { kind: 'failed', error: toSwitchyardError(error), final: true, delayMs: 0 };
    }
    const definition = deps.definition(stage.workflow, stage.version);
    if (!definition) {
      deps.logger.debug(
        { run: stage.run, workflow: stage.workflow, version: stage.version },
        'not a workflow of this worker',
      );
      return await leaveToOthers(deps, job, stage.run).catch(() => putBack(job));
    }
    // A stage that a person has had tried again goes on counting its attempts.
    return runStage(deps, { ...job, attempt: job.attempt + stage.after }, stage, definition);
  };
}

async function runStage(
  deps: ProcessorDependencies,
  job: ActiveJob,
  stage: StageJob,
  definition: WorkflowDefinition,
): Promise<Handled> {
  let task: Task | undefined;
  try {
    task = taskOf(definition, { kind: stage.kind, stage: stage.stage });
    if (job.crashes > MAX_CRASHES) {
      throw new SwitchyardError(
        'CRASH_LOOP',
        `"${stage.stage}" lost its worker ${job.crashes} times, and is not tried again. Look in the worker's log for what ended it`,
      );
    }
    if (stage.kind === 'step' || stage.kind === 'undo') return await runEffect(deps, job, stage, definition, task);
    if (deps.isStopping(stage.run)) {
      throw new SwitchyardError('CANCELLED', `"${stage.stage}" was not begun: the run is to stop`);
    }
    const output = await attemptTask(deps, job, { run: stage.run, stage: stage.stage, task, input: stage.input });
    return (await decidedBy(deps, job, stage, definition, true)) ?? completed(deps, job, output);
  } catch (thrown) {
    return await failedOrPutBack(
      deps,
      job,
      stage,
      { task, definition },
      toSwitchyardError(thrown, { step: stage.stage }),
    );
  }
}

/**
 * Counts how a branch of a fan-out ended that need not wait for all, and stops its siblings when that decides the run: the
 * root sleeps until the last of them has ended.
 */
async function decidedBy(
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

/** What Redis could not take (it is full, read-only, gone) is not the attempt's failure, nor is failing to record it. */
async function failedOrPutBack(...args: Parameters<typeof failed>): Promise<Handled> {
  try {
    return await failed(...args);
  } catch (thrown) {
    if (toSwitchyardError(thrown).code !== 'REDIS_UNAVAILABLE') throw thrown;
    return putBack(args[1]);
  }
}

function completed(deps: ProcessorDependencies, job: ActiveJob, output: unknown): Handled {
  const value: StageResult = { output, attempt: job.attempt, startedAt: job.startedAt, finishedAt: deps.clock.now() };
  return { kind: 'completed', value };
}

async function failed(
  deps: ProcessorDependencies,
  job: ActiveJob,
  stageJob: StageJob,
  { task, definition }: { readonly task: Task | undefined; readonly definition: WorkflowDefinition },
  error: SwitchyardError,
): Promise<Handled> {
  const { run, stage } = stageJob;
  const stopped = job.signal.aborted && job.signal.reason === RUN_STOPS;
  // The lock is gone, or the worker stops and puts the job back: this attempt is not the one that says how it ended.
  if (job.signal.aborted && !stopped) return { kind: 'fenced-off' };
  if (error.code === 'REDIS_UNAVAILABLE') return putBack(job);
  const attempt = { n: job.attempt, startedAt: job.startedAt, finishedAt: deps.clock.now(), error: error.toJSON() };
  const recorded = await deps.log.recordFailedAttempt(run, job.fence, stage, attempt);
  if (recorded.kind === 'fenced-off') return recorded;
  const final = stopped || !error.retryable || job.isLastAttempt;
  deps.logger.info({ run, stage, attempt: job.attempt, code: error.code, final }, error.message);
  const fenced = final ? await decidedBy(deps, job, stageJob, definition, false) : undefined;
  if (fenced) return fenced;
  const delayMs = final || !task ? 0 : backoffDelay(task.backoff, job.failures + 1, deps.random(), error.retryAfterMs);
  return { kind: 'failed', error, final, delayMs };
}
