/** Why a routed run went where it did, for whoever looks at it: the decision as it was recorded, and its SLA's clock. Pure. */
import type { Priority } from '../config.js';
import type { RunRecord } from '../facts.js';
import type { Classification, WorkflowDefinition } from './definition.js';
import { slaWarningMs } from './waits.js';

export interface RoutingDecision {
  readonly route: string;
  readonly priority: Priority;
  /** Set: it went straight to the escalation, for this reason. */
  readonly escalate?: string;
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

export function routingDecision(
  definition: WorkflowDefinition | undefined,
  record: RunRecord,
): RoutingDecision | undefined {
  const decision = record.decision as Classification | undefined;
  if (!decision) return undefined;
  const { route, priority, escalate, evidence } = decision;
  const router = definition?.pattern === 'router' ? definition : undefined;
  const ms = router?.sla[priority];
  const warnMs = router && slaWarningMs(router, record);
  return {
    route,
    priority,
    evidence,
    ...(escalate !== undefined && { escalate }),
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
