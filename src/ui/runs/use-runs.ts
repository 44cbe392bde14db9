import { useState } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { get } from '../connection/request.js';
import { serverNow } from '../connection/server-clock.js';
import type { ListedRun, RunPage } from '../connection/shapes.js';
import { type Loaded, useLoad } from '../state/use-load.js';
import { type Filter, queryOf, searchOf } from './filter.js';

interface Runs extends Pick<Loaded<RunPage>, 'problem' | 'refresh'> {
  /** Undefined until the first page has come. */
  readonly runs: readonly ListedRun[] | undefined;
  /** Set while there are older ones. */
  readonly loadOlder: (() => Promise<void>) | undefined;
}

/** The newest page, renewed by `refresh`, and the older ones that were asked for below it. */
export function useRuns(filter: Filter): Runs {
  const key = searchOf(filter);
  const load = (signal: AbortSignal) => get<RunPage>(api.runs(queryOf(filter, serverNow())), signal);
  const { value, problem, refresh } = useLoad(key, load);
  const [found, setFound] = useState<RunPage & { readonly key: string }>();
  const older = found?.key === key ? found : undefined;
  const cursor = older ? older.cursor : value?.cursor;
  const loadOlder = async () => {
    const page = await get<RunPage>(api.runs({ ...queryOf(filter, serverNow()), ...(cursor && { cursor }) }));
    setFound({ ...page, key, runs: [...(older?.runs ?? []), ...page.runs] });
  };
  return {
    runs: value && joined(value.runs, older?.runs ?? []),
    problem,
    refresh,
    loadOlder: cursor === undefined ? undefined : loadOlder,
  };
}

/** A run that moved from the newest page to the older ones while we looked is shown once. */
function joined(newest: readonly ListedRun[], older: readonly ListedRun[]): readonly ListedRun[] {
  const shown = new Set(newest.map(({ id }) => id));
  return [...newest, ...older.filter(({ id }) => !shown.has(id))];
}
