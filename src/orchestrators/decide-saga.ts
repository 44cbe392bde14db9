/**
 * What a saga does next. Pure, and total: every combination of facts has an answer.
 *
 * Forward: the first step that is not recorded as done runs. A step that failed for good, or a failure of the root's own
 * (`returns` threw), turns the saga round, for good: the phase is recorded before the first undo, so no later reader can
 * go forward again.
 *
 * Back: every step that may have happened (its intent was recorded, whether or not its end was) and has an undo is
 * undone, in exact reverse order, one at a time. Only when all of these are recorded as done is the run `compensated`.
 */
import type { ErrorRecord } from '../errors.js';
import type { Facts } from '../ports.js';
import type { SagaDefinition, StepDefinition } from './definition.js';
import { type Move, undoStage } from './move.js';

/** The stage under which a failure of the root's own is recorded: a name that no step can have. */
export const ROOT_STAGE = '~root';

/** Steps whose undo is due, last first. */
export function dueUndos(definition: SagaDefinition, facts: Facts): readonly StepDefinition[] {
  return definition.steps.filter((step) => step.undo && facts.record.intents.has(step.name)).reverse();
}

/** The failure that ends the saga's way forward: the first failed step's, or the root's own. */
export function forwardFailure(definition: SagaDefinition, facts: Facts): ErrorRecord | undefined {
  for (const step of definition.steps) {
    const fact = facts.stages.get(step.name);
    if (facts.record.done.has(step.name)) continue;
    if (fact?.state === 'failed') return { ...fact.error, step: step.name };
    // Its job ended well by another hand than ours: without a record there is no output to go on with.
    if (fact?.state === 'done') return unrecorded(step.name);
  }
  return facts.record.failedAttempts.get(ROOT_STAGE)?.at(-1)?.error;
}

export function decideSaga(definition: SagaDefinition, facts: Facts): Move {
  const failure = forwardFailure(definition, facts);
  if (facts.record.phase === 'compensating' || facts.record.phase === 'compensation_stuck') {
    return decideUndo(definition, facts, failure);
  }
  if (failure?.code === 'IN_DOUBT') return { kind: 'ask', status: 'in_doubt', about: failure.step ?? ROOT_STAGE };
  if (failure) return decideUndo(definition, facts, failure);
  const next = definition.steps.find((step) => !facts.record.done.has(step.name));
  if (!next) return { kind: 'end', status: 'completed' };
  if (facts.stages.get(next.name)?.state === 'pending') return { kind: 'park' };
  return { kind: 'append', stages: [{ kind: 'step', stage: next.name }] };
}

function unrecorded(stage: string): ErrorRecord {
  return {
    code: 'INTERNAL',
    message: `the job of "${stage}" ended, yet its effect was never recorded`,
    retryable: false,
    step: stage,
  };
}

function decideUndo(definition: SagaDefinition, facts: Facts, failure: ErrorRecord | undefined): Move {
  // A forward step that is still running may yet have its effect: nothing is undone under its feet.
  if (definition.steps.some((step) => facts.stages.get(step.name)?.state === 'pending')) return { kind: 'park' };
  const due = dueUndos(definition, facts);
  const next = due.find((step) => !facts.record.done.has(undoStage(step.name)));
  const error = failure && { error: failure };
  if (!next) return { kind: 'end', status: due.length > 0 ? 'compensated' : 'failed', ...error };
  const fact = facts.stages.get(undoStage(next.name));
  if (fact?.state === 'pending') return { kind: 'park' };
  if (fact) return { kind: 'ask', status: 'compensation_stuck', about: next.name };
  return { kind: 'append', phase: 'compensating', stages: [{ kind: 'undo', stage: undoStage(next.name) }] };
}
