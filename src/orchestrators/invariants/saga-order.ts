/** I4: steps in order, undos in the exact reverse of the steps that may have happened, by the run's record and by the ledger. */

import { type EffectDone, type Facts, isFinalStatus } from '../../facts.js';
import { effectKey } from '../../names.js';
import { dueUndos } from '../decide-saga.js';
import type { SagaDefinition } from '../definition.js';
import { undoStage } from '../move.js';
import { statusOf } from '../timeline.js';
import type { History, LedgerRow } from './history.js';
import type { Verdict } from './verdict.js';

const DEFAULT_SKEW_MS = 1_000;

export function checkSagaOrder(history: History, verdict: Verdict): void {
  const rows = rowsByRun(history.ledger ?? []);
  for (const facts of history.runs.values()) {
    const { record } = facts;
    const definition = history.definition(record.workflow, record.version);
    if (definition?.pattern !== 'saga') continue;
    if (!history.mayHaveForgotten) checkIntents(definition, facts, verdict);
    checkForward(definition, facts, history, verdict);
    checkBack(definition, facts, history, verdict);
    for (const of of rows.get(record.id)?.values() ?? []) checkLedgerOrder(definition, record.id, of, verdict);
  }
}

/**
 * An end has an intent before it, or a worker that dies in between leaves an effect of which nobody knows. A stage that waits is
 * answered without one, and so is one that a person has answered for: it may never have come as far.
 */
function checkIntents(definition: SagaDefinition, { record }: Facts, verdict: Verdict): void {
  const { id: run, intents, done, words } = record;
  const resolved = new Set(words.flatMap(({ command, stage }) => (command === 'resolve' && stage ? [stage] : [])));
  const stages = definition.steps.flatMap((step) => [
    ...(step.run.waits ? [] : [step.name]),
    ...(step.undo?.run.waits ? [] : [undoStage(step.name)]),
  ]);
  for (const stage of stages) {
    if (!done.has(stage) || resolved.has(stage)) continue;
    verdict.check('I4', run, intents.has(stage), `"${stage}" done only after its intent was recorded`, 'no intent');
  }
}

/**
 * A step begins only after the one before it was recorded. Times are compared by their ends alone: an end is stamped after
 * the effect and before its record, while a start is stamped before Redis is asked for the job, which a process that
 * freezes in between may ask much later.
 */
function checkForward(definition: SagaDefinition, facts: Facts, history: History, verdict: Verdict): void {
  const { id: run, intents, done, outcome } = facts.record;
  definition.steps.forEach((step, at) => {
    const before = definition.steps[at - 1];
    if (!before || !intents.has(step.name)) return;
    const expected = `"${step.name}" only after "${before.name}" was recorded`;
    verdict.check('I4', run, done.has(before.name), expected, 'no record of it');
    checkEnds(verdict, run, expected, [done.get(before.name), done.get(step.name)], history);
  });
  if (outcome?.status !== 'completed') return;
  const missing = definition.steps.filter((step) => !done.has(step.name)).map((step) => step.name);
  verdict.check('I4', run, missing.length === 0, 'completed: every step recorded', `not ${missing.join(', ')}`);
}

function checkEnds(
  verdict: Verdict,
  run: string,
  expected: string,
  [first, second]: readonly [EffectDone | undefined, EffectDone | undefined],
  { skewMs = DEFAULT_SKEW_MS }: History,
): void {
  if (!first || !second) return;
  const early = first.finishedAt - second.finishedAt;
  verdict.check('I4', run, early <= skewMs, expected, `it ended ${early} ms before`);
}

function checkBack(definition: SagaDefinition, facts: Facts, history: History, verdict: Verdict): void {
  const { id: run, intents, done, outcome } = facts.record;
  const aside = history.setAside?.get(run);
  const due = dueUndos(definition, facts).map((step) => step.name);
  const begun = definition.steps.map((step) => step.name).filter((step) => intents.has(undoStage(step)));
  const needless = begun.filter((step) => !due.includes(step));
  verdict.check('I4', run, needless.length === 0, 'undos only of steps that may have happened', needless.join(', '));
  if (outcome?.status === 'completed') {
    verdict.check('I4', run, begun.length === 0, 'completed: nothing undone', begun.join(', '));
    return;
  }
  // What must be recorded before the next undo: every step that ever will be, then the undos, last step first.
  let previous = { name: 'the last step', ends: definition.steps.flatMap((step) => done.get(step.name) ?? []) };
  for (const step of due) {
    const expected = `"${step}" undone only after ${previous.name} was recorded`;
    const own = done.get(undoStage(step));
    if (intents.has(undoStage(step))) {
      const recorded = previous.name === 'the last step' || previous.ends.length > 0;
      verdict.check('I4', run, recorded, expected, 'no record of it');
      for (const end of previous.ends) checkEnds(verdict, run, expected, [end, own], history);
    }
    if (!aside?.has(step)) previous = { name: `the undo of "${step}"`, ends: own ? [own] : [] };
  }
  if (!isFinalStatus(statusOf(facts))) return;
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
