/**
 * The one checker of what Switchyard promises about a history of runs. Pure: the tests' chaos suite and whoever examines
 * a Redis give it what they know, and it says which invariant does not hold, for which run, and why.
 *
 * It errs on the side of silence where witnesses cannot tell (a write that was sent before a newer attempt began, clocks
 * that differ by less than the skew): what it reports is wrong for certain.
 */
import { checkEnds, checkTellings } from './ends.js';
import { checkFence } from './fence.js';
import type { History } from './history.js';
import { checkReplay } from './replay.js';
import { checkResults } from './results.js';
import { checkRouting } from './routing.js';
import { checkSagaOrder } from './saga-order.js';
import { checkMoney, checkRemains, checkStock } from './totals.js';
import { Verdict } from './verdict.js';

export function checkHistory(history: History): Pick<Verdict, 'violations' | 'checked'> {
  const verdict = new Verdict();
  checkEnds(history, verdict);
  checkMoney(history, verdict);
  checkStock(history, verdict);
  checkSagaOrder(history, verdict);
  checkResults(history, verdict);
  checkReplay(history, verdict);
  checkFence(history, verdict);
  checkTellings(history, verdict);
  checkRemains(history, verdict);
  checkRouting(history, verdict);
  return verdict;
}
