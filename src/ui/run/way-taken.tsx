/** The way that a routed run took, stop by stop, each with the reason for it. */
import type { RunSummary, TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';
import { humanName } from '../words/stage-name.js';
import { lastError, tookMs } from '../words/stage-text.js';
import { evidenceOf } from './evidence.js';
import { FoundWords } from './found-words.js';
import { ScoreList } from './score-list.js';
import { slaOf } from './sla.js';
import { SlaClock } from './sla-clock.js';
import { WayNode } from './way-node.js';

interface WayTakenProps {
  readonly run: RunSummary;
  readonly entries: readonly TimelineEntry[];
  readonly now: number;
}

export function WayTaken({ run, entries, now }: WayTakenProps) {
  const { decision } = run;
  if (!decision) {
    return (
      <ol class="way">
        <WayNode kind="Classifier" title="Not decided yet" state="waiting" />
      </ol>
    );
  }
  const { scores, words, facts } = evidenceOf(decision.evidence);
  const sla = slaOf(decision, run, entries);
  const route = entries.find(({ kind }) => kind === 'route');
  const escalation = entries.find(({ kind }) => kind === 'escalation');
  return (
    <ol class="way">
      <WayNode
        kind="Classifier"
        title={humanName(facts.find(({ name }) => name === 'type')?.value ?? 'Decided')}
        state="completed"
      >
        <ScoreList scores={scores} />
        {scores.every(({ score }) => score === 0) && <p class="dim small">No pattern matched.</p>}
      </WayNode>
      <WayNode kind="Priority" title={humanName(decision.priority.toLowerCase())} state="completed">
        {words.map(({ name, found }) => (
          <FoundWords key={name} name={name} found={found} />
        ))}
        {words.length === 0 && <p class="dim small">No word of urgency was found.</p>}
        {sla ? <SlaClock sla={sla} now={now} /> : <p class="dim small">No SLA for this priority.</p>}
      </WayNode>
      {route ? (
        <WayNode kind="Route" title={humanName(route.name)} state={route.state}>
          <Taken entry={route} now={now} />
        </WayNode>
      ) : (
        <WayNode kind="Route" title={humanName(decision.route)} state="skipped">
          <p class="dim small">
            {decision.escalate === undefined ? 'Not begun yet.' : 'Passed over: straight to a person.'}
          </p>
        </WayNode>
      )}
      {escalation ? (
        <WayNode kind="Escalation" title="To a person" state={escalation.state}>
          {decision.escalatedFor !== undefined && <p>{sentence(decision.escalatedFor)}</p>}
          <Taken entry={escalation} now={now} />
        </WayNode>
      ) : (
        <WayNode kind="Escalation" title="Not needed" state="skipped" />
      )}
    </ol>
  );
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
