/** Which entries of a long timeline are shown: nobody reads ten thousand lines, and the failed ones must not be lost in them. */
import type { TimelineEntry } from '../../orchestrators/timeline.js';

const MOST = 30;
/** A few that went well stand beside them. */
const MOST_FAILED = 20;
const FEWEST = 5;

export interface FoldedEntries {
  /** In their order. */
  readonly shown: readonly TimelineEntry[];
  /** `9,970 more: 9,960 completed, 10 waiting`; undefined when all are shown. */
  readonly more: string | undefined;
}

/** @param rows how many there is room for, when that is less than the usual 30 */
export function foldEntries(entries: readonly TimelineEntry[], rows = MOST): FoldedEntries {
  const most = Math.max(FEWEST, Math.min(MOST, rows));
  if (entries.length <= most) return { shown: entries, more: undefined };
  const kept = new Set(entries.filter(needsLook).slice(0, Math.min(MOST_FAILED, most - 1)));
  for (const wanted of [isRunning, () => true]) {
    for (const entry of entries) if (kept.size < most - 1 && wanted(entry)) kept.add(entry);
  }
  const hidden = entries.filter((entry) => !kept.has(entry));
  const counts = new Map<string, number>();
  for (const { state } of hidden) counts.set(state, (counts.get(state) ?? 0) + 1);
  const told = [...counts].map(([state, count]) => `${numberText(count)} ${state}`).join(', ');
  return { shown: entries.filter((entry) => kept.has(entry)), more: `${numberText(hidden.length)} more: ${told}` };
}

function needsLook({ state, kind }: TimelineEntry): boolean {
  return state === 'failed' || kind === 'attention';
}

function isRunning({ state }: TimelineEntry): boolean {
  return state === 'running';
}

function numberText(count: number): string {
  return count.toLocaleString('en-US');
}
