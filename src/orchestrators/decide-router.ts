/** What a router's root does when it wakes. Pure. */

import { PRIORITIES, SLA_WARNING_SHARE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { Facts, StopRequest } from '../facts.js';
import type { Classification, RouterDefinition, RouterFacts } from './definition.js';
import { ESCALATION, type Move } from './move.js';
import { stopError } from './stopping.js';

/**
 * The classifier's decision, checked before it is recorded: one that no route answers could never be carried out, and the
 * run would hang.
 * @throws SwitchyardError INVALID_DEFINITION, or whatever the classifier threw
 */
export function classify(definition: RouterDefinition, input: unknown): Classification {
  const decision: Classification | undefined = definition.classify(input);
  const [route, priority] = [String(decision?.route), String(decision?.priority)];
  const fault = !Object.hasOwn(definition.routes, route)
    ? `route "${route}"; its routes are ${Object.keys(definition.routes).join(', ')}`
    : !Object.hasOwn(PRIORITIES, priority)
      ? `priority "${priority}"; use ${Object.keys(PRIORITIES).join(', ')}`
      : undefined;
  if (decision && fault === undefined) return decision;
  throw new SwitchyardError('INVALID_DEFINITION', `workflow "${definition.name}": its classifier decided for ${fault}`);
}

/** Whether the decision passes every route by; without an escalation there is nobody to go to. */
export function goesStraightToPerson(definition: RouterDefinition, decision: Classification): boolean {
  return decision.escalate !== undefined && definition.escalation !== undefined;
}

/** The decision, the answer and the way so far, as the definition's own functions see them. */
export function routerFacts(definition: RouterDefinition, facts: Facts): RouterFacts {
  const decision = facts.record.decision as Classification;
  const slaMs = definition.sla[decision.priority];
  const direct = goesStraightToPerson(definition, decision);
  const base: RouterFacts = {
    input: facts.record.input,
    decision,
    result: undefined,
    path: direct ? ['classifier'] : ['classifier', decision.route],
    ...(slaMs !== undefined && { slaMs }),
  };
  if (direct) return base;
  const handled = facts.stages.get(decision.route);
  if (handled?.state === 'done') return { ...base, result: handled.output };
  if (handled?.state === 'failed' && definition.fallback) {
    return { ...base, result: definition.fallback(handled.error, base) };
  }
  return base;
}

/** Why this run goes to a person, or false. */
export function escalationReason(definition: RouterDefinition, facts: Facts): string | false {
  const decision = facts.record.decision as Classification;
  if (!definition.escalation) return false;
  if (decision.escalate !== undefined) return decision.escalate;
  if (facts.record.slaDueAt !== undefined) return slaReason(definition, decision);
  return definition.escalation.when(routerFacts(definition, facts));
}

function slaReason(definition: RouterDefinition, { priority }: Classification): string {
  const share = Math.round(SLA_WARNING_SHARE * 100);
  return `${priority} priority, not answered by ${share} % of its SLA of ${hoursOrLess(definition.sla[priority] ?? 0)}`;
}

function hoursOrLess(ms: number): string {
  if (ms >= 3_600_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return ms >= 60_000 ? `${Math.round(ms / 60_000)} min` : `${ms} ms`;
}

export function decideRouter(definition: RouterDefinition, facts: Facts): Move {
  const { stop } = facts.record;
  if (stop) return decideStopped(facts, stop);
  if (facts.record.decision === undefined) return { kind: 'classify' };
  const decision = facts.record.decision as Classification;
  const direct = goesStraightToPerson(definition, decision);
  const handled = facts.stages.get(decision.route);
  const escalated = facts.stages.get(ESCALATION);
  const escalate: Move = { kind: 'append', stages: [{ kind: 'escalation', stage: ESCALATION }] };
  if (!direct) {
    if (!handled) return { kind: 'append', stages: [{ kind: 'route', stage: decision.route }] };
    if (handled.state === 'pending') return isLate(definition, facts) && !escalated ? escalate : { kind: 'park' };
    if (handled.state === 'failed' && !definition.fallback)
      return escalated?.state === 'pending'
        ? { kind: 'park' }
        : { kind: 'end', status: 'failed', error: handled.error };
  }
  if (escalated?.state === 'pending') return { kind: 'park' };
  if (!escalated && escalationReason(definition, facts) !== false) return escalate;
  const answerIsPart =
    handled?.state === 'failed' || (handled?.state === 'done' && (definition.partial?.(handled.output) ?? false));
  if (escalated?.state === 'failed') {
    return direct
      ? { kind: 'end', status: 'failed', error: escalated.error }
      : { kind: 'end', status: 'partial', error: escalated.error };
  }
  return { kind: 'end', status: answerIsPart ? 'partial' : 'completed' };
}

/** Nobody has answered, and there is somebody to take over before the SLA is broken. */
function isLate(definition: RouterDefinition, { record }: Facts): boolean {
  return record.slaDueAt !== undefined && definition.escalation !== undefined;
}

/** Nothing is begun any more; an answer that was there when the deadline passed is a part of one. */
function decideStopped({ stages, record }: Facts, stop: StopRequest): Move {
  const facts = [...stages.values()];
  if (facts.some((fact) => fact.state === 'pending')) return { kind: 'park' };
  const error = stopError(stop);
  if (stop.cause === 'cancelled') return { kind: 'end', status: 'cancelled', error };
  const answered = record.decision !== undefined && facts.some((fact) => fact.state === 'done');
  return { kind: 'end', status: answered ? 'partial' : 'failed', error };
}
