/**
 * What is here of a run's stages, by their place in the list that is shown: of all stages that is their own index; of those in
 * one state it is only known as far as the list was read from its beginning. Pure.
 */
import type { StageCounts, TimelineEntry, TimelinePage } from '../connection/shapes.js';

export interface StagePages {
  /** Of the whole run, whatever is chosen. */
  readonly total: number;
  readonly counts: StageCounts;
  readonly entries: ReadonlyMap<number, TimelineEntry>;
  /** Of a chosen state: where reading goes on, and the place of what will come first. */
  readonly next?: Place;
}

export interface Place {
  /** Index in the run. */
  readonly after: number;
  /** Place in the list. */
  readonly position: number;
}

export const NO_STAGES: StagePages = {
  total: 0,
  counts: { waiting: 0, running: 0, completed: 0, failed: 0, skipped: 0 },
  entries: new Map(),
};

/** A page as it came. Stages change their state, so of a chosen one what stood behind the page is read anew. */
export function withPage(known: StagePages, position: number, page: TimelinePage, chosen: boolean): StagePages {
  const { total, counts, next, entries } = page;
  const kept = chosen ? [...known.entries].filter(([at]) => at < position) : [...known.entries];
  const came = entries.map((entry, at) => [chosen ? position + at : entry.index, entry] as const);
  return {
    total,
    counts,
    entries: new Map([...kept, ...came]),
    ...(chosen && next !== undefined && { next: { after: next, position: position + entries.length } }),
  };
}

/** Where to read on for what is in view and not here. */
export function firstMissing(
  { entries, next, total }: StagePages,
  from: number,
  to: number,
  chosen: boolean,
): Place | undefined {
  if (chosen) return next && next.position < to ? next : undefined;
  for (let at = from; at < Math.min(to, total); at += 1) {
    if (!entries.has(at)) return { after: at, position: at };
  }
  return undefined;
}

export function inOrder({ entries }: StagePages): readonly TimelineEntry[] {
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}
