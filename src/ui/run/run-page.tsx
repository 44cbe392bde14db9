/** One run: what became of it, what it asks, what may be done, and its picture; live until it has ended. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api, page } from '../connection/paths.js';
import type { ApiProblem } from '../connection/request.js';
import type { RunSummary, StageState } from '../connection/shapes.js';
import { LiveNote } from '../parts/live-note.js';
import { PageFrame } from '../parts/page-frame.js';
import { PayloadView } from '../parts/payload-view.js';
import { ProblemNote } from '../parts/problem-note.js';
import { useKeptFocus } from '../state/use-kept-focus.js';
import { useLive } from '../state/use-live.js';
import { useNow } from '../state/use-now.js';
import { useShownAgain } from '../state/use-shown-again.js';
import { useThrottled } from '../state/use-throttled.js';
import { type Action, actionsOf, isOffered, type KnownRun, signalsOf } from '../words/actions.js';
import { outcomeOf } from '../words/outcome.js';
import { humanName } from '../words/stage-name.js';
import { FINAL } from '../words/status.js';
import { ActionDialog } from './action-dialog.js';
import { HistoryList } from './history-list.js';
import { NoRun } from './no-run.js';
import { QuestionList } from './question-list.js';
import { RunHead } from './run-head.js';
import { RunTimeline } from './run-timeline.js';
import { inOrder, NO_STAGES } from './stage-pages.js';
import { useRun } from './use-run.js';
import { useStages } from './use-stages.js';
import { WayTaken } from './way-taken.js';

const REFRESH_MS = 250;
const CLOCK_MS = 200;
const SLOW_CLOCK_MS = 1_000;
const OUTCOME = 'outcome';
/** Of a run that has ended only what was how long ago moves on. */
const STILL_CLOCK_MS = 60_000;

export function RunPage({ id }: { readonly id: string }) {
  const [state, setState] = useState<StageState | ''>('');
  const [action, setAction] = useState<Action>();
  const [late, setLate] = useState<ApiProblem>();
  const { run, workflow, readOnly, problem, refresh: refreshRun } = useRun(id);
  const stages = useStages(id, state);
  const isRouter = workflow?.pattern === 'router' || run?.decision !== undefined;
  const refresh = useThrottled(() => {
    refreshRun();
    stages.refresh();
  }, REFRESH_MS);
  const over = run !== undefined && FINAL.has(run.status);
  useShownAgain(refresh);
  const live = useLive(over ? undefined : api.events(id), { onEvent: refresh, refresh, isOver: () => over });
  const isBehind = over && stages.all?.finishedAt === null;
  useEffect(() => {
    // The stages were read before the run had ended: no event will come any more by which they would be read again.
    if (isBehind) stages.refresh();
  }, [isBehind, stages.refresh]);
  useKeptFocus(OUTCOME);
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
  if (!run) return frame(problem ? <NoRun id={id} problem={problem} /> : <p class="dim">Loading {id}…</p>, id);

  const { all } = stages;
  const entries = inOrder(all ?? NO_STAGES);
  const known: KnownRun = { run, entries, counts: all?.counts, shape: workflow?.shape };
  const signals = over ? [] : signalsOf(known);
  const choose = (chosen: Action) => {
    setLate(undefined);
    setAction(chosen);
  };
  return frame(
    <>
      {problem && <ProblemNote problem={problem} />}
      {late && <ProblemNote problem={late} />}
      <RunHead
        run={run}
        outcome={outcomeOf(run, all && { total: all.total, counts: all.counts, entries }, workflow?.shape)}
        outcomeId={OUTCOME}
        actions={readOnly ? [] : [...signals, ...actionsOf(known)]}
        now={now}
        onChoose={choose}
      />
      <QuestionList known={known} readOnly={readOnly} now={now} onChoose={choose} />
      {isRouter && (
        <section class="panel" aria-labelledby="way-title">
          <h2 id="way-title">The way it took</h2>
          <WayTaken run={run} entries={all ? entries : undefined} now={now} />
        </section>
      )}
      <section class="panel" aria-labelledby="timeline-title">
        <h2 id="timeline-title">Timeline</h2>
        {stages.problem && !problem && <ProblemNote problem={stages.problem} />}
        {all && (
          <RunTimeline
            run={run}
            workflow={workflow}
            stages={stages.shown}
            chosen={state}
            onChoose={setState}
            want={stages.want}
            now={now}
          />
        )}
        {all?.total === 0 && <p class="dim">Nothing has begun yet.</p>}
      </section>
      <section class="panel" aria-labelledby="payloads-title">
        <h2 id="payloads-title">Input and output</h2>
        <div class="row align-top">
          <PayloadView path={api.payload(id, 'input')} label="input" />
          {over && <PayloadView path={api.payload(id, 'output')} label="output" />}
        </div>
      </section>
      <HistoryList run={run} now={now} />
      {action && (
        <ActionDialog
          run={id}
          action={action}
          isOffered={isOffered(action, known)}
          onClose={() => setAction(undefined)}
          onDone={done}
          onLate={setLate}
        />
      )}
    </>,
    `${humanName(run.workflow)} ${id.slice(-8)}`,
  );
}
