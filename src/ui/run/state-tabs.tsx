import type { StageCounts, StageState } from '../connection/shapes.js';
import { statusWords } from '../words/status.js';

type State = StageState;

const STATES: readonly State[] = ['failed', 'running', 'waiting', 'completed', 'skipped'];

interface StateTabsProps {
  readonly counts: StageCounts;
  readonly total: number;
  /** Whether the run has ended: then nothing waits any more. */
  readonly over: boolean;
  readonly chosen: State | '';
  readonly onChoose: (state: State | '') => void;
}

/** How many stand where: one bar for all of them, and a button each that shows only those. */
export function StateTabs({ counts, total, over, chosen, onChoose }: StateTabsProps) {
  // The chosen one stays when the last has left it: with its button the focus would go, and the way back.
  const there = STATES.filter((state) => counts[state] > 0 || state === chosen);
  return (
    <div class="state-tabs">
      <div class="share" aria-hidden="true">
        {there.map((state) => (
          <i
            key={state}
            class={statusWords(state).tone}
            style={{ '--share': String(counts[state] / Math.max(1, total)) }}
          />
        ))}
      </div>
      <div class="row">
        <button type="button" class="chip" aria-pressed={chosen === ''} onClick={() => onChoose('')}>
          All <strong>{total.toLocaleString('en')}</strong>
        </button>
        {there.map((state) => (
          <button
            key={state}
            type="button"
            class={`chip ${statusWords(state).tone}`}
            aria-pressed={chosen === state}
            onClick={() => onChoose(state)}
          >
            {over && state === 'waiting' ? 'Dropped' : statusWords(state).label}{' '}
            <strong>{counts[state].toLocaleString('en')}</strong>
          </button>
        ))}
      </div>
    </div>
  );
}
