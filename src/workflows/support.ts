/** `support`: a query is classified, answered by its domain, given its priority's treatment, and escalated if need be. */
import { z } from 'zod';
import { type Priority, toMs } from '../config.js';
import type { ErrorRecord } from '../errors.js';
import { type Classification, tasksOf } from '../orchestrators/definition.js';
import { defineRouter } from '../orchestrators/router.js';
import { classifyQuery, type QueryClassification, type QueryType } from './classify.js';
import { type Escalation, escalate } from './escalation.js';
import { querySchema } from './query-input.js';
import { compileRules, type RuleSet, SHIPPED_RULES } from './rules.js';
import { customerService, dataAnalysis, general, sales, technicalSupport } from './support-handlers.js';
import { fallbackOf, isFallback, type RouteResult } from './support-results.js';

const fields = z.strictObject({
  query: querySchema,
  customerId: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .describe('Of a customer whose tier counts: a premium one is escalated sooner.'),
});

const input = fields.meta({
  examples: [{ query: 'URGENT: our API connection fails with a timeout', customerId: 'cust-1001' }],
});

type Input = z.output<typeof input>;

type Route = 'customer_service' | 'technical_support' | 'sales' | 'data_analysis' | 'general';

const ROUTES: Readonly<Record<QueryType, Route>> = {
  customer_service: 'customer_service',
  technical_support: 'technical_support',
  sales_inquiry: 'sales',
  data_analysis: 'data_analysis',
  general_query: 'general',
};

interface PriorityProcessing {
  readonly level: Priority;
  readonly expedited: true;
  readonly sla: string;
}

type PrimaryResult = RouteResult & { readonly priorityProcessing?: PriorityProcessing };

/** An escalation that could not be made says so; the answer that there is stands all the same. */
interface FailedEscalation {
  readonly escalated: false;
  readonly reason: string;
  readonly error: { readonly code: string; readonly message: string };
}

export interface SupportOutput {
  /** False when the answer is a fallback, or an escalation that was due could not be made. */
  readonly success: boolean;
  readonly workflowType: QueryType;
  readonly priority: Priority;
  readonly routingPath: readonly string[];
  /** Null when a trigger sent the query straight to a person. */
  readonly primaryResult: PrimaryResult | null;
  readonly escalation?: Escalation | FailedEscalation;
  /** Why all this: scores, keywords, triggers, and the rule set's version. */
  readonly decision: QueryClassification;
}

type Decision = Classification<Route, QueryClassification>;

interface Answered {
  readonly decision: Decision;
  readonly result: RouteResult | undefined;
  /** Set for the priorities that are expedited. */
  readonly slaMs?: number;
}

function decide(classification: QueryClassification): Decision {
  const { type, priority, triggers } = classification;
  return {
    route: ROUTES[type],
    priority,
    evidence: classification,
    ...(triggers.length > 0 && { escalate: `escalation trigger in the query: ${[...new Set(triggers)].join(', ')}` }),
  };
}

function escalationReason({ decision, result }: Answered): string | false {
  if (decision.escalate !== undefined) return decision.escalate;
  if (decision.priority === 'CRITICAL') {
    return `priority CRITICAL: ${[...new Set(decision.evidence.urgencyKeywords)].join(', ')}`;
  }
  const premium = result !== undefined && 'customerTier' in result && result.customerTier === 'premium';
  return premium && decision.priority === 'HIGH' && 'premium customer with priority HIGH';
}

/** The priority stage: an urgent query's answer says how soon it is to be dealt with. */
function prioritised({ decision: { priority }, result, slaMs }: Answered): PrimaryResult | null {
  if (result === undefined) return null;
  if (slaMs === undefined) return result;
  const hours = slaMs / toMs('1h');
  const sla = hours === 1 ? '1 hour' : `${hours} hours`;
  return { ...result, priorityProcessing: { level: priority, expedited: true, sla } };
}

function routingPath({ decision }: Answered, escalated: boolean): readonly string[] {
  if (decision.escalate !== undefined) return ['classifier', 'escalation'];
  return ['classifier', decision.route, 'priority_processor', ...(escalated ? ['escalation'] : [])];
}

function escalationOutput(
  facts: Answered,
  escalation: Escalation | undefined,
  error: ErrorRecord | undefined,
): Escalation | FailedEscalation | undefined {
  if (escalation !== undefined || error === undefined) return escalation;
  const { code, message } = error;
  return { escalated: false, reason: escalationReason(facts) || 'unknown', error: { code, message } };
}

function output(facts: Answered, made: Escalation | undefined, error: ErrorRecord | undefined): SupportOutput {
  const escalation = escalationOutput(facts, made, error);
  const answered = facts.result !== undefined ? !isFallback(facts.result) : made !== undefined;
  return {
    success: answered && error === undefined,
    workflowType: facts.decision.evidence.type,
    priority: facts.decision.priority,
    routingPath: routingPath(facts, escalation !== undefined),
    primaryResult: prioritised(facts),
    ...(escalation !== undefined && { escalation }),
    decision: facts.decision.evidence,
  };
}

function toRequest({ query, customerId }: Input, { priority }: Decision) {
  return { query, priority, ...(customerId !== undefined && { customerId }) };
}

/**
 * The support workflow over a rule set. Input `{ query, customerId? }`; output {@link SupportOutput}.
 * @throws SwitchyardError INVALID_CONFIG when the rule set is not valid
 */
export function defineSupport(ruleSet: RuleSet) {
  const rules = compileRules(ruleSet);
  return defineRouter({
    name: 'support',
    input,
    classify: ({ query }) => decide(classifyQuery(rules, query)),
    routes: {
      customer_service: { run: customerService, with: toRequest },
      technical_support: { run: technicalSupport, with: toRequest },
      sales: { run: sales, with: toRequest },
      data_analysis: { run: dataAnalysis, with: toRequest },
      general: { run: general, with: toRequest },
    },
    sla: { HIGH: '4h', CRITICAL: '1h' },
    escalation: {
      to: escalate,
      when: escalationReason,
      with: (facts) => ({ query: facts.input.query, reason: facts.reason, originalResult: prioritised(facts) }),
    },
    fallback: (error, { decision }) => fallbackOf(decision.evidence.type, error),
    partial: isFallback,
    returns: (facts) => output(facts, facts.escalation, facts.escalationError),
  });
}

/** The support workflow over the shipped rules. */
export const support = defineSupport(SHIPPED_RULES);

export const supportTasks = tasksOf(support);
