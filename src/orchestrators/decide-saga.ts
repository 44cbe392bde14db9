/**
 * What a saga does next. Pure, and total: every combination of facts has an answer.
 *
 * Forward: the first step that is not recorded as done runs. A step that failed for good, a failure of the root's own
 * (`returns` threw), or a request to stop turns the saga round, for good: the phase is recorded with the first undo, so
 * no later reader can go forward again.
 *
 * Back: every step that may have happened (its intent was recorded, whether or not its end was; or anything else says so) and
 * has an undo is undone, in exact reverse order, one at a time. Only when all of these are recorded as done is the run
 * `compensated`.
 *
 * Past its pivot a saga cannot turn round: a step that failed for good then waits for a person.
 */
import type { ErrorRecord } from '../errors.js';
import type { Facts, RunRecord } from '../facts.js';
import type { SagaDefinition, StepDefinition } from './definition.js';
import { type Move, undoStage } from './move.js';
import { hasLostAnswer, stopError } from './stopping.js';
import { abandoned, isSkipped } from './words.js';

/** The stage under which a failure of the root's own is recorded: a name that no step can have. */
export const ROOT_STAGE = '~root';

/** Steps whose undo is due, last first. */
export function dueUndos(definition: SagaDefinition, facts: Facts): readonly StepDefinition[] {
  return definition.steps.filter((step) => step.undo && mayHaveHappened(facts, step.name)).reverse();
}

/**
 * The intent alone would do, were nothing ever forgotten. But a Redis that lost its last second (power, a failover) may lack
 * it while the worker that wrote it lives on and writes the step's end, or the end of its job.
 */
function mayHaveHappened({ record, stages }: Facts, step: string): boolean {
  return (
    record.intents.has(step) ||
    record.done.has(step) ||
    stages.get(step)?.state === 'done' ||
    hasLostAnswer(record, step)
  );
}

/** Steps whose undo is due and not recorded as done, last first. */
export function outstandingUndos(definition: SagaDefinition, facts: Facts): readonly StepDefinition[] {
  return dueUndos(definition, facts).filter((step) => !facts.record.done.has(undoStage(step.name)));
}

/** The failure that ends the saga's way forward: the first failed step's, or the root's own. */
export function forwardFailure(definition: SagaDefinition, { record, stages }: Facts): ErrorRecord | undefined {
  for (const step of definition.steps) {
    const fact = stages.get(step.name);
    if (record.done.has(step.name)) continue;
    if (fact?.state === 'failed') return { ...fact.error, step: step.name };
    // Its job ended well by another hand than ours: without a record there is no output to go on with.
    if (fact?.state === 'done') return unrecorded(step.name);
  }
  const own = record.failedAttempts.get(ROOT_STAGE)?.at(-1);
  return own && own.n > (record.answeredFor.get(ROOT_STAGE) ?? 0) ? own.error : undefined;
}

export function isPastPivot(definition: SagaDefinition, record: RunRecord): boolean {
  return definition.steps.some((step) => step.pivot && record.done.has(step.name));
}

export function decideSaga(definition: SagaDefinition, facts: Facts): Move {
  const { record } = facts;
  const failure = forwardFailure(definition, facts);
  // A step that was cut short failed only because the run is to stop.
  const reason = record.stop && (!failure || failure.code === 'CANCELLED') ? stopError(record.stop) : failure;
  if (abandoned(record)) return { kind: 'end', status: 'failed', ...(reason && { error: reason }) };
  if (record.phase === 'compensating' || record.phase === 'compensation_stuck') {
    return decideUndo(definition, facts, reason);
  }
  if (isPastPivot(definition, record)) {
    return failure ? askAbout(failure, 'step_stuck') : decideForward(definition, facts);
  }
  // Whether the point of no return was passed is not known: going either way could be wrong.
  if (failure && pivotMayHaveHappened(definition, facts, failure)) return askAbout(failure, 'in_doubt');
  if (record.stop) return decideUndo(definition, facts, reason);
  if (failure?.code === 'IN_DOUBT') return askAbout(failure, 'in_doubt');
  if (failure) return decideUndo(definition, facts, failure);
  return decideForward(definition, facts);
}

function decideForward(definition: SagaDefinition, { record, stages }: Facts): Move {
  const next = definition.steps.find((step) => !record.done.has(step.name));
  if (!next) return { kind: 'end', status: 'completed' };
  if (stages.get(next.name)?.state === 'pending') return { kind: 'park' };
  return { kind: 'append', stages: [{ kind: 'step', stage: next.name }] };
}

function askAbout(failure: ErrorRecord, status: 'in_doubt' | 'step_stuck'): Move {
  const about = failure.step ?? ROOT_STAGE;
  return { kind: 'ask', status: failure.code === 'IN_DOUBT' ? 'in_doubt' : status, about };
}

function pivotMayHaveHappened(definition: SagaDefinition, { record }: Facts, failure: ErrorRecord): boolean {
  const pivot = definition.steps.find((step) => step.pivot);
  return pivot !== undefined && failure.step === pivot.name && hasLostAnswer(record, pivot.name);
}

function unrecorded(stage: string): ErrorRecord {
  return {
    code: 'INTERNAL',
    message: `the job of "${stage}" ended, yet its effect was never recorded`,
    retryable: false,
    step: stage,
  };
}

function decideUndo(definition: SagaDefinition, facts: Facts, reason: ErrorRecord | undefined): Move {
  const { record, stages } = facts;
  // A forward step that is still running may yet have its effect: nothing is undone under its feet.
  if (definition.steps.some((step) => stages.get(step.name)?.state === 'pending')) return { kind: 'park' };
  const outstanding = outstandingUndos(definition, facts);
  const next = outstanding.find((step) => !isSkipped(record, undoStage(step.name)));
  if (!next) {
    const error = reason && { error: reason };
    if (outstanding.length > 0) return { kind: 'end', status: 'failed', ...error };
    if (dueUndos(definition, facts).length > 0) return { kind: 'end', status: 'compensated', ...error };
    return { kind: 'end', status: record.stop?.cause === 'cancelled' ? 'cancelled' : 'failed', ...error };
  }
  const fact = stages.get(undoStage(next.name));
  if (fact?.state === 'pending') return { kind: 'park' };
  if (fact) return { kind: 'ask', status: 'compensation_stuck', about: next.name };
  return { kind: 'append', phase: 'compensating', stages: [{ kind: 'undo', stage: undoStage(next.name) }] };
}
