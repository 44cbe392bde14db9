/**
 * What is here of a run's stages, by their place in the list that is shown: of all stages that is their own index; of those in
 * one state it is only known as far as the list was read from its beginning. Each entry remembers the look at which it came:
 * what came at an earlier one is shown meanwhile, and read again when it is in view. Pure.
 */
import type { StageCounts, TimelineEntry, TimelinePage } from '../connection/shapes.js';

export interface StagePages {
  /** Of the whole run, whatever is chosen. */
  readonly total: number;
  readonly counts: StageCounts;
  /** Null while the run went on. */
  readonly finishedAt: number | null;
  readonly entries: ReadonlyMap<number, TimelineEntry>;
  /** By place: the look at which the entry there came. */
  readonly cameAt: ReadonlyMap<number, number>;
  /** Of a chosen state: where its pages begin, in order. The last one may not have been read yet. */
  readonly starts: readonly Start[];
  /** The look of which total, counts and end are. */
  readonly countedAt: number;
}

export interface Place {
  /** Index in the run. */
  readonly after: number;
  /** Place in the list. */
  readonly position: number;
}

interface Start extends Place {
  /** Absent for one that has not been read. */
  readonly cameAt?: number;
}

const BEGINNING: Place = { after: 0, position: 0 };
/** Before the first look. */
const NEVER = -1;

export const NO_STAGES: StagePages = {
  total: 0,
  counts: { waiting: 0, running: 0, completed: 0, failed: 0, skipped: 0 },
  finishedAt: null,
  entries: new Map(),
  cameAt: new Map(),
  starts: [BEGINNING],
  countedAt: NEVER,
};

interface Came extends Place {
  readonly page: TimelinePage;
  readonly chosen: boolean;
  /** The look at which it was asked for. */
  readonly look: number;
}

/** A page as it came. */
export function withPage(known: StagePages, came: Came): StagePages {
  const { page, chosen, look } = came;
  const { total, counts, finishedAt } = page;
  const counted = look >= known.countedAt ? { total, counts, finishedAt, countedAt: look } : {};
  if (chosen) return { ...known, ...counted, ...withChosen(known, came) };
  const entries = new Map(known.entries);
  const cameAt = new Map(known.cameAt);
  for (const entry of page.entries) {
    if ((cameAt.get(entry.index) ?? NEVER) > look) continue;
    entries.set(entry.index, entry);
    cameAt.set(entry.index, look);
  }
  return { ...known, ...counted, entries, cameAt };
}

/** Stages change their state, so what stood behind the page stands only where the next one still begins at the same stage. */
function withChosen(known: StagePages, { position, after, page, look }: Came) {
  const end = position + page.entries.length;
  const behind = known.starts.filter((start) => start.position > position);
  const joins = behind[0] !== undefined && behind[0].position === end && behind[0].after === page.next;
  const stays = (at: number) => at < position || (joins && at >= end);
  const kept = <T>(of: ReadonlyMap<number, T>) => [...of].filter(([at]) => stays(at));
  const next = page.next === undefined ? [] : [{ after: page.next, position: end }];
  return {
    entries: new Map([
      ...kept(known.entries),
      ...page.entries.map((entry, at): [number, TimelineEntry] => [position + at, entry]),
    ]),
    cameAt: new Map([
      ...kept(known.cameAt),
      ...page.entries.map((_entry, at): [number, number] => [position + at, look]),
    ]),
    starts: [
      ...known.starts.filter((start) => start.position < position),
      { after, position, cameAt: look },
      ...(joins ? behind : next),
    ],
  };
}

/** What to read next, so that all in view is as of this look; undefined when it is, as far as there is anything to read. */
export function firstMissing(
  { entries, cameAt, starts, total, countedAt }: StagePages,
  {
    from,
    to,
    chosen,
    look,
  }: { readonly from: number; readonly to: number; readonly chosen: boolean; readonly look: number },
): Place | undefined {
  const uncounted = countedAt < look;
  if (!chosen) {
    for (let at = from; at < Math.min(to, total); at += 1) {
      if (!entries.has(at) || (cameAt.get(at) ?? NEVER) < look) return { after: at, position: at };
    }
    return uncounted ? { after: from, position: from } : undefined;
  }
  for (let at = from; at < to; at += 1) {
    if (entries.has(at) && (cameAt.get(at) ?? NEVER) >= look) continue;
    const start = starts.findLast(({ position }) => position <= at);
    // One that was read at this look and has no entry there is the last.
    if (start && (start.cameAt ?? NEVER) < look) return { after: start.after, position: start.position };
  }
  return uncounted ? (starts.findLast(({ position }) => position <= from) ?? BEGINNING) : undefined;
}

export function inOrder({ entries }: Pick<StagePages, 'entries'>): readonly TimelineEntry[] {
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}
