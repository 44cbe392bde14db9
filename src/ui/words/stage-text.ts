/** A stage in words: what its bar shows, for those who cannot see it, and for the line beside it. */
import type { TimelineEntry } from '../connection/shapes.js';
import { durationText } from './duration.js';
import { statusWords } from './status.js';

export function tookMs({ startedAt, finishedAt, state }: TimelineEntry, now: number): number | undefined {
  if (startedAt === null) return undefined;
  if (finishedAt !== null) return finishedAt - startedAt;
  return state === 'running' ? Math.max(0, now - startedAt) : undefined;
}

/** How many attempts it took, where it was not one. */
export function attemptsText({ attempts, state }: TimelineEntry): string | undefined {
  const tried = (attempts.at(-1)?.n ?? 0) + (state === 'running' && attempts.length > 0 ? 1 : 0);
  if (tried < 2) return undefined;
  return state === 'running' ? `attempt ${tried}` : `${tried} attempts`;
}

export function lastError({ attempts }: TimelineEntry): string | undefined {
  return attempts.findLast(({ error }) => error !== undefined)?.error?.message;
}

/** "completed; began 0.30 s after acceptance, took 1.20 s, 3 attempts" */
export function spokenText(entry: TimelineEntry, createdAt: number, now: number): string {
  const took = tookMs(entry, now);
  const parts = [
    entry.startedAt === null ? undefined : `began ${durationText(entry.startedAt - createdAt)} after acceptance`,
    took === undefined ? undefined : `${entry.state === 'running' ? 'running for' : 'took'} ${durationText(took)}`,
    attemptsText(entry),
  ].filter((part) => part !== undefined);
  const state = statusWords(entry.state).label.toLowerCase();
  return parts.length === 0 ? state : `${state}; ${parts.join(', ')}`;
}
