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
import { useThrottled } from '../state/use-throttled.js';
import { AttentionList } from './attention-list.js';
import { type Filter, filterOf, isFiltered, NO_FILTER, searchOf } from './filter.js';
import { NoRuns } from './no-runs.js';
import { RunFilters } from './run-filters.js';
import { RunTable } from './run-table.js';
import { useRuns } from './use-runs.js';
import { WorkflowCounts } from './workflow-counts.js';

/** Longest list on top; more are a filter away. */
const ATTENTION_SHOWN = 5;
const REFRESH_MS = 500;

export function RunsPage() {
  const [filter, setFilter] = useFilter();
  const workflows = useLoad('', (signal) => get<WorkflowList>(api.workflows, signal));
  const counts = useLoad('', (signal) => get<AllCounts>(api.counts, signal));
  const waiting = useLoad('', (signal) =>
    get<RunPage>(api.runs({ status: 'attention', limit: ATTENTION_SHOWN }), signal),
  );
  const runs = useRuns(filter);
  const refresh = useThrottled(() => {
    counts.refresh();
    waiting.refresh();
    runs.refresh();
  }, REFRESH_MS);
  const live = useLive(api.allEvents, { onEvent: refresh, refresh, isOver: () => false });
  const now = useNow(true, 1_000);
  const known = workflows.value?.workflows ?? [];
  const readOnly = workflows.value?.readOnly ?? false;
  const problem = runs.problem ?? workflows.problem ?? counts.problem;

  return (
    <PageFrame title="" at={page.runs()} live={<LiveNote state={live} />}>
      <h1 class="sr-only">Runs</h1>
      {problem && <ProblemNote problem={problem} />}
      <AttentionList runs={waiting.value?.runs ?? []} more={waiting.value?.cursor !== undefined} now={now} />
      <WorkflowCounts workflows={known} counts={counts.value} readOnly={readOnly} />
      <section aria-labelledby="runs-title" class="panel">
        <div class="panel-head">
          <h2 id="runs-title">Runs</h2>
          <RunFilters filter={filter} workflows={known.map(({ name }) => name)} onChange={setFilter} />
        </div>
        {runs.runs && runs.runs.length > 0 && <RunTable runs={runs.runs} now={now} caption="Runs, newest first" />}
        {runs.runs?.length === 0 &&
          (isFiltered(filter) ? (
            <EmptyNote title="No run fits this filter">
              <button type="button" class="button" onClick={() => setFilter(NO_FILTER)}>
                Show all runs
              </button>
            </EmptyNote>
          ) : (
            <NoRuns workflows={known} readOnly={readOnly} />
          ))}
        {runs.loadOlder && (
          <button type="button" class="button wide" onClick={runs.loadOlder}>
            Older runs
          </button>
        )}
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
