import type { Evidence } from './evidence.js';
import { memberName } from './member-name.js';
import { ScoreList } from './score-list.js';

/** Why the classifier decided so, as it said itself: no more than that, and all of it. */
export function EvidenceView({ evidence: { scores, facts, rest, isHidden } }: { readonly evidence: Evidence }) {
  return (
    <>
      {scores.map(({ name, of }) => (
        <div key={name} class="score-set">
          {scores.length > 1 && <p class="dim small">{memberName(name)}</p>}
          <ScoreList scores={of} />
          {of.every(({ score }) => score === 0) && <p class="dim small">All of them are 0: nothing matched.</p>}
        </div>
      ))}
      {facts.length > 0 && (
        <dl class="evidence small">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{memberName(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {Object.keys(rest).length > 0 && (
        <details class="small">
          <summary>More of its evidence</summary>
          <pre>{JSON.stringify(rest, undefined, 2)}</pre>
        </details>
      )}
      {isHidden && <p class="dim small">This server shows no payloads, and the reasons are among them.</p>}
    </>
  );
}
