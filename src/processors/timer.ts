/**
 * What happens when a clock of a run has run out: its deadline, the warning before its SLA is broken, the deadline of a
 * question. The clock is a job without a parent, so nothing waits for it; whatever it finds, it is over afterwards.
 */
import { MAX_CRASHES } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import { decideRouter } from '../orchestrators/decide-router.js';
import type { Classification, WorkflowDefinition } from '../orchestrators/definition.js';
import { DEADLINE_TIMER, SLA_TIMER, stageOfTimer } from '../orchestrators/waits.js';
import { parseJob, runOfLaterVersion, TimerJob } from '../schema.js';
import {
  type ActiveJob,
  type Handled,
  invalidOrPutBack,
  type JobHandler,
  leaveToOthers,
  type ProcessorDependencies,
} from './job.js';

const OVER: Handled = { kind: 'completed', value: null };

/** Whether a job in the queue of the roots is a clock. */
export function isTimer(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'timer';
}

export function createTimerHandler(deps: ProcessorDependencies): JobHandler {
  return async (job) => {
    try {
      const later = runOfLaterVersion(job.data);
      if (later !== undefined) return await leaveToOthers(deps, job, later);
      const { run, workflow, version, timer } = parseJob(TimerJob, job.data, job.id);
      if (job.crashes > MAX_CRASHES) return await giveUp(deps, job, run, timer);
      const facts = await deps.log.read(run);
      if (!facts || facts.record.outcome) return OVER;
      const definition = deps.definition(workflow, version);
      if (!definition) return await leaveToOthers(deps, job, run);
      const rung = await ring(deps, job, definition, facts, timer);
      return rung === OVER ? await over(deps, job, run, timer) : rung;
    } catch (thrown) {
      return invalidOrPutBack(deps, job, thrown);
    }
  };
}

/** Before its job goes: a clock that the log knows, and that has no job, is wound again. */
async function over(deps: ProcessorDependencies, job: ActiveJob, run: string, timer: string): Promise<Handled> {
  const forgotten = await deps.log.forgetClock(run, job.fence, timer);
  return forgotten.kind === 'fenced-off' ? forgotten : OVER;
}

/** What the definition does when this clock rings ends its process: it is not asked again, and the run goes on without it. */
async function giveUp(deps: ProcessorDependencies, job: ActiveJob, run: string, timer: string): Promise<Handled> {
  const error = new SwitchyardError(
    'CRASH_LOOP',
    `clock "${timer}" of run ${run} lost its worker ${job.crashes} times, and does not ring any more. Look in the worker's log for what ended it; the run waits no longer for this clock, so see whether it needs a person`,
  );
  const forgotten = await deps.log.forgetClock(run, job.fence, timer);
  if (forgotten.kind === 'fenced-off') return forgotten;
  deps.logger.error({ run, clock: timer, code: error.code }, error.message);
  return { kind: 'failed', error, final: true, delayMs: 0 };
}

async function ring(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
  timer: string,
): Promise<Handled> {
  const { id: run } = facts.record;
  const asked = stageOfTimer(timer);
  if (asked !== undefined) {
    await deps.answerAtDeadline(run, definition, asked);
    return OVER;
  }
  if (timer === DEADLINE_TIMER) {
    const stopped = await deps.stop(run, { cause: 'deadline', at: deps.clock.now() }, job.fence);
    if (stopped.kind === 'past-pivot') {
      deps.logger.warn(
        { run, pivot: stopped.step },
        'the deadline of a run passed that can only go forward; it goes on',
      );
    }
    return stopped.kind === 'fenced-off' ? stopped : OVER;
  }
  return timer === SLA_TIMER ? await warnOfSla(deps, job, definition, facts) : OVER;
}

/** Nobody has answered in good time: a person is asked to, while the route goes on. */
async function warnOfSla(
  deps: ProcessorDependencies,
  job: ActiveJob,
  definition: WorkflowDefinition,
  facts: Facts,
): Promise<Handled> {
  const { record, stages } = facts;
  const decision = record.decision as Classification | undefined;
  if (definition.pattern !== 'router' || !decision || stages.get(decision.route)?.state !== 'pending') return OVER;
  const at = record.slaDueAt ?? deps.clock.now();
  const late: Facts = { record: { ...record, slaDueAt: at }, stages };
  const move = decideRouter(definition, late);
  if (move.kind !== 'append') return OVER;
  const recorded = await deps.log.recordSlaDue(record.id, job.fence, at);
  if (recorded.kind === 'fenced-off') return recorded;
  const appended = await deps.append(definition, late, job.fence, move.stages, move.phase);
  if (appended.kind === 'unplannable') throw appended.error;
  if (appended.kind === 'fenced-off') return appended;
  // One that has ended, or is to stop, needs nobody any more.
  if (appended.kind === 'appended') {
    deps.logger.warn({ run: record.id }, 'a run comes near its SLA without an answer; it was escalated');
  }
  return OVER;
}
