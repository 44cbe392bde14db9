/** Retrying a run that has ended: in its place where something of it can be kept, or as a new run. Pure. */
import { SwitchyardError } from '../errors.js';
import type { Facts, RunRecord } from '../facts.js';
import type { Classification, WorkflowDefinition } from './definition.js';
import { ESCALATION, undoStage } from './move.js';

export type RetryPlan =
  /** The same run goes on: these stages are done again, the results of all others stand. */
  | { readonly kind: 'in-place'; readonly again: readonly string[] }
  /** Nothing of it may be kept: its input is run again, as another run. */
  | { readonly kind: 'new-run' };

/** How often a run was begun anew in its place. */
export function retriesOf({ words }: Pick<RunRecord, 'words'>): number {
  return words.filter(({ command }) => command === 'retry').length;
}

/**
 * @throws SwitchyardError ILLEGAL_STATE for a run that has not ended, or has completed
 */
export function retryPlan(definition: WorkflowDefinition, facts: Facts): RetryPlan {
  const { record, stages } = facts;
  const status = record.outcome?.status;
  if (status === undefined || status === 'completed') {
    throw new SwitchyardError(
      'ILLEGAL_STATE',
      `run ${record.id} ${status === undefined ? 'has not ended' : 'has completed'}: only a run that ended otherwise can be retried`,
    );
  }
  if (status !== 'failed' && status !== 'partial') return { kind: 'new-run' };
  const failed = [...stages].flatMap(([stage, fact]) => (fact.state === 'failed' ? [stage] : []));
  switch (definition.pattern) {
    case 'fan-out':
    case 'list':
      return { kind: 'in-place', again: failed };
    case 'router': {
      const decision = record.decision as Classification | undefined;
      // An answer that is only a part of one came from a route that says it is done.
      const partial = status === 'partial' && !failed.includes(ESCALATION) && decision ? [decision.route] : [];
      return { kind: 'in-place', again: [...new Set([...failed, ...partial])] };
    }
    case 'saga': {
      // What was undone is gone: going on from there would build on effects that are no more.
      const undone = definition.steps.some((step) => record.done.has(undoStage(step.name)));
      return undone ? { kind: 'new-run' } : { kind: 'in-place', again: failed };
    }
  }
}
