/**
 * Thousands of stages: rows of one height, of which only those in view are made, and only their pages asked for. Each row
 * says which of how many it is, so that a screen reader knows what is not there. For the keyboard the list is one stop: Tab
 * leaves it, arrows, Page and Home, End go through it.
 */

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { RunSummary, TimelineEntry } from '../connection/shapes.js';
import { AxisHead } from './axis-head.js';
import { StageDetail } from './stage-detail.js';
import { StageLine } from './stage-line.js';
import type { TimeAxis } from './time-axis.js';
import { useRowFocus } from './use-row-focus.js';

interface WideListProps {
  readonly run: RunSummary;
  readonly total: number;
  readonly entryAt: (index: number) => TimelineEntry | undefined;
  /** Asks for what is in view and not here yet. */
  readonly want: (from: number, to: number) => void;
  readonly axis: TimeAxis;
  readonly now: number;
  readonly over: boolean;
  readonly queueOf: (entry: TimelineEntry) => string | undefined;
}

const ROW_PX = 30;
const HEIGHT_ROWS = 18;
/** Rows made beyond the view, so that scrolling does not show blanks. */
const SPARE_ROWS = 8;

export function WideList({ run, total, entryAt, want, axis, now, over, queueOf }: WideListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [opened, setOpened] = useState<{ readonly index: number; readonly name: string }>();
  const detail = useId();
  const from = Math.max(0, first - SPARE_ROWS);
  const to = Math.min(total, first + HEIGHT_ROWS + SPARE_ROWS);
  useEffect(() => want(from, to), [want, from, to]);
  const rows = Array.from({ length: Math.max(0, to - from) }, (_none, index) => from + index);
  const open = opened && entryAt(opened.index)?.name === opened.name ? opened : undefined;
  const shown = open && entryAt(open.index);
  const stop = useRowFocus(box, { total, first, page: HEIGHT_ROWS, rowPx: ROW_PX, onFirst: setFirst });
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
        onScroll={(event) => setFirst(Math.round(event.currentTarget.scrollTop / ROW_PX))}
      >
        <ul
          aria-label="Stages; the arrow keys go through them"
          style={{ '--all': String(total), '--first': String(from) }}
        >
          {rows.map((index) => {
            const entry = entryAt(index);
            const isOpen = open?.index === index;
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
                    over={over}
                    open={isOpen}
                    onToggle={() => setOpened(isOpen ? undefined : { index, name: entry.name })}
                    row={{ detail, index, isStop: index === stop }}
                  />
                ) : (
                  <span class="loading" data-index={index} tabIndex={index === stop ? 0 : -1}>
                    {index + 1}
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      </div>
      <p class="sr-only" role="status">
        {shown && `Details of ${shown.name} are below the list.`}
      </p>
      <div id={detail}>
        {shown && (
          <section class="wide-detail" aria-label={`Details of ${shown.name}`}>
            <h3>{shown.name}</h3>
            <StageDetail run={run.id} entry={shown} queue={queueOf(shown)} now={now} over={over} />
          </section>
        )}
      </div>
    </div>
  );
}
