/** Why a routed run went where it did, for whoever looks at it: the decision as it was recorded, and its SLA's clock. Pure. */
import type { Priority } from '../config.js';
import type { Facts } from '../facts.js';
import { escalationReason } from './decide-router.js';
import type { Classification, RouterDefinition, WorkflowDefinition } from './definition.js';
import { ESCALATION } from './move.js';
import { slaWarningMs } from './waits.js';

export interface RoutingDecision {
  readonly route: string;
  readonly priority: Priority;
  /** Set: it went straight to the escalation, for this reason. */
  readonly escalate?: string;
  /** Set once it went to the escalation: why. */
  readonly escalatedFor?: string;
  /** The classifier's own words: for `support` scores, urgency words, triggers and the rules' version. */
  readonly evidence: unknown;
  readonly sla?: {
    readonly ms: number;
    readonly dueAt: number;
    /** When a run that has no answer by then is escalated. */
    readonly warnAt?: number;
    /** When it was. */
    readonly warnedAt?: number;
  };
}

export function routingDecision(definition: WorkflowDefinition | undefined, facts: Facts): RoutingDecision | undefined {
  const { record } = facts;
  const decision = record.decision as Classification | undefined;
  if (!decision) return undefined;
  const { route, priority, escalate, evidence } = decision;
  const router = definition?.pattern === 'router' ? definition : undefined;
  const ms = router?.sla[priority];
  const escalatedFor = router && facts.stages.has(ESCALATION) ? reasonOf(router, facts) : undefined;
  const warnMs = router && slaWarningMs(router, record);
  return {
    route,
    priority,
    evidence,
    ...(escalate !== undefined && { escalate }),
    ...(escalatedFor !== undefined && { escalatedFor }),
    ...(ms !== undefined && {
      sla: {
        ms,
        dueAt: record.createdAt + ms,
        ...(warnMs !== undefined && { warnAt: record.createdAt + warnMs }),
        ...(record.slaDueAt !== undefined && { warnedAt: record.slaDueAt }),
      },
    }),
  };
}

/** The definition's own word, asked again: it is not recorded. One that throws has ended its run, which must still be readable. */
function reasonOf(router: RouterDefinition, facts: Facts): string | undefined {
  try {
    return escalationReason(router, facts) || undefined;
  } catch {
    return undefined;
  }
}
