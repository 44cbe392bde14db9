import type { RunSummary } from '../connection/shapes.js';
import { Moment } from '../parts/moment.js';
import { humanName } from '../words/stage-name.js';

/** What people have said of this run, and why it was stopped. */
export function HistoryList({ run: { words = [], stop }, now }: { readonly run: RunSummary; readonly now: number }) {
  const said = [
    ...(stop ? [{ at: stop.at, what: STOPS[stop.cause] ?? stop.cause, by: stop.by, reason: stop.reason }] : []),
    ...words.map(({ at, command, stage, happened, by, reason }) => ({
      at,
      what: `${humanName(command)}${stage === undefined ? '' : `: ${humanName(stage)}${stage.endsWith('.undo') ? ' (undo)' : ''}`}${happened === undefined ? '' : happened ? ', it happened' : ', it did not happen'}`,
      by,
      reason,
    })),
  ].sort((a, b) => a.at - b.at);
  if (said.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="history-title">
      <h2 id="history-title">What was decided</h2>
      <ol class="history">
        {said.map(({ at, what, by, reason }) => (
          <li key={`${at} ${what}`}>
            <Moment at={at} now={now} />
            <span>
              {what}
              {by !== undefined && <span class="dim"> by {by}</span>}
              {reason !== undefined && <q>{reason}</q>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const STOPS: Readonly<Record<string, string>> = {
  cancelled: 'Cancel',
  deadline: 'Its deadline passed',
  branch_failed: 'A branch failed, the others were stopped',
  quorum: 'The quorum was decided, the others were stopped',
};
