import { newRunId } from '../../names.js';
import { order } from '../../workflows/index.js';
import { tableLines } from '../render/table.js';
import { type Books, booksRows, moneyText, readBooks } from './books.js';
import { outputOf, type Scenario, unmet } from './scenario.js';
import { LAMPS, ORDERS } from './script.js';
import type { Show } from './show.js';

/** The run that a key leads to, before it exists: its books can then be read before, too. */
export function orderRun(key: string): string {
  return newRunId(order.name, key, 0);
}

export function showBooks(show: Show, before: Books, after: Books): void {
  const [heading = '', ...rows] = tableLines(booksRows(before, after, LAMPS.name));
  show.line();
  show.lines([show.colors.dim(heading), ...rows]);
}

/** What the books say of an order that was carried out once, wholly. */
export function carriedOut(before: Books, after: Books, amountMinor: number): Readonly<Record<string, boolean>> {
  return {
    'there is one charge, of the order’s amount': after.charges === 1 && after.chargedMinor === amountMinor,
    'nothing was paid back': after.refundedMinor === 0,
    'the pieces are off the shelf': after.stock === before.stock - LAMPS.quantity,
    'the label exists': after.label === 'created',
    'the customer was told': after.notification === 'queued',
    'there is one more account': after.accounts === before.accounts + 1,
  };
}

export const delivered: Scenario = {
  title: 'order: account, payment, mail, stock, label',
  story: `${ORDERS.completed.customer.name} in ${ORDERS.completed.address.city} orders ${LAMPS.quantity} desk lamps.`,
  async play({ sy, tools }, show) {
    const key = 'demo-completed';
    const before = await readBooks(tools, orderRun(key), LAMPS.sku);
    const run = await show.watch(await sy.start(order, ORDERS.completed, { key }));
    const after = await readBooks(tools, run.id, LAMPS.sku);
    showBooks(show, before, after);
    return {
      runs: [run],
      complaints: unmet({
        'the run is completed': run.status === 'completed',
        ...carriedOut(before, after, ORDERS.completed.amountMinor),
      }),
      sentence: `${ORDERS.completed.customer.name} paid ${moneyText(after.chargedMinor)} once; the ${LAMPS.quantity} lamps are off the shelf (${before.stock} → ${after.stock}) and have a shipping label.`,
    };
  },
};

export const refused: Scenario = {
  title: 'order: the carrier refuses, and everything is undone',
  story: `${ORDERS.refused.customer.name} orders to ${ORDERS.refused.address.city}, where no carrier goes. By then the money is charged.`,
  async play({ sy, tools }, show) {
    const key = 'demo-refused';
    const before = await readBooks(tools, orderRun(key), LAMPS.sku);
    const run = await show.watch(await sy.start(order, ORDERS.refused, { key }));
    const after = await readBooks(tools, run.id, LAMPS.sku);
    showBooks(show, before, after);
    const undone = run.timeline.filter(({ kind }) => kind === 'undo');
    const steps = run.timeline.filter(({ kind }) => kind === 'step');
    const reverse = steps.map(({ name }) => `${name}.undo`).reverse();
    return {
      runs: [run],
      complaints: unmet({
        'the run is compensated': run.status === 'compensated' && outputOf(run)?.finalStatus === 'compensated',
        'every step is undone, in reverse': undone.map(({ name }) => name).join() === reverse.join(),
        'the money was charged once and paid back': after.charges === 1 && after.refundedMinor === after.chargedMinor,
        'the pieces are back on the shelf': after.stock === before.stock,
        'there is no label': after.label === 'none',
        'the confirmation was taken back': after.notification === 'cancelled',
        'the account is gone': after.accounts === before.accounts,
      }),
      sentence: `The carrier refused the parcel. ${ORDERS.refused.customer.name} got ${moneyText(after.refundedMinor)} back and a second mail that says so, the ${LAMPS.quantity} lamps are on the shelf again, and the new account is gone.`,
    };
  },
};
