/** The picture of a run, by its pattern; a wide one is a list in a window. */

import { useMemo } from 'preact/hooks';
import type { RunSummary, StageState, TimelineEntry, WorkflowInfo } from '../connection/shapes.js';
import { FINAL } from '../words/status.js';
import { BarsView } from './bars-view.js';
import { queueOf } from './queue-of.js';
import { SagaView } from './saga-view.js';
import { inOrder, type StagePages } from './stage-pages.js';
import { StateTabs } from './state-tabs.js';
import { axisOf, spanOf } from './time-axis.js';
import { WideList } from './wide-list.js';

/** More rows than this are shown in a window. */
const NARROW = 60;

interface RunTimelineProps {
  readonly run: RunSummary;
  readonly workflow: WorkflowInfo | undefined;
  readonly stages: StagePages;
  readonly chosen: StageState | '';
  readonly onChoose: (state: StageState | '') => void;
  readonly want: (from: number, to: number) => void;
  readonly now: number;
}

export function RunTimeline({ run, workflow, stages, chosen, onChoose, want, now }: RunTimelineProps) {
  const { total } = stages;
  const wide = total > NARROW;
  const entries = useMemo(() => inOrder(stages), [stages]);
  const over = FINAL.has(run.status);
  const moving = !over && (wide || entries.some(isUnderWay));
  const clock = moving ? now : 0;
  const axis = useMemo(() => {
    const spans = entries.flatMap((entry) => spanOf(entry, clock) ?? []);
    const last = spans.reduce((latest, { to }) => Math.max(latest, to), run.createdAt);
    const to = over ? Math.max(last, run.finishedAt ?? last) : Math.max(last, clock);
    return axisOf(wide ? undefined : spans, run.createdAt, to);
  }, [wide, entries, clock, run.createdAt, run.finishedAt, over]);
  const shape = workflow?.shape;
  const shared = { run, axis, now, over, queueOf: (entry: TimelineEntry) => queueOf(shape, entry) };
  if (wide) {
    const shown = chosen === '' ? total : stages.counts[chosen];
    return (
      <>
        <StateTabs counts={stages.counts} total={total} over={over} chosen={chosen} onChoose={onChoose} />
        <WideList key={chosen} {...shared} total={shown} entryAt={(index) => stages.entries.get(index)} want={want} />
      </>
    );
  }
  const saga = shape?.pattern === 'saga' || entries.some(({ kind }) => kind === 'step');
  if (!saga) return <BarsView {...shared} entries={entries} />;
  return <SagaView {...shared} entries={entries} steps={shape?.pattern === 'saga' ? shape.steps : undefined} />;
}

/** At work, or between two attempts: its bar grows. */
function isUnderWay({ state, attempts }: TimelineEntry): boolean {
  return state === 'running' || (state === 'waiting' && attempts.length > 0);
}
