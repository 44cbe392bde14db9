/** What a run returns once nothing is left to do: the definition's own last word. Pure. */
import type { ErrorRecord } from '../errors.js';
import type { Facts, RunOutcome, RunRecord } from '../facts.js';
import { collectBranches, planBranches } from './decide-fan-out.js';
import { escalationReason, goesStraightToPerson, routerFacts } from './decide-router.js';
import { dueUndos, outstandingUndos, ROOT_STAGE } from './decide-saga.js';
import type { RouterDefinition, SagaDefinition, SagaSummary, WorkflowDefinition } from './definition.js';
import { type EndStatus, ESCALATION, undoStage } from './move.js';
import { isPostponement } from './postpone.js';

/**
 * The run's outcome. Whatever the definition's own functions throw comes out of here: for a saga that was to complete,
 * that is a failure like any other, and it is undone.
 */
export function conclude(
  definition: WorkflowDefinition,
  facts: Facts,
  end: { readonly status: EndStatus; readonly error?: ErrorRecord },
  now: number,
): RunOutcome {
  return {
    status: end.status,
    output: outputOf(definition, facts, end.status, now),
    ...(end.error && { error: end.error }),
    ...notUndone(definition, facts, end.status),
    finishedAt: now,
  };
}

/** What a saga that ended `failed` has left standing. Holds also where the definition's own last word cannot be had. */
export function notUndone(
  definition: WorkflowDefinition,
  facts: Facts,
  status: EndStatus,
): Pick<RunOutcome, 'notUndone'> {
  if (definition.pattern !== 'saga' || status !== 'failed') return {};
  const names = outstandingUndos(definition, facts).map((step) => step.name);
  return names.length > 0 ? { notUndone: names } : {};
}

function outputOf(definition: WorkflowDefinition, facts: Facts, status: EndStatus, now: number): unknown {
  const { record } = facts;
  const context = { input: record.input, elapsedMs: now - record.createdAt };
  switch (definition.pattern) {
    case 'fan-out':
      return definition.aggregate(
        Object.fromEntries(collectBranches(planBranches(definition, record.input), facts)),
        context,
      );
    case 'list':
      return definition.aggregate(
        collectBranches(planBranches(definition, record.input), facts).map(([, result]) => result),
        context,
      );
    case 'router':
      // Stopped before it was routed, it has nothing to tell of.
      return record.decision === undefined ? undefined : routerOutput(definition, facts);
    case 'saga':
      return definition.returns(recordedOutputs(definition, record), summary(definition, facts, status));
  }
}

function routerOutput(definition: RouterDefinition, facts: Facts): unknown {
  const base = routerFacts(definition, facts);
  const path = goesStraightToPerson(definition, base.decision) ? base.path : [...base.path, 'priority_processor'];
  const escalation = facts.stages.get(ESCALATION);
  if (escalation === undefined || escalationReason(definition, facts) === false)
    return definition.returns({ ...base, path });
  return definition.returns({
    ...base,
    path: [...path, 'escalation'],
    ...(escalation.state === 'done' && { escalation: escalation.output }),
    ...(escalation.state === 'failed' && { escalationError: escalation.error }),
  });
}

function recordedOutputs(definition: SagaDefinition, record: RunRecord): Readonly<Record<string, unknown>> {
  const done = definition.steps.map((step) => [step.name, record.done.get(step.name)] as const);
  return Object.fromEntries(done.flatMap(([name, entry]) => (entry ? [[name, entry.output]] : [])));
}

function summary(definition: SagaDefinition, facts: Facts, status: EndStatus): SagaSummary {
  const { record } = facts;
  const names = definition.steps.map((step) => step.name);
  const failedAttempts = [...record.failedAttempts].flatMap(([stage, attempts]) =>
    stage === ROOT_STAGE ? [] : attempts.filter(({ error }) => !isPostponement(error)),
  ).length;
  const gaveUp = [...facts.stages.values()].filter((fact) => fact.state === 'failed').length;
  return {
    run: record.id,
    input: record.input,
    status,
    executed: names.filter((name) => record.done.has(name)),
    failed: names.filter((name) => facts.stages.get(name)?.state === 'failed' && !record.done.has(name)),
    errors: Object.fromEntries(
      [...facts.stages].flatMap(([stage, fact]) => (fact.state === 'failed' ? [[stage, fact.error]] : [])),
    ),
    undone: dueUndos(definition, facts)
      .map((step) => step.name)
      .filter((name) => record.done.has(undoStage(name))),
    notUndone: status === 'failed' ? outstandingUndos(definition, facts).map((step) => step.name) : [],
    retries: Math.max(0, failedAttempts - gaveUp),
    outputs: recordedOutputs(definition, record),
  };
}
