/**
 * Thousands of stages: rows of one height, of which only those in view are made, and only their pages asked for. Each row
 * says which of how many it is, so that a screen reader knows what is not there.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunSummary, TimelineEntry } from '../connection/shapes.js';
import { AxisHead } from './axis-head.js';
import { StageDetail } from './stage-detail.js';
import { StageLine } from './stage-line.js';
import type { TimeAxis } from './time-axis.js';

interface WideListProps {
  readonly run: RunSummary;
  readonly total: number;
  readonly entryAt: (index: number) => TimelineEntry | undefined;
  /** Asks for what is in view and not here yet. */
  readonly want: (from: number, to: number) => void;
  readonly axis: TimeAxis;
  readonly now: number;
  readonly queueOf: (entry: TimelineEntry) => string | undefined;
}

const ROW_PX = 30;
const HEIGHT_ROWS = 18;
/** Rows made beyond the view, so that scrolling does not show blanks. */
const SPARE_ROWS = 8;

export function WideList({ run, total, entryAt, want, axis, now, queueOf }: WideListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [opened, setOpened] = useState<string>();
  const from = Math.max(0, first - SPARE_ROWS);
  const to = Math.min(total, first + HEIGHT_ROWS + SPARE_ROWS);
  useEffect(() => want(from, to), [want, from, to]);
  const rows = Array.from({ length: to - from }, (_none, at) => from + at);
  const shown = rows.map(entryAt).find((entry) => entry?.name === opened);
  return (
    <div class="stages wide">
      <div class="stages-head" aria-hidden="true">
        <span />
        <AxisHead axis={axis} />
        <span />
      </div>
      <div
        class="window"
        ref={box}
        style={{ '--rows': String(Math.min(total, HEIGHT_ROWS)) }}
        onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / ROW_PX))}
      >
        <ul style={{ '--all': String(total), '--first': String(from) }}>
          {rows.map((index) => {
            const entry = entryAt(index);
            return (
              <li key={index} aria-setsize={total} aria-posinset={index + 1}>
                {entry ? (
                  <StageLine
                    run={run.id}
                    createdAt={run.createdAt}
                    entry={entry}
                    axis={axis}
                    now={now}
                    queue={queueOf(entry)}
                    open={false}
                    onToggle={() => setOpened(opened === entry.name ? undefined : entry.name)}
                  />
                ) : (
                  <span class="loading">{index + 1}</span>
                )}
              </li>
            );
          })}
        </ul>
      </div>
      {shown && (
        <section class="wide-detail" aria-label={`Details of ${shown.name}`}>
          <h3>{shown.name}</h3>
          <StageDetail run={run.id} entry={shown} queue={queueOf(shown)} now={now} />
        </section>
      )}
    </div>
  );
}
