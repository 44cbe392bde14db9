/** I10: routing is the same for one version of the rules, and a run takes the route that was decided. */
import { canonicalJson } from '../../canonical-json.js';
import type { Classification } from '../definition.js';
import { attentionStage, ESCALATION } from '../move.js';
import type { History } from './history.js';
import type { Verdict } from './verdict.js';

export function checkRouting(history: History, verdict: Verdict): void {
  const decided = new Map<string, { readonly run: string; readonly decision: string }>();
  for (const { record, stages } of history.runs.values()) {
    const definition = history.definition(record.workflow, record.version);
    if (definition?.pattern !== 'router' || record.decision === undefined) continue;
    const decision = record.decision as Classification;
    const taken = [...stages.keys()].filter((stage) => stage !== ESCALATION && !stage.endsWith(attentionStage('')));
    const strays = taken.filter((stage) => stage !== decision.route);
    verdict.check('I10', record.id, strays.length === 0, `only the route "${decision.route}"`, strays.join(', '));
    const query = `${record.workflow} ${record.version} ${canonicalJson(record.input)}`;
    const text = canonicalJson(decision);
    const first = decided.get(query);
    if (!first) decided.set(query, { run: record.id, decision: text });
    else
      verdict.check('I10', record.id, first.decision === text, `decided as ${first.run} was: ${first.decision}`, text);
  }
}
