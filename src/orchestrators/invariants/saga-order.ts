/** I4: steps in order, undos in the exact reverse of the steps that may have happened, by the run's record and by the ledger. */
import { effectKey } from '../../names.js';
import type { Facts } from '../../ports.js';
import { dueUndos } from '../decide-saga.js';
import type { SagaDefinition } from '../definition.js';
import { undoStage } from '../move.js';
import { statusOf } from '../timeline.js';
import { isFinal } from './ends.js';
import type { History, LedgerRow } from './history.js';
import type { Verdict } from './verdict.js';

const DEFAULT_SKEW_MS = 1_000;

export function checkSagaOrder(history: History, verdict: Verdict): void {
  const rows = rowsByRun(history.ledger ?? []);
  for (const facts of history.runs.values()) {
    const { record } = facts;
    const definition = history.definition(record.workflow, record.version);
    if (definition?.pattern !== 'saga') continue;
    checkForward(definition, facts, history, verdict);
    checkBack(definition, facts, history, verdict);
    for (const of of rows.get(record.id)?.values() ?? []) checkLedgerOrder(definition, record.id, of, verdict);
  }
}

/** A step begins only after the one before it was recorded. */
function checkForward(
  definition: SagaDefinition,
  facts: Facts,
  { skewMs = DEFAULT_SKEW_MS }: History,
  verdict: Verdict,
) {
  const { id: run, intents, done, outcome } = facts.record;
  definition.steps.forEach((step, at) => {
    const intent = intents.get(step.name);
    const before = definition.steps[at - 1];
    if (!intent || !before) return;
    const ended = done.get(before.name);
    const inOrder = ended !== undefined && intent.at >= ended.finishedAt - skewMs;
    const expected = `"${step.name}" to begin after "${before.name}" was recorded`;
    verdict.check(
      'I4',
      run,
      inOrder,
      expected,
      ended ? `${ended.finishedAt - intent.at} ms before` : 'no record of it',
    );
  });
  if (outcome?.status !== 'completed') return;
  const missing = definition.steps.filter((step) => !done.has(step.name)).map((step) => step.name);
  verdict.check('I4', run, missing.length === 0, 'completed: every step recorded', `not ${missing.join(', ')}`);
}

function checkBack(definition: SagaDefinition, facts: Facts, history: History, verdict: Verdict): void {
  const { id: run, intents, done, outcome } = facts.record;
  const skewMs = history.skewMs ?? DEFAULT_SKEW_MS;
  const aside = history.setAside?.get(run);
  const due = dueUndos(definition, facts).map((step) => step.name);
  const begun = definition.steps.map((step) => step.name).filter((step) => intents.has(undoStage(step)));
  const needless = begun.filter((step) => !due.includes(step));
  verdict.check('I4', run, needless.length === 0, 'undos only of steps that may have happened', needless.join(', '));
  if (outcome?.status === 'completed') {
    verdict.check('I4', run, begun.length === 0, 'completed: nothing undone', begun.join(', '));
    return;
  }
  const forward = definition.steps.flatMap((step) => done.get(step.name)?.finishedAt ?? []);
  let previous: { readonly name: string; readonly endedAt: number | undefined } | undefined;
  for (const step of due) {
    const intent = intents.get(undoStage(step));
    if (intent) {
      const after = previous ? previous.endedAt : Math.max(0, ...forward);
      const inOrder = after !== undefined && intent.at >= after - skewMs;
      const what = previous ? `"${previous.name}" was undone` : 'the last step was recorded';
      verdict.check('I4', run, inOrder, `"${step}" undone after ${what}`, after === undefined ? 'not yet' : 'before');
    }
    if (!aside?.has(step)) previous = { name: step, endedAt: done.get(undoStage(step))?.finishedAt };
  }
  if (!isFinal(statusOf(facts))) return;
  const open = due.filter((step) => !done.has(undoStage(step)) && !aside?.has(step));
  verdict.check('I4', run, open.length === 0, `${outcome?.status}: every due undo recorded`, `not ${open.join(', ')}`);
  const isLie = outcome?.status === 'compensated' && due.length === 0;
  verdict.check('I4', run, !isLie, 'compensated only when something was undone', 'no undo was due');
}

/** By run, then by books: rows in the order in which they were written. */
function rowsByRun(ledger: readonly LedgerRow[]): ReadonlyMap<string, ReadonlyMap<string, readonly LedgerRow[]>> {
  const byRun = new Map<string, Map<string, LedgerRow[]>>();
  for (const row of [...ledger].sort((a, b) => a.seq - b.seq)) {
    const run = row.key.slice(0, row.key.indexOf('/'));
    const books = byRun.get(run) ?? new Map<string, LedgerRow[]>();
    books.set(row.books, [...(books.get(row.books) ?? []), row]);
    byRun.set(run, books);
  }
  return byRun;
}

/** What the services saw: steps in order, then undos in reverse. */
function checkLedgerOrder(definition: SagaDefinition, run: string, rows: readonly LedgerRow[], verdict: Verdict): void {
  const names = definition.steps.map((step) => step.name);
  const order = [...names, ...names.map(undoStage).reverse()].map((stage) => effectKey(run, stage, ''));
  const places = rows.map(({ key }) => order.findIndex((prefix) => key.startsWith(prefix))).filter((at) => at >= 0);
  const sorted = places.every((place, at) => at === 0 || place >= (places[at - 1] ?? 0));
  verdict.check('I4', run, sorted, 'the ledger in the order of the steps', rows.map(({ key }) => key).join(', '));
}
