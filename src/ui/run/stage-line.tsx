import { useId } from 'preact/hooks';
import type { TimelineEntry } from '../connection/shapes.js';
import { Icon } from '../parts/icon.js';
import { durationText } from '../words/duration.js';
import { humanName } from '../words/stage-name.js';
import { attemptsText, lastError, spokenText, stageWords, tookMs } from '../words/stage-text.js';
import { StageBar } from './stage-bar.js';
import { StageDetail } from './stage-detail.js';
import type { TimeAxis } from './time-axis.js';

interface StageLineProps {
  readonly run: string;
  readonly createdAt: number;
  readonly entry: TimelineEntry;
  readonly axis: TimeAxis;
  readonly now: number;
  readonly queue: string | undefined;
  /** Whether the run has ended. */
  readonly over: boolean;
  readonly open: boolean;
  readonly onToggle: () => void;
  /** Of a row in a list with a place of its own for details: that place's id, the row's index, and whether Tab comes to it. */
  readonly row?: { readonly detail: string; readonly index: number; readonly isStop: boolean };
}

/** A stage as one line: its state, its name, its bars, how long it took; unfolded, what is known of it. */
export function StageLine(props: StageLineProps) {
  const { run, createdAt, entry, axis, now, queue, over, open, onToggle, row } = props;
  const detail = useId();
  const { tone, sign, label } = stageWords(entry, over);
  const took = tookMs(entry, now);
  const remark = entry.reason ?? (entry.state === 'completed' ? undefined : lastError(entry));
  const tries = attemptsText(entry);
  return (
    <div class={open ? 'stage open' : 'stage'}>
      <button
        type="button"
        class="stage-line"
        aria-expanded={open}
        aria-controls={row?.detail ?? detail}
        onClick={onToggle}
        {...(row && { 'data-index': row.index, tabIndex: row.isStop ? 0 : -1 })}
      >
        <span class={`stage-name ${tone}`}>
          <Icon name={sign} />
          <span>{humanName(entry.name)}</span>
          {tries !== undefined && <small class="tries">{tries}</small>}
        </span>
        {entry.startedAt === null ? (
          <span class="remark dim">{remark ?? label}</span>
        ) : (
          <StageBar entry={entry} axis={axis} now={now} over={over} />
        )}
        <span class="stage-took number">{took === undefined ? '' : durationText(took)}</span>
        <span class="sr-only">{spokenText(entry, createdAt, now, over)}</span>
      </button>
      {!row && entry.startedAt !== null && remark !== undefined && !open && (
        <p class={`remark below ${tone}`}>{remark}</p>
      )}
      {!row && (
        <div id={detail} hidden={!open}>
          {open && <StageDetail run={run} entry={entry} queue={queue} now={now} over={over} />}
        </div>
      )}
    </div>
  );
}
