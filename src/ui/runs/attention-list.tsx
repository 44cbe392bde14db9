import { page } from '../connection/paths.js';
import type { ListedRun } from '../connection/shapes.js';
import { StatusBadge } from '../parts/status-badge.js';
import { durationText } from '../words/duration.js';
import type { ShownStatus } from '../words/status.js';

const ASKS: Partial<Record<ShownStatus, string>> = {
  waiting_approval: 'approve or reject it',
  in_doubt: 'say whether a step happened',
  step_stuck: 'say how a step that cannot be done goes on',
  compensation_stuck: 'say how an undo that fails goes on',
};

/** Longest list on top; more are a filter away. */
const SHOWN = 5;

interface AttentionListProps {
  /** Newest first. */
  readonly runs: readonly ListedRun[];
  /** Whether there are others, older than these. */
  readonly more: boolean;
  readonly now: number;
}

/** What waits for a person, before everything else: nothing moves it but somebody who reads this. The index knows runs by their acceptance. */
export function AttentionList({ runs, more, now }: AttentionListProps) {
  if (runs.length === 0) return null;
  // The oldest are at the end, if that is here.
  const shown = more ? runs.slice(0, SHOWN) : runs.slice(-SHOWN).toReversed();
  const isPart = more || runs.length > SHOWN;
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">
        Waits for a person <span class="count">{more ? `${runs.length}+` : runs.length}</span>
      </h2>
      <ul>
        {shown.map(({ id, workflow, status, createdAt }) => (
          <li key={id}>
            <StatusBadge status={status} />
            <a href={page.run(id)}>
              <strong>{workflow}</strong> <code>{id}</code>
            </a>
            <span class="asks">Somebody must {ASKS[status] ?? 'look at it'}.</span>
            <span class="dim number">accepted {durationText(now - createdAt)} ago</span>
          </li>
        ))}
      </ul>
      {isPart && (
        <p>
          {more ? 'The newest' : 'Those accepted first'}.{' '}
          <a href={page.runs({ status: 'attention' })}>All that wait for a person</a>
        </p>
      )}
    </section>
  );
}
