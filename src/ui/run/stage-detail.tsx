import { api, page } from '../connection/paths.js';
import type { TimelineEntry } from '../connection/shapes.js';
import { PayloadView } from '../parts/payload-view.js';
import { AttemptsTable } from './attempts-table.js';

interface StageDetailProps {
  readonly run: string;
  readonly entry: TimelineEntry;
  /** Where its job is, if the workflow is known here. */
  readonly queue: string | undefined;
  readonly now: number;
  /** Whether the run has ended. */
  readonly over: boolean;
}

/** What is known of one stage: its attempts, its answer on demand, its job. */
export function StageDetail({ run, entry, queue, now, over }: StageDetailProps) {
  const { name, state, reason, attempts, run: nested } = entry;
  return (
    <div class="detail">
      {reason !== undefined && (
        <p>
          {state === 'skipped' ? 'Not needed' : 'Still waited for'}: {reason}.
        </p>
      )}
      {state === 'waiting' && <p class="dim">{waitingText(attempts.length > 0, over)}</p>}
      {nested !== undefined && (
        <p>
          Done by the run{' '}
          <a href={page.run(nested)}>
            <code>{nested}</code>
          </a>
          .
        </p>
      )}
      <AttemptsTable entry={entry} now={now} />
      <div class="row">
        {state === 'completed' && <PayloadView path={api.payload(run, 'stage', name)} label="output" />}
        <span class="dim small">
          <code>{name}</code>
          {queue !== undefined && state !== 'skipped' && (
            <>
              {' '}
              · <a href={page.job(queue, `${run}-${name}`)}>job in queue {queue}</a>
            </>
          )}
        </span>
      </div>
    </div>
  );
}

function waitingText(tried: boolean, over: boolean): string {
  if (over) return tried ? 'The run ended before its next attempt.' : 'It never ran: the run ended before.';
  return tried ? 'It waits for its next attempt.' : 'It has not begun.';
}
