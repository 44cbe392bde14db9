import type { ComponentChildren } from 'preact';
import { ProblemNote } from '../parts/problem-note.js';
import { RunTable } from './run-table.js';
import type { Runs } from './use-runs.js';

interface RunListProps {
  readonly found: Runs;
  readonly now: number;
  /** Where the whole list is empty. */
  readonly empty: ComponentChildren;
}

/** The runs that were found, what came since, and the way to older ones. */
export function RunList({ found, now, empty }: RunListProps) {
  const { runs, isStale, isSearching, hasOlder, newer } = found;
  const isEmpty = runs !== undefined && runs.length === 0 && !isStale;
  return (
    <div class={isStale ? 'run-list stale' : 'run-list'} aria-busy={isStale || isSearching}>
      {newer && (
        <button type="button" class="button wide newer" onClick={found.showNewer}>
          {newerText(newer)} – show
        </button>
      )}
      {runs && runs.length > 0 && <RunTable runs={runs} now={now} caption="Runs, newest first" />}
      {isEmpty && !hasOlder && empty}
      <p class="dim small" role="status">
        {statusText(found)}
      </p>
      {found.olderProblem && <ProblemNote problem={found.olderProblem} />}
      {hasOlder && !isSearching && (
        <button type="button" class="button wide" onClick={found.loadOlder}>
          Older runs
        </button>
      )}
    </div>
  );
}

function newerText({ count, more }: NonNullable<Runs['newer']>): string {
  return count === 1 && !more ? '1 new run' : `${count}${more ? '+' : ''} new runs`;
}

/** A search that has not come to the end has found none so far, and not none. */
function statusText({ runs, isStale, isSearching, hasOlder }: Runs): string {
  if (isStale || !runs) return '';
  const found = runs.length === 0 ? 'None found so far' : `${runs.length} found so far`;
  if (isSearching) return `${found}; looking on through older runs…`;
  return hasOlder && runs.length === 0 ? `${found}. There are older runs that were not looked at.` : '';
}
