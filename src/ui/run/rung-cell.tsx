import { useId } from 'preact/hooks';
import type { TimelineEntry } from '../connection/shapes.js';
import { Icon } from '../parts/icon.js';
import { durationText } from '../words/duration.js';
import { humanName } from '../words/stage-name.js';
import { attemptsText, lastError, spokenText, tookMs } from '../words/stage-text.js';
import { statusWords } from '../words/status.js';

interface RungCellProps {
  readonly entry: TimelineEntry;
  readonly label: string;
  readonly order?: number | undefined;
  readonly createdAt: number;
  readonly now: number;
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** A step, or the undo of one: how it stands, and the way to what is known of it. */
export function RungCell({ entry, label, order, createdAt, now, open, onToggle }: RungCellProps) {
  const spoken = useId();
  const { sign } = statusWords(entry.state);
  const tone = entry.kind === 'undo' && entry.state === 'completed' ? 'undo' : statusWords(entry.state).tone;
  const took = tookMs(entry, now);
  const tries = attemptsText(entry);
  const error = entry.state === 'completed' ? undefined : lastError(entry);
  return (
    <div class={`cell ${entry.kind} ${tone}`}>
      <button type="button" aria-expanded={open} aria-describedby={spoken} onClick={onToggle}>
        <span class="cell-name">
          <Icon name={entry.kind === 'undo' && entry.state === 'completed' ? 'back' : sign} />
          <span>
            {label === '' ? humanName(entry.name) : label}
            {label !== '' && <span class="sr-only">: {humanName(entry.name)}</span>}
          </span>
        </span>
        <span class="cell-facts number">
          {order !== undefined && <span class="order">undo {order}</span>}
          {tries !== undefined && <span class="tries">{tries}</span>}
          {took !== undefined && <span>{durationText(took)}</span>}
        </span>
      </button>
      {error !== undefined && <p class="cell-error">{error}</p>}
      <span id={spoken} class="sr-only">
        {spokenText(entry, createdAt, now)}
      </span>
    </div>
  );
}
