/** I5: a fan-out holds one outcome for each planned branch, and none else. */
import type { Facts } from '../../facts.js';
import { planBranches } from '../decide-fan-out.js';
import type { FanOutDefinition, ListFanOutDefinition } from '../definition.js';
import type { History } from './history.js';
import type { Verdict } from './verdict.js';

export function checkResults(history: History, verdict: Verdict): void {
  for (const facts of history.runs.values()) {
    const { workflow, version, outcome } = facts.record;
    const definition = history.definition(workflow, version);
    if (definition?.pattern !== 'fan-out' && definition?.pattern !== 'list') continue;
    // A run that was cancelled, or whose definition cannot plan it, has branches without an outcome by right.
    if (outcome === undefined || outcome.status === 'cancelled' || outcome.error?.code === 'INVALID_DEFINITION')
      continue;
    checkBranches(definition, facts, history, verdict);
  }
}

function checkBranches(
  definition: FanOutDefinition | ListFanOutDefinition,
  { record, stages }: Facts,
  { outcomesIn }: History,
  verdict: Verdict,
): void {
  const { id: run, outcome } = record;
  const plan = planBranches(definition, record.input);
  const planned = new Set(plan.filter((branch) => branch.skipped === undefined).map((branch) => branch.stage));
  const ended = [...planned].filter((stage) => ['done', 'failed'].includes(stages.get(stage)?.state ?? ''));
  verdict.check('I5', run, ended.length === planned.size, `${planned.size} branches ended`, `${ended.length}`);
  const unplanned = [...stages.keys()].filter((stage) => !planned.has(stage));
  verdict.check('I5', run, unplanned.length === 0, 'no branch that is not planned', unplanned.join(', '));
  const held = outcome?.output === undefined ? undefined : outcomesIn?.(record.workflow, outcome.output);
  if (held !== undefined) verdict.check('I5', run, held === plan.length, `${plan.length} outcomes`, `${held}`);
}
