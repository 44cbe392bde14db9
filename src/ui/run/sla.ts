/** A router's SLA clock, in words. Pure. */
import type { RoutingDecision, RunSummary, TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';
import { FINAL } from '../words/status.js';

export interface Sla extends NonNullable<RoutingDecision['sla']> {
  readonly from: number;
  /** When the route or the escalation had completed, whichever was first; null where its end is not recorded. */
  readonly answeredAt: number | null | undefined;
  readonly endedAt: number | undefined;
  /** Whether it is known what was done: without it nothing is said of an answer. */
  readonly isKnown: boolean;
}

/** Undefined for a priority without an SLA. @param entries undefined until they are known */
export function slaOf(
  { sla }: Pick<RoutingDecision, 'sla'>,
  run: Pick<RunSummary, 'createdAt' | 'finishedAt' | 'status'>,
  entries: readonly TimelineEntry[] | undefined,
): Sla | undefined {
  if (!sla) return undefined;
  const answers = (entries ?? []).filter(
    ({ kind, state }) => state === 'completed' && (kind === 'route' || kind === 'escalation'),
  );
  const ends = answers.flatMap(({ finishedAt }) => finishedAt ?? []);
  return {
    ...sla,
    from: run.createdAt,
    answeredAt: ends.length > 0 ? Math.min(...ends) : answers.length > 0 ? null : undefined,
    endedAt: FINAL.has(run.status) ? run.finishedAt : undefined,
    isKnown: entries !== undefined,
  };
}

export interface SlaWords {
  readonly state: 'good' | 'busy' | 'warn' | 'bad' | 'idle';
  readonly label: string;
}

export function slaWords(sla: Sla, now: number): SlaWords {
  const { from, dueAt, warnAt, warnedAt, answeredAt, endedAt, isKnown } = sla;
  const asked = warnedAt === undefined ? '' : ', escalated';
  if (answeredAt === null) return { state: 'idle', label: 'answered; when is not recorded' };
  if (answeredAt !== undefined) {
    const after = durationText(answeredAt - from);
    return answeredAt <= dueAt
      ? { state: 'good', label: `kept: answered after ${after}` }
      : { state: 'bad', label: `breached: answered after ${after}` };
  }
  if (endedAt !== undefined) {
    if (!isKnown) return { state: 'idle', label: '' };
    const after = `ended without an answer after ${durationText(endedAt - from)}`;
    return endedAt <= dueAt ? { state: 'idle', label: after } : { state: 'bad', label: `breached: ${after}` };
  }
  if (!isKnown) return { state: 'busy', label: '' };
  if (now > dueAt) return { state: 'bad', label: `breached ${durationText(now - dueAt)} ago${asked}` };
  const isLate = warnedAt !== undefined || (warnAt !== undefined && now >= warnAt);
  return { state: isLate ? 'warn' : 'busy', label: `${durationText(dueAt - now)} left${asked}` };
}

/** Up to when the clock has run. */
export function slaRanTo({ answeredAt, endedAt }: Sla, now: number): number {
  return answeredAt ?? endedAt ?? now;
}
