/**
 * What happens to a child: a branch, a route, an escalation, a saga's step or undo. The file that every one of them
 * passes: who it is for, how a failure is recorded, when it is tried again.
 */
import { MAX_CRASHES } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { FailedAttempt } from '../facts.js';
import { backoffDelay } from '../orchestrators/backoff.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { postponement } from '../orchestrators/postpone.js';
import { taskOf } from '../orchestrators/stage-task.js';
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
  withoutRun,
} from './job.js';
import { runNested } from './nested.js';
import { assertNothingLost, inDoubt, isUndeclared } from './undeclared.js';

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
    const held = await deps.holdBack(stage.workflow, stage.run, job.fence).catch(() => putBack(job));
    if (held.kind !== 'go-on') return held;
    // A stage that a person has had tried again goes on counting its attempts.
    // Waking for a run that has ended is no other attempt.
    const started = isNested(definition, stage) ? 1 : job.attempt;
    return runStage(deps, { ...job, attempt: started + stage.after }, stage, definition);
  };
}

function isNested(definition: WorkflowDefinition, stage: StageJob): boolean {
  try {
    return taskOf(definition, stage).runs !== undefined;
  } catch {
    // Another version made the job, which is said when it is run.
    return false;
  }
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
    if (isEffect(stage.kind)) return await runEffect(deps, job, stage, definition, task);
    if (task.runs) {
      const facts = await deps.log.read(stage.run);
      if (!facts) throw withoutRun(job, stage.run);
      const nested = await runNested(deps, { stage, task, facts, input: () => stage.input });
      if ('kind' in nested) return nested;
      return completed(deps, { ...job, startedAt: nested.startedAt }, nested.output);
    }
    // Before the stop: what may have happened is in doubt, whatever becomes of the run.
    await assertNothingLost(deps, job, stage, task);
    if (deps.isStopping(stage.run) && (await isToStop(deps, stage.run))) {
      throw new SwitchyardError('CANCELLED', `"${stage.stage}" was not begun: the run is to stop`);
    }
    const output = await attemptTask(deps, job, { run: stage.run, stage: stage.stage, task, input: stage.input });
    return completed(deps, job, output);
  } catch (thrown) {
    return await failedOrPutBack(deps, job, stage, task, toSwitchyardError(thrown, { step: stage.stage }));
  }
}

/** What a worker was told of a run is true until the run has ended; one that was stopped, and begun anew since, goes on. */
async function isToStop({ log }: ProcessorDependencies, run: string): Promise<boolean> {
  const mark = await log.mark(run);
  return !mark || mark.stopping;
}

function isEffect(kind: StageJob['kind']): boolean {
  return kind === 'step' || kind === 'undo';
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
  task: Task | undefined,
  thrown: SwitchyardError,
): Promise<Handled> {
  const { run, stage } = stageJob;
  const stopped = job.signal.aborted && job.signal.reason === RUN_STOPS;
  const lost = thrown.answered === false && task !== undefined && isUndeclared(task, stageJob.kind);
  const error = lost && thrown.code !== 'IN_DOUBT' ? inDoubt(stage, task, thrown.message) : thrown;
  if (job.signal.aborted && !stopped) {
    // The lock is gone, or the worker stops and puts the job back: this attempt is not the one that says how it ended. But
    // the next one must know that it was cut short.
    if (lost) await deps.log.recordFailedAttempt(run, job.fence, stage, attemptOf(deps, job, thrown));
    return { kind: 'fenced-off' };
  }
  if (error.code === 'REDIS_UNAVAILABLE') return putBack(job);
  const putOffs = job.attempt - stageJob.after - job.failures - 1;
  const putOffMs = stopped ? undefined : postponement(error, putOffs, deps.random());
  // Of an effect each attempt's end is recorded: an intent without one counts as an effect that may have happened. Any other
  // stage says once why it waits.
  if (putOffMs === undefined || isEffect(stageJob.kind) || putOffs === 0) {
    const recorded = await deps.log.recordFailedAttempt(run, job.fence, stage, attemptOf(deps, job, error));
    if (recorded.kind === 'fenced-off') return recorded;
  }
  if (putOffMs !== undefined) {
    deps.logger.info({ run, stage, attempt: job.attempt, code: error.code, putOffMs }, error.message);
    return { kind: 'put-back', afterMs: putOffMs };
  }
  const final = stopped || !error.retryable || job.isLastAttempt;
  deps.logger.info({ run, stage, attempt: job.attempt, code: error.code, final }, error.message);
  const delayMs = final || !task ? 0 : backoffDelay(task.backoff, job.failures + 1, deps.random(), error.retryAfterMs);
  return { kind: 'failed', error, final, delayMs };
}

function attemptOf(deps: ProcessorDependencies, job: ActiveJob, error: SwitchyardError): FailedAttempt {
  return { n: job.attempt, startedAt: job.startedAt, finishedAt: deps.clock.now(), error: error.toJSON() };
}
