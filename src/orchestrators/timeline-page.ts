/** A page of a run's timeline, and how its stages stand in numbers: what stays readable at ten thousand branches. Pure. */
import type { RunRecord, StageFact } from '../facts.js';
import type { PlannedBranch } from './decide-fan-out.js';
import { type NamedStage, type TimelineEntry, timelineEntry } from './timeline.js';

export type StageState = TimelineEntry['state'];
export const STAGE_STATES = ['waiting', 'running', 'completed', 'failed', 'skipped'] as const satisfies StageState[];

export type StageCounts = Readonly<Record<StageState, number>>;

/** An entry and its place among all of the run, which stays its own whatever a page leaves out. */
export interface PlacedEntry extends TimelineEntry {
  readonly index: number;
}

export interface TimelinePage {
  /** Stages of the whole run. */
  readonly total: number;
  readonly counts: StageCounts;
  /** When the run was accepted. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly entries: readonly PlacedEntry[];
  /** `after` of the page that follows; absent on the last. */
  readonly next?: number;
}

export interface PageOptions {
  /** Index of the first entry. Default 0. */
  readonly after?: number;
  /** 0–500; default 100. */
  readonly limit?: number;
  readonly state?: StageState;
}

/** What a page needs of the branches on it. */
export interface BranchesRead {
  readonly stages: ReadonlyMap<string, StageFact>;
  readonly failedAttempts: RunRecord['failedAttempts'];
  readonly nested?: NonNullable<RunRecord['nested']>;
  readonly active: ReadonlySet<string>;
}

export function countStates(entries: readonly TimelineEntry[]): StageCounts {
  const counts = { waiting: 0, running: 0, completed: 0, failed: 0, skipped: 0 };
  for (const { state } of entries) counts[state] += 1;
  return counts;
}

export function placed(entries: readonly TimelineEntry[]): readonly PlacedEntry[] {
  return entries.map((entry, index) => ({ index, ...entry }));
}

/** The page of a run all of whose entries are known. */
export function pageOf(
  { createdAt, outcome }: RunRecord,
  entries: readonly TimelineEntry[],
  { after = 0, limit, state }: PageOptions & { readonly limit: number },
): TimelinePage {
  const wanted = placed(entries).filter((entry) => entry.index >= after && (!state || entry.state === state));
  const next = wanted[limit]?.index;
  return {
    total: entries.length,
    counts: countStates(entries),
    startedAt: createdAt,
    finishedAt: outcome?.finishedAt ?? null,
    entries: wanted.slice(0, limit),
    ...(next !== undefined && { next }),
  };
}

/** One branch of a page. One that a worker has now, or a run of its own, is under way, also where its start was not looked up. */
export function branchEntry(branch: PlannedBranch, record: RunRecord, read: BranchesRead): TimelineEntry {
  const { stage: name, kind, skipped } = branch;
  const named: NamedStage = { name, kind, ...(skipped !== undefined && { skipped }) };
  const { failedAttempts, nested, stages } = read;
  const facts = { record: { ...record, failedAttempts, ...(nested && { nested }) }, stages };
  const entry = timelineEntry(named, facts);
  if (entry.state !== 'waiting') return entry;
  return read.active.has(name) || entry.run !== undefined ? { ...entry, state: 'running' } : entry;
}
