/** One run: what became of it, what it asks, what may be done, and its picture; live until it has ended. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { api, page } from '../connection/paths.js';
import type { RunSummary, StageState } from '../connection/shapes.js';
import { LiveNote } from '../parts/live-note.js';
import { PageFrame } from '../parts/page-frame.js';
import { PayloadView } from '../parts/payload-view.js';
import { ProblemNote } from '../parts/problem-note.js';
import { useLive } from '../state/use-live.js';
import { useNow } from '../state/use-now.js';
import { useRetry } from '../state/use-retry.js';
import { useShownAgain } from '../state/use-shown-again.js';
import { useThrottled } from '../state/use-throttled.js';
import { type Action, actionsOf, signalsOf } from '../words/actions.js';
import { outcomeOf } from '../words/outcome.js';
import { humanName } from '../words/stage-name.js';
import { FINAL } from '../words/status.js';
import { ActionDialog } from './action-dialog.js';
import { HistoryList } from './history-list.js';
import { QuestionList } from './question-list.js';
import { queueOf } from './queue-of.js';
import { RunHead } from './run-head.js';
import { RunTimeline } from './run-timeline.js';
import { inOrder } from './stage-pages.js';
import { useRun } from './use-run.js';
import { useStages } from './use-stages.js';
import { WayTaken } from './way-taken.js';

const REFRESH_MS = 250;
const CLOCK_MS = 200;
const SLOW_CLOCK_MS = 1_000;
/** Of a run that has ended only what was how long ago moves on. */
const STILL_CLOCK_MS = 60_000;

export function RunPage({ id }: { readonly id: string }) {
  const [state, setState] = useState<StageState | ''>('');
  const [action, setAction] = useState<Action>();
  const { run, workflow, problem, refresh: refreshRun } = useRun(id);
  const stages = useStages(id, state);
  const isRouter = workflow?.pattern === 'router' || run?.decision !== undefined;
  const refresh = useThrottled(() => {
    refreshRun();
    stages.refresh();
  }, REFRESH_MS);
  const over = run !== undefined && FINAL.has(run.status);
  useShownAgain(refresh);
  useRetry(problem ?? stages.problem, refresh);
  const live = useLive(over ? undefined : api.events(id), { onEvent: refresh, refresh, isOver: () => over });
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const now = useNow(true, over ? STILL_CLOCK_MS : calm ? SLOW_CLOCK_MS : CLOCK_MS);

  const done = (after: RunSummary) => {
    if (after.id !== id) location.assign(page.run(after.id));
    else refresh();
  };
  const frame = (content: ComponentChildren, title: string) => (
    <PageFrame title={title} at="" live={<LiveNote state={over ? 'ended' : live} />}>
      {content}
    </PageFrame>
  );
  if (!run) return frame(problem ? <ProblemNote problem={problem} /> : <p class="dim">Loading {id}…</p>, id);

  const entries = inOrder(stages.known);
  const { total } = stages.known;
  const signals = over ? [] : signalsOf(entries, (entry) => queueOf(workflow?.shape, entry));
  return frame(
    <>
      {problem && <ProblemNote problem={problem} />}
      <RunHead
        run={run}
        outcome={outcomeOf(
          run,
          stages.loaded ? { total, counts: stages.known.counts, entries } : undefined,
          workflow?.shape,
        )}
        actions={[...signals, ...actionsOf(run, entries)]}
        now={now}
        onChoose={setAction}
      />
      <QuestionList run={run} now={now} onChoose={setAction} />
      {isRouter && (
        <section class="panel" aria-labelledby="way-title">
          <h2 id="way-title">The way it took</h2>
          <WayTaken run={run} entries={stages.loaded ? entries : undefined} now={now} />
        </section>
      )}
      <section class="panel" aria-labelledby="timeline-title">
        <h2 id="timeline-title">Timeline</h2>
        {stages.problem && !problem && <ProblemNote problem={stages.problem} />}
        {stages.loaded && (
          <RunTimeline
            run={run}
            workflow={workflow}
            stages={stages.known}
            chosen={state}
            onChoose={setState}
            want={stages.want}
            now={now}
          />
        )}
        {stages.loaded && total === 0 && <p class="dim">Nothing has begun yet.</p>}
      </section>
      <section class="panel" aria-labelledby="payloads-title">
        <h2 id="payloads-title">Input and output</h2>
        <div class="row align-top">
          <PayloadView path={api.payload(id, 'input')} label="input" />
          {over && <PayloadView path={api.payload(id, 'output')} label="output" />}
        </div>
      </section>
      <HistoryList run={run} now={now} />
      {action && <ActionDialog run={id} action={action} onClose={() => setAction(undefined)} onDone={done} />}
    </>,
    `${humanName(run.workflow)} ${id.slice(-8)}`,
  );
}
