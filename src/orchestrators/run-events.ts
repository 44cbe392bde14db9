/**
 * What a watcher of a run is told: the difference between how it stood for him and how it stands. Pure.
 *
 * No event is kept anywhere. An event's id is a digest of the state that it leads to, and the facts are in Redis; so a
 * watcher who comes back is told the difference where the state that he names is still known, and everything where it is
 * not. He may be told something twice, and misses nothing: at least once.
 */
import { canonicalJson, shortDigest } from '../canonical-json.js';
import type { RunStatus } from '../facts.js';
import type { PlacedEntry, StageCounts, TimelinePage } from './timeline-page.js';

/** Stages beyond which a watcher is told numbers alone, and reads the page that he shows again. */
export const WIDE = 500;

export interface RunProgress {
  readonly id: string;
  readonly status: RunStatus;
  /** Without entries for a run that is wide. */
  readonly page: TimelinePage;
}

export interface RunEvent {
  readonly run: string;
  readonly status: RunStatus;
  readonly total: number;
  readonly counts: StageCounts;
  readonly finishedAt: number | null;
  /** Those that have changed; all of them for somebody new. */
  readonly entries: readonly PlacedEntry[];
  /** The run is too wide to be told entry by entry: read the page again. */
  readonly wide: boolean;
}

/** The name of a state: equal states have equal names, in every process. */
export function stateId(progress: RunProgress): string {
  return shortDigest(canonicalJson(progress));
}

/** What somebody has to be told who knows `before`, or nothing yet; undefined when nothing has changed. */
export function runEvent(before: RunProgress | undefined, after: RunProgress): RunEvent | undefined {
  if (before && stateId(before) === stateId(after)) return undefined;
  const { status, page } = after;
  const known = new Map(before?.page.entries.map((entry) => [entry.index, canonicalJson(entry)]));
  return {
    run: after.id,
    status,
    total: page.total,
    counts: page.counts,
    finishedAt: page.finishedAt,
    entries: page.entries.filter((entry) => known.get(entry.index) !== canonicalJson(entry)),
    wide: page.total > WIDE,
  };
}
