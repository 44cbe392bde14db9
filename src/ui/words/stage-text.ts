/** A stage in words: what its bar shows, for those who cannot see it, and for the line beside it. */
import type { TimelineEntry } from '../connection/shapes.js';
import { durationText } from './duration.js';
import { type StateWords, statusWords } from './status.js';

export function tookMs({ startedAt, finishedAt, state }: TimelineEntry, now: number): number | undefined {
  if (startedAt === null) return undefined;
  if (finishedAt !== null) return finishedAt - startedAt;
  return state === 'running' ? Math.max(0, now - startedAt) : undefined;
}

/** @param over whether the run has ended: then nothing waits any more */
export function stageWords({ state, attempts }: TimelineEntry, over: boolean): StateWords {
  const words = statusWords(state);
  if (state !== 'waiting') return words;
  if (!over) return attempts.length === 0 ? words : { ...words, label: 'Waits for its next attempt' };
  return { ...words, sign: 'dash', label: attempts.length === 0 ? 'Never ran' : 'Dropped before its next attempt' };
}

/** How many attempts it took, where it was not one; of one that waits for another, how many there were. */
export function attemptsText({ attempts, state }: TimelineEntry): string | undefined {
  if (state === 'waiting' && attempts.length > 0) {
    const failed = attempts.at(-1)?.n ?? 1;
    return failed === 1 ? '1 attempt' : `${failed} attempts`;
  }
  const tried = (attempts.at(-1)?.n ?? 0) + (state === 'running' && attempts.length > 0 ? 1 : 0);
  if (tried < 2) return undefined;
  return state === 'running' ? `attempt ${tried}` : `${tried} attempts`;
}

export function lastError({ attempts }: TimelineEntry): string | undefined {
  return attempts.findLast(({ error }) => error !== undefined)?.error?.message;
}

/** "completed; began 0.30 s after acceptance, took 1.20 s, 3 attempts" */
export function spokenText(entry: TimelineEntry, createdAt: number, now: number, over = false): string {
  const took = tookMs(entry, now);
  const parts = [
    entry.startedAt === null ? undefined : `began ${durationText(entry.startedAt - createdAt)} after acceptance`,
    took === undefined ? undefined : `${entry.state === 'running' ? 'running for' : 'took'} ${durationText(took)}`,
    attemptsText(entry),
  ].filter((part) => part !== undefined);
  const state = stageWords(entry, over).label.toLowerCase();
  return parts.length === 0 ? state : `${state}; ${parts.join(', ')}`;
}
