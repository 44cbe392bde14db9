import { page } from '../connection/paths.js';
import type { RunSummary } from '../connection/shapes.js';
import { CopyId } from '../parts/copy-id.js';
import { Moment } from '../parts/moment.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useSpoken } from '../state/use-spoken.js';
import type { Action } from '../words/actions.js';
import { durationText } from '../words/duration.js';
import type { Outcome } from '../words/outcome.js';
import { humanName } from '../words/stage-name.js';
import { FINAL } from '../words/status.js';
import { ActionButtons } from './action-buttons.js';
import { CallbackFact } from './callback-fact.js';

interface RunHeadProps {
  readonly run: RunSummary;
  readonly outcome: Outcome;
  /** Of the outcome, for what must give the focus to somebody. */
  readonly outcomeId: string;
  readonly actions: readonly Action[];
  readonly now: number;
  readonly onChoose: (action: Action) => void;
}

const MOVING: ReadonlySet<RunSummary['status']> = new Set(['queued', 'running', 'compensating']);

export function RunHead({ run, outcome, outcomeId, actions, now, onChoose }: RunHeadProps) {
  const ended = FINAL.has(run.status);
  const spoken = useSpoken(outcome.sentence, run.status, MOVING.has(run.status));
  return (
    <header class="run-head">
      <p class="crumbs">
        <a href={page.runs()}>Runs</a> / <a href={page.runs({ workflow: run.workflow })}>{run.workflow}</a>
      </p>
      <div class="run-title">
        <h1>{humanName(run.workflow)}</h1>
        <StatusBadge status={run.status} large />
        <ActionButtons actions={actions} onChoose={onChoose} />
      </div>
      <p class="sr-only" role="status">
        {spoken}
      </p>
      <div class="outcome" id={outcomeId} tabIndex={-1}>
        <p>{outcome.sentence}</p>
        {outcome.because !== undefined && !run.questions && <p class="because">{outcome.because}</p>}
      </div>
      <dl class="facts">
        <div>
          <dt>Accepted</dt>
          <dd>
            <Moment at={run.createdAt} now={now} />
          </dd>
        </div>
        <div>
          <dt>{ended ? 'Took' : 'So far'}</dt>
          <dd class="number">{durationText((run.finishedAt ?? now) - run.createdAt)}</dd>
        </div>
        {run.parent !== undefined && (
          <div>
            <dt>Stands for {humanName(run.parent.stage)} of</dt>
            <dd>
              <a href={page.run(run.parent.run)}>
                <code>{run.parent.run}</code>
              </a>
            </dd>
          </div>
        )}
        {run.retryOf !== undefined && (
          <div>
            <dt>Repeats</dt>
            <dd>
              <a href={page.run(run.retryOf)}>
                <code>{run.retryOf}</code>
              </a>
            </dd>
          </div>
        )}
        <div>
          <dt>Run</dt>
          <dd>
            <CopyId id={run.id} label="the run's id" />
          </dd>
        </div>
        {run.tags && (
          <div>
            <dt>Tags</dt>
            <dd class="row">
              {Object.entries(run.tags).map(([name, value]) => (
                <a key={name} href={page.runs({ tag: `${name}=${value}` })}>
                  {name}={value}
                </a>
              ))}
            </dd>
          </div>
        )}
        {run.callback && <CallbackFact callback={run.callback} ended={ended} now={now} />}
        <div>
          <dt>In Bull Board</dt>
          <dd>
            <a href={page.job('runs', run.id)}>Root job</a>
          </dd>
        </div>
      </dl>
    </header>
  );
}
