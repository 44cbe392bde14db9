/** Stages side by side on one axis, in the definition's order. */

import { useState } from 'preact/hooks';
import type { RunSummary, TimelineEntry } from '../connection/shapes.js';
import { AxisHead } from './axis-head.js';
import { StageLine } from './stage-line.js';
import type { TimeAxis } from './time-axis.js';

interface BarsViewProps {
  readonly run: RunSummary;
  readonly entries: readonly TimelineEntry[];
  readonly axis: TimeAxis;
  readonly now: number;
  readonly over: boolean;
  readonly queueOf: (entry: TimelineEntry) => string | undefined;
}

export function BarsView({ run, entries, axis, now, over, queueOf }: BarsViewProps) {
  const [open, setOpen] = useState<string>();
  return (
    <div class="stages">
      <div class="stages-head" aria-hidden="true">
        <span />
        <AxisHead axis={axis} />
        <span />
      </div>
      <ul>
        {entries.map((entry) => (
          <li key={entry.name}>
            <StageLine
              run={run.id}
              createdAt={run.createdAt}
              entry={entry}
              axis={axis}
              now={now}
              queue={queueOf(entry)}
              over={over}
              open={open === entry.name}
              onToggle={() => setOpen(open === entry.name ? undefined : entry.name)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
