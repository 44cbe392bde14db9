/**
 * The list of runs. Its newest page follows what happens. Once older ones are shown below it the list stands still, but for how
 * its runs stand: new ones are counted, and come when they are asked for, so that nothing moves away from whoever reads.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api, type RunsQuery } from '../connection/paths.js';
import { ApiProblem, get } from '../connection/request.js';
import { serverNow } from '../connection/server-clock.js';
import type { ListedRun, RunPage } from '../connection/shapes.js';
import { type Filter, queryOf } from './filter.js';
import { type AskPage, type FoundRuns, readOn, renewed, SHOWN } from './found-runs.js';

export interface Runs {
  /** Undefined until something is known; of the filter before while `isStale`. */
  readonly runs: readonly ListedRun[] | undefined;
  readonly isStale: boolean;
  /** Whether it looks on by itself for more that fit. */
  readonly isSearching: boolean;
  readonly hasOlder: boolean;
  /** Runs accepted since the list stands still; as many as a page at most. */
  readonly newer: { readonly count: number; readonly more: boolean } | undefined;
  readonly problem: ApiProblem | undefined;
  /** Why older ones were not read. */
  readonly olderProblem: ApiProblem | undefined;
  readonly refresh: () => void;
  readonly loadOlder: () => void;
  readonly showNewer: () => void;
}

/** Pages that a refresh reads again at most; what is behind them stays as it was read. */
const RENEWED_PAGES = 5;
/** Pages that a search looks through by itself; a quarter of a million runs. */
const SEARCHED_PAGES = 50;
const NEWER_COUNTED = 200;

interface Shown extends FoundRuns {
  readonly key: string;
  /** When it was read last, ms of the server: what was accepted before is in it. */
  readonly lookedAt: number;
}

/** What is read: so many runs, none accepted later than `to` where the list stands still. */
interface Depth {
  readonly wanted: number;
  readonly to?: number;
}

type Work = 'refresh' | 'older';

const FIRST: Depth = { wanted: SHOWN };

export function useRuns(filter: Filter): Runs {
  // Half a tag, or a space behind a text, asks for the same.
  const key = JSON.stringify(queryOf(filter, 0));
  const [shown, setShown] = useState<Shown>();
  const [isSearching, setSearching] = useState(false);
  const [newer, setNewer] = useState<Runs['newer']>();
  const [failed, setFailed] = useState<{ readonly what: Work; readonly problem: ApiProblem }>();
  const depth = useRef<Depth>(FIRST);
  const known = useRef<Shown | undefined>(undefined);
  const latest = useRef(filter);
  latest.current = filter;
  /** One at a time; what is wanted meanwhile is done behind it. */
  const work = useRef<{ readonly signal: AbortSignal; isRunning: boolean; next: Work | undefined }>({
    ...{ signal: AbortSignal.abort(), isRunning: false, next: undefined },
  });

  const run = useCallback(
    async (what: Work): Promise<void> => {
      const mine = work.current;
      if (mine.isRunning) {
        mine.next = mine.next === 'older' ? 'older' : what;
        return;
      }
      mine.isRunning = true;
      const { signal } = mine;
      const show = (found: FoundRuns, lookedAt: number) => {
        known.current = { ...found, key, lookedAt };
        setShown(known.current);
      };
      try {
        const query = limited(queryOf(latest.current, serverNow()), depth.current.to);
        const ask: AskPage = (asked) => get<RunPage>(api.runs({ ...query, ...asked }), signal);
        const before = known.current?.key === key ? known.current : undefined;
        if (what === 'refresh' && before) {
          const isWhole = await renew(ask, before, depth.current, show);
          if (!isWhole) mine.next = 'older';
        } else await search(ask, before, depth.current.wanted, signal, show, setSearching);
        const { to } = depth.current;
        if (to !== undefined) setNewer(await countNewer(queryOf(latest.current, serverNow()), to, signal));
        if (!signal.aborted) setFailed(undefined);
      } catch (error) {
        if (!signal.aborted) setFailed({ what, problem: problemOf(error) });
      } finally {
        mine.isRunning = false;
        if (!signal.aborted) {
          setSearching(false);
          const { next } = mine;
          mine.next = undefined;
          if (next !== undefined) void run(next);
        }
      }
    },
    [key],
  );

  const restart = useCallback(() => {
    depth.current = FIRST;
    setNewer(undefined);
    void run('refresh');
  }, [run]);
  useEffect(() => {
    const controller = new AbortController();
    work.current = { signal: controller.signal, isRunning: false, next: undefined };
    restart();
    return () => controller.abort();
  }, [restart]);

  const refresh = useCallback(() => void run('refresh'), [run]);
  const loadOlder = useCallback(() => {
    const mine = known.current?.key === key ? known.current : undefined;
    const to = depth.current.to ?? mine?.runs[0]?.createdAt;
    depth.current = { wanted: (mine?.runs.length ?? 0) + SHOWN, ...(to !== undefined && { to }) };
    void run('older');
  }, [key, run]);
  const showNewer = useCallback(() => {
    known.current = undefined;
    restart();
  }, [restart]);

  const isStale = shown !== undefined && shown.key !== key;
  return {
    ...{ isStale, isSearching, refresh, loadOlder, showNewer },
    runs: shown?.runs,
    problem: failed?.what === 'refresh' ? failed.problem : undefined,
    olderProblem: failed?.what === 'older' ? failed.problem : undefined,
    newer: isStale ? undefined : newer,
    hasOlder: !isStale && shown?.cursor !== undefined,
  };
}

type Show = (found: FoundRuns, lookedAt: number) => void;

/** Reads on behind what is known, and shows what there is at each step: a run that is found is not kept back. */
async function search(
  ask: AskPage,
  before: Shown | undefined,
  wanted: number,
  signal: AbortSignal,
  show: Show,
  setSearching: (searching: boolean) => void,
): Promise<void> {
  const lookedAt = before?.lookedAt ?? serverNow();
  let pages = 0;
  for await (const found of readOn(ask, wanted, before)) {
    if (signal.aborted) return;
    pages += 1;
    show(found, lookedAt);
    if (pages === SEARCHED_PAGES) return;
    setSearching(found.cursor !== undefined && found.runs.length < wanted);
  }
}

/**
 * Reads again what is shown, as far as that is few pages; it is replaced at once, so that no row goes and comes. Resolves to
 * false where so many runs came meanwhile that the rest has to be read anew.
 */
async function renew(ask: AskPage, before: Shown, { wanted }: Depth, show: Show): Promise<boolean> {
  const lookedAt = serverNow();
  let again: FoundRuns | undefined;
  let pages = 0;
  for await (const found of readOn(ask, wanted)) {
    again = found;
    pages += 1;
    if (pages === RENEWED_PAGES) break;
  }
  if (!again) return true;
  const found = again.runs.length >= wanted ? again : renewed(before, again, before.lookedAt);
  show(found ?? again, lookedAt);
  return found !== undefined;
}

/** The query of a list that stands still. */
function limited(query: RunsQuery, to: number | undefined): RunsQuery {
  return to === undefined ? query : { ...query, to: Math.min(to, query.to ?? to) };
}

async function countNewer(query: RunsQuery, to: number, signal: AbortSignal): Promise<Runs['newer']> {
  const from = Math.max(to + 1, query.from ?? 0);
  if (query.to !== undefined && query.to < from) return undefined;
  const page = await get<RunPage>(api.runs({ ...query, from, limit: NEWER_COUNTED }), signal);
  return page.runs.length === 0 ? undefined : { count: page.runs.length, more: page.cursor !== undefined };
}

function problemOf(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem(0, 'UNREACHABLE', String(error));
}
