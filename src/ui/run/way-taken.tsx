/** The way that a routed run took, stop by stop, each with the reason for it as far as there is one. */
import type { RoutingDecision, RunSummary, TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';
import { humanName } from '../words/stage-name.js';
import { lastError, tookMs } from '../words/stage-text.js';
import { FINAL, type ShownStatus } from '../words/status.js';
import { evidenceOf } from './evidence.js';
import { EvidenceView } from './evidence-view.js';
import { FoundWords } from './found-words.js';
import { slaOf } from './sla.js';
import { SlaClock } from './sla-clock.js';
import { WayNode } from './way-node.js';

interface WayTakenProps {
  readonly run: RunSummary;
  /** Undefined until they are known. */
  readonly entries: readonly TimelineEntry[] | undefined;
  readonly now: number;
}

/** The member of the evidence that names what the classifier took the input for. */
const TYPE = 'type';

export function WayTaken({ run, entries, now }: WayTakenProps) {
  const { decision } = run;
  if (!decision) return <Undecided status={run.status} />;
  const evidence = evidenceOf(decision.evidence, decision.route);
  const type = evidence.facts.find(({ name }) => name === TYPE)?.value;
  const sla = slaOf(decision, run, entries);
  const route = entries?.find(({ kind }) => kind === 'route');
  const escalation = entries?.find(({ kind }) => kind === 'escalation');
  return (
    <ol class="way">
      <WayNode kind="Classifier" title={humanName(type ?? decision.route)} state="completed">
        <EvidenceView evidence={{ ...evidence, facts: evidence.facts.filter(({ name }) => name !== TYPE) }} />
      </WayNode>
      <WayNode kind="Priority" title={humanName(decision.priority.toLowerCase())} state="completed">
        {evidence.words.map(({ name, found }) => (
          <FoundWords key={name} name={name} found={found} />
        ))}
        {sla ? <SlaClock sla={sla} now={now} /> : <p class="dim small">No SLA for this priority.</p>}
      </WayNode>
      {route ? (
        <WayNode kind="Route" title={humanName(route.name)} state={route.state}>
          <Taken entry={route} now={now} />
        </WayNode>
      ) : (
        <NoRoute
          decision={decision}
          run={run}
          isKnown={entries !== undefined}
          isPassedOver={escalation !== undefined}
        />
      )}
      {escalation ? (
        <WayNode kind="Escalation" title="To a person" state={escalation.state}>
          {decision.escalatedFor !== undefined && <p>{sentence(decision.escalatedFor)}</p>}
          <Taken entry={escalation} now={now} />
        </WayNode>
      ) : (
        <NoEscalation run={run} isKnown={entries !== undefined} />
      )}
    </ol>
  );
}

/** A run whose classifier threw has ended without a decision. */
function Undecided({ status }: Pick<RunSummary, 'status'>) {
  const over = FINAL.has(status);
  const state: ShownStatus = !over ? 'waiting' : status === 'failed' ? 'failed' : 'skipped';
  return (
    <ol class="way">
      <WayNode kind="Classifier" title={over ? 'Ended undecided' : 'Not decided yet'} state={state} />
    </ol>
  );
}

interface NoRouteProps {
  readonly decision: RoutingDecision;
  readonly run: RunSummary;
  readonly isKnown: boolean;
  readonly isPassedOver: boolean;
}

function NoRoute({ decision, run, isKnown, isPassedOver }: NoRouteProps) {
  const title = humanName(decision.route);
  if (!isKnown) return <WayNode kind="Route" title={title} state={undefined} />;
  const why = isPassedOver
    ? 'Passed over: straight to a person.'
    : FINAL.has(run.status)
      ? 'Never begun.'
      : 'Not begun yet.';
  return (
    <WayNode kind="Route" title={title} state="skipped">
      <p class="dim small">{why}</p>
    </WayNode>
  );
}

/** Whether somebody is asked is settled when the run has ended. */
function NoEscalation({ run, isKnown }: { readonly run: RunSummary; readonly isKnown: boolean }) {
  if (!isKnown) return <WayNode kind="Escalation" title="Not known yet" state={undefined} />;
  if (!FINAL.has(run.status)) return <WayNode kind="Escalation" title="Not so far" state="skipped" />;
  const isAnswered = run.status === 'completed' || run.status === 'partial';
  return <WayNode kind="Escalation" title={isAnswered ? 'Not needed' : 'Nobody was asked'} state="skipped" />;
}

function Taken({ entry, now }: { readonly entry: TimelineEntry; readonly now: number }) {
  const took = tookMs(entry, now);
  const error = entry.state === 'completed' ? undefined : lastError(entry);
  return (
    <>
      {took !== undefined && <p class="number small">{durationText(took)}</p>}
      {error !== undefined && <p class="bad small">{error}</p>}
    </>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
