/** The first page: what waits for a person, how every workflow stands, and the runs. */

import { useState } from 'preact/hooks';
import { api, page } from '../connection/paths.js';
import { get } from '../connection/request.js';
import type { AllCounts, RunPage, WorkflowList } from '../connection/shapes.js';
import { EmptyNote } from '../parts/empty-note.js';
import { LiveNote } from '../parts/live-note.js';
import { PageFrame } from '../parts/page-frame.js';
import { ProblemNote } from '../parts/problem-note.js';
import { useLive } from '../state/use-live.js';
import { useLoad } from '../state/use-load.js';
import { useNow } from '../state/use-now.js';
import { useRetry } from '../state/use-retry.js';
import { useThrottled } from '../state/use-throttled.js';
import { AttentionList } from './attention-list.js';
import { type Filter, filterOf, isFiltered, NO_FILTER, searchOf } from './filter.js';
import { NoRuns } from './no-runs.js';
import { PauseBanner } from './pause-banner.js';
import { RunFilters } from './run-filters.js';
import { RunList } from './run-list.js';
import { usePaused } from './use-paused.js';
import { useRuns } from './use-runs.js';
import { WorkflowCounts } from './workflow-counts.js';

/** As many as one page has: the index is read from its newest, and those that have waited longest are at its end. */
const ATTENTION_READ = 200;
const REFRESH_MS = 500;

export function RunsPage() {
  const [filter, setFilter] = useFilter();
  const workflows = useLoad('', (signal) => get<WorkflowList>(api.workflows, signal));
  const counts = useLoad('', (signal) => get<AllCounts>(api.counts, signal));
  const waiting = useLoad('', (signal) =>
    get<RunPage>(api.runs({ status: 'attention', limit: ATTENTION_READ }), signal),
  );
  const runs = useRuns(filter);
  const paused = usePaused();
  const refresh = useThrottled(() => {
    counts.refresh();
    waiting.refresh();
    runs.refresh();
  }, REFRESH_MS);
  const live = useLive(api.allEvents, { onEvent: refresh, refresh, isOver: () => false });
  const now = useNow(true, 1_000);
  const known = workflows.value?.workflows ?? [];
  const readOnly = workflows.value?.readOnly ?? false;
  const problem = runs.problem ?? workflows.problem ?? counts.problem ?? waiting.problem;
  useRetry(runs.problem ?? runs.olderProblem, runs.refresh);

  return (
    <PageFrame title="" at={page.runs()} live={<LiveNote state={live} />}>
      <h1 class="sr-only">Runs</h1>
      {problem && <ProblemNote problem={problem} />}
      <PauseBanner paused={paused} now={now} />
      <AttentionList runs={waiting.value?.runs ?? []} more={waiting.value?.cursor !== undefined} now={now} />
      <WorkflowCounts workflows={known} counts={counts.value} readOnly={readOnly} />
      <section aria-labelledby="runs-title" class="panel">
        <div class="panel-head">
          <h2 id="runs-title">Runs</h2>
          <RunFilters filter={filter} workflows={known.map(({ name }) => name)} onChange={setFilter} />
        </div>
        <RunList
          found={runs}
          now={now}
          empty={
            isFiltered(filter) ? (
              <EmptyNote title="No run fits this filter">
                <button type="button" class="button" onClick={() => setFilter(NO_FILTER)}>
                  Show all runs
                </button>
              </EmptyNote>
            ) : (
              <NoRuns workflows={known} readOnly={readOnly} />
            )
          }
        />
      </section>
    </PageFrame>
  );
}

function useFilter(): readonly [Filter, (filter: Filter) => void] {
  const [filter, setFilter] = useState(() => filterOf(location.search));
  const change = (next: Filter) => {
    history.replaceState(null, '', `/${searchOf(next)}`);
    setFilter(next);
  };
  return [filter, change];
}
