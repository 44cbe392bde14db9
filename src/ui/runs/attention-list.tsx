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

interface AttentionListProps {
  readonly runs: readonly ListedRun[];
  readonly more: boolean;
  readonly now: number;
}

/** What waits for a person, before everything else: nothing moves it but somebody who reads this. */
export function AttentionList({ runs, more, now }: AttentionListProps) {
  if (runs.length === 0) return null;
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">
        Waits for a person <span class="count">{more ? `${runs.length}+` : runs.length}</span>
      </h2>
      <ul>
        {runs.map(({ id, workflow, status, createdAt }) => (
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
      {more && <a href={page.runs({ status: 'attention' })}>All that wait for a person</a>}
    </section>
  );
}
