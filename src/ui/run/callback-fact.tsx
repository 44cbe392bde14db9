import type { RunSummary } from '../connection/shapes.js';
import { agoText } from '../words/duration.js';
import { exactText } from '../words/moment.js';

interface CallbackFactProps {
  readonly callback: NonNullable<RunSummary['callback']>;
  /** Whether the run has ended: before there is nothing to tell. */
  readonly ended: boolean;
  readonly now: number;
}

/** Whether whoever is to hear of the run's end has heard of it. */
export function CallbackFact({ callback: { url, state, attempts, at, error }, ended, now }: CallbackFactProps) {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const words = {
    waiting: ended ? 'Not told yet' : 'Told when it ends',
    delivered: 'Told',
    retrying: `Not told yet, after ${tries}`,
    failed: `Not told: given up after ${tries}`,
  }[state];
  return (
    <div class="callback">
      <dt>Callback</dt>
      <dd>
        <span class={state === 'failed' ? 'bad' : undefined}>{words}</span>
        {at !== undefined && (
          <>
            {' '}
            <time class="dim" dateTime={new Date(at).toISOString()} title={exactText(at)}>
              {agoText(now - at)}
            </time>
          </>
        )}{' '}
        <code>{url}</code>
        {error !== undefined && state !== 'delivered' && <p class="dim small">{error}</p>}
      </dd>
    </div>
  );
}
