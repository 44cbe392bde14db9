/** What goes with a stage beside its job: the clocks that it starts, and whether a person is asked. Pure. */
import { SLA_WARNING_SHARE } from '../config.js';
import type { OperatorStatus, RunRecord } from '../facts.js';
import type { Classification, RouterDefinition, WorkflowDefinition } from './definition.js';
import type { Stage } from './move.js';
import { taskOf } from './stage-task.js';

/** A clock of a run. When it has run out, a worker looks at the run again; whether that still means anything is decided then. */
export interface Timer {
  readonly timer: string;
  readonly afterMs: number;
  /** Milliseconds count from the run's acceptance, or from now. */
  readonly since: 'acceptance' | 'now';
}

export const DEADLINE_TIMER = 'deadline';
export const SLA_TIMER = 'sla';
const ANSWER_TIMER = 'answer.';

/** The stage whose answer a timer stands in for, or undefined when it is another timer. */
export function stageOfTimer(timer: string): string | undefined {
  return timer.startsWith(ANSWER_TIMER) ? timer.slice(ANSWER_TIMER.length) : undefined;
}

/** When a stage that waits has the answer of its deadline; undefined where it has none. */
export function answerDueAt({ clocks }: RunRecord, stage: string): number | undefined {
  return clocks?.get(`${ANSWER_TIMER}${stage}`);
}

/** The clock of the whole run, where it has a deadline. */
export function runTimers(deadlineMs: number | undefined): readonly Timer[] {
  return deadlineMs === undefined ? [] : [{ timer: DEADLINE_TIMER, afterMs: deadlineMs, since: 'acceptance' }];
}

/** The clocks that begin when these stages are appended. */
export function stageTimers(
  definition: WorkflowDefinition,
  record: RunRecord,
  stages: readonly Stage[],
): readonly Timer[] {
  return stages.flatMap((stage): readonly Timer[] => {
    if (stage.kind === 'attention') return [];
    const deadlineMs = taskOf(definition, stage).waits?.deadlineMs;
    const answer: readonly Timer[] =
      deadlineMs === undefined ? [] : [{ timer: `${ANSWER_TIMER}${stage.stage}`, afterMs: deadlineMs, since: 'now' }];
    const sla =
      definition.pattern === 'router' && stage.kind === 'route' ? slaWarningMs(definition, record) : undefined;
    return sla === undefined ? answer : [...answer, { timer: SLA_TIMER, afterMs: sla, since: 'acceptance' }];
  });
}

/** The clocks of a run as its log knows them. */
export function knownTimers({ clocks, createdAt }: RunRecord): readonly Timer[] {
  return [...(clocks ?? [])].map(([timer, due]) => ({ timer, afterMs: due - createdAt, since: 'acceptance' }));
}

/**
 * The clocks with which an ended run goes on: its deadline, if that has not passed. Those of stages begin anew with them.
 * A deadline that has passed would stop the run again before it has done anything, and whoever retries it knows of it.
 */
export function timersOfRetry(record: RunRecord, now: number): readonly Timer[] {
  return knownTimers(record).filter(
    ({ timer, afterMs }) => timer === DEADLINE_TIMER && record.createdAt + afterMs > now,
  );
}

/** When a routed run that nobody has answered goes to a person, in milliseconds after its acceptance; undefined: never. */
export function slaWarningMs(definition: RouterDefinition, record: RunRecord): number | undefined {
  const { priority } = record.decision as Classification;
  const slaMs = definition.sla[priority];
  if (slaMs === undefined || !definition.escalation || (priority !== 'HIGH' && priority !== 'CRITICAL'))
    return undefined;
  return Math.floor(slaMs * SLA_WARNING_SHARE);
}

/** The state into which appending these stages moves the run: somebody is asked. */
export function phaseOfWaits(
  definition: WorkflowDefinition,
  stages: readonly Stage[],
): Extract<OperatorStatus, 'waiting_approval'> | undefined {
  const asks = stages.some((stage) => stage.kind !== 'attention' && taskOf(definition, stage).waits?.for === 'person');
  return asks ? 'waiting_approval' : undefined;
}

/** Whether a stage is answered from outside instead of run by a worker. */
export function waitsForAnswer(definition: WorkflowDefinition, stage: Stage): boolean {
  return stage.kind !== 'attention' && taskOf(definition, stage).waits !== undefined;
}
