/**
 * A saga as people tell it: down the left what was done, back up on its right what was undone, each undo beside the step that
 * it takes back, and all of it on one time axis, where a run that turned round draws a wedge.
 */

import { useState } from 'preact/hooks';
import type { RunSummary, StageState, StepShape, TimelineEntry } from '../connection/shapes.js';
import { humanName } from '../words/stage-name.js';
import { AxisHead } from './axis-head.js';
import { type Rung, rungsOf } from './ladder.js';
import { RungCell } from './rung-cell.js';
import { StageBar } from './stage-bar.js';
import { StageDetail } from './stage-detail.js';
import type { TimeAxis } from './time-axis.js';

interface SagaViewProps {
  readonly run: RunSummary;
  readonly entries: readonly TimelineEntry[];
  readonly steps: readonly StepShape[] | undefined;
  readonly axis: TimeAxis;
  readonly now: number;
  readonly over: boolean;
  readonly queueOf: (entry: TimelineEntry) => string | undefined;
}

const UNDO_WORDS: Readonly<Record<StageState, string>> = {
  waiting: 'Undo waits',
  running: 'Undoing',
  completed: 'Undone',
  failed: 'Undo failed',
  skipped: 'Not undone',
};

export function SagaView({ run, entries, steps, axis, now, over, queueOf }: SagaViewProps) {
  const rungs = rungsOf(steps, entries, run);
  const back = rungs.some(({ undo }) => undo !== undefined);
  const [open, setOpen] = useState<string>();
  const toggle = (name: string) => setOpen(open === name ? undefined : name);
  return (
    <div class={back ? 'ladder back' : 'ladder'}>
      <div class="ladder-head" aria-hidden="true">
        <span class="direction">Forward ↓</span>
        <span class="direction undo">{back && '↑ Back'}</span>
        <AxisHead axis={axis} />
      </div>
      <ol>
        {rungs.map((rung, at) => (
          <li key={rung.name} class="rung">
            <span class={`rung-mark ${markOf(rung)}`} aria-hidden="true">
              {at + 1}
            </span>
            {rung.step ? (
              <RungCell
                entry={rung.step}
                label=""
                createdAt={run.createdAt}
                now={now}
                open={open === rung.name}
                onToggle={() => toggle(rung.name)}
              />
            ) : (
              <div class="cell none">
                {humanName(rung.name)} <span class="dim">{rung.stepRemark}</span>
              </div>
            )}
            {rung.undo ? (
              <RungCell
                entry={rung.undo}
                label={rung.leftStanding ? 'Left standing' : UNDO_WORDS[rung.undo.state]}
                order={rung.undoOrder}
                createdAt={run.createdAt}
                now={now}
                open={open === rung.undo.name}
                onToggle={() => toggle(rung.undo?.name ?? '')}
              />
            ) : (
              <div class="cell none undo-place">{rung.undoRemark}</div>
            )}
            <div class="rung-bars">
              {rung.step && <StageBar entry={rung.step} axis={axis} now={now} over={over} />}
              {rung.undo && <StageBar entry={rung.undo} axis={axis} now={now} over={over} />}
            </div>
            {[rung.step, rung.undo].map(
              (entry) =>
                entry &&
                entry.name === open && (
                  <StageDetail
                    key={entry.name}
                    run={run.id}
                    entry={entry}
                    queue={queueOf(entry)}
                    now={now}
                    over={over}
                  />
                ),
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function markOf({ step, undo, pivot }: Rung): string {
  if (undo?.state === 'completed') return 'undone';
  return `${step?.state ?? 'waiting'}${pivot ? ' pivot' : ''}`;
}
