/** I2 money and I3 stock, from books outside of the system; I9 what is left over. */
import { isFinalStatus, type RunStatus } from '../../facts.js';
import { statusOf } from '../timeline.js';
import { acceptedRuns } from './ends.js';
import type { History, Movement } from './history.js';
import type { Verdict } from './verdict.js';

export function checkMoney(history: History, verdict: Verdict): void {
  const { money } = history;
  if (!money) return;
  const byRun = new Map<string, Movement[]>();
  for (const movement of money.movements) byRun.set(movement.run, [...(byRun.get(movement.run) ?? []), movement]);
  for (const [run, due] of money.due) checkRunsMoney(history, verdict, run, due, byRun.get(run) ?? []);
  for (const run of byRun.keys()) {
    // A submission whose answer was lost may have been accepted all the same: then its record says so.
    const known = money.due.has(run) || acceptedRuns(history).has(run) || history.runs.has(run);
    verdict.check('I2', run, known, 'no movement of money without a run', `${byRun.get(run)?.length} movements`);
  }
}

function checkRunsMoney(
  { runs }: History,
  verdict: Verdict,
  run: string,
  due: number,
  movements: readonly Movement[],
): void {
  const facts = runs.get(run);
  if (!facts) return;
  const status = statusOf(facts);
  const charges = movements.filter(({ kind }) => kind === 'charge');
  const refunds = movements.filter(({ kind }) => kind === 'refund');
  const found = `${charges.length} charges, ${refunds.length} refunds`;
  const { holds, expected } = moneyRule(status, charges.length, refunds.length);
  verdict.check('I2', run, holds, `${status}: ${expected}`, found);
  const wrong = movements.filter(({ amountMinor }) => amountMinor !== due);
  verdict.check('I2', run, wrong.length === 0, `movements of ${due}`, wrong.map((m) => m.amountMinor).join(', '));
}

function moneyRule(status: RunStatus, charges: number, refunds: number): { holds: boolean; expected: string } {
  if (status === 'completed') return { holds: charges === 1 && refunds === 0, expected: '1 charge, 0 refunds' };
  if (isFinalStatus(status))
    return { holds: charges === refunds && charges <= 1, expected: 'as many refunds as charges, at most 1' };
  return { holds: charges <= 1 && refunds <= charges, expected: 'at most 1 charge, no more refunds than charges' };
}

export function checkStock({ stock = [], runs }: History, verdict: Verdict): void {
  for (const { item, before, after, ordered } of stock) {
    let [sold, open] = [0, 0];
    for (const [run, pieces] of ordered) {
      const facts = runs.get(run);
      const status = facts && statusOf(facts);
      if (status === 'completed') sold += pieces;
      // Whether an order that has not ended has taken its pieces is not told by its status.
      else if (status !== undefined && !isFinalStatus(status)) open += pieces;
    }
    const gone = before - after;
    const expected = open === 0 ? `${sold} gone of "${item}"` : `${sold} to ${sold + open} gone of "${item}"`;
    verdict.check('I3', undefined, gone >= sold && gone <= sold + open, expected, `${gone} gone`);
  }
}

export function checkRemains({ remains = [] }: History, verdict: Verdict): void {
  for (const { what, before, after, tolerance = 0 } of remains) {
    const limit = before + tolerance;
    verdict.check('I9', undefined, after <= limit, `at most ${limit} ${what}, as before`, `${after}`);
  }
}
