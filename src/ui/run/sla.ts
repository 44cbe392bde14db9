/** A router's SLA clock, in words. Pure. */
import type { RoutingDecision, RunSummary, TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';
import { FINAL } from '../words/status.js';

export interface Sla extends NonNullable<RoutingDecision['sla']> {
  readonly from: number;
  readonly answeredAt: number | undefined;
}

/** Undefined for a priority without an SLA. */
export function slaOf(
  { route, sla }: RoutingDecision,
  run: Pick<RunSummary, 'createdAt' | 'finishedAt' | 'status'>,
  entries: readonly TimelineEntry[],
): Sla | undefined {
  if (!sla) return undefined;
  const answer = entries.find(({ name, state }) => name === route && state === 'completed')?.finishedAt ?? undefined;
  const answeredAt = answer ?? (FINAL.has(run.status) ? run.finishedAt : undefined);
  return { ...sla, from: run.createdAt, answeredAt };
}

export interface SlaWords {
  readonly state: 'good' | 'busy' | 'warn' | 'bad';
  readonly label: string;
}

export function slaWords({ from, dueAt, warnAt, answeredAt }: Sla, now: number): SlaWords {
  if (answeredAt !== undefined) {
    const after = durationText(answeredAt - from);
    return answeredAt <= dueAt
      ? { state: 'good', label: `kept: answered after ${after}` }
      : { state: 'bad', label: `breached: answered after ${after}` };
  }
  if (now > dueAt) return { state: 'bad', label: `breached ${durationText(now - dueAt)} ago` };
  const left = `${durationText(dueAt - now)} left`;
  return warnAt !== undefined && now >= warnAt
    ? { state: 'warn', label: `${left}, escalated` }
    : { state: 'busy', label: left };
}
