/**
 * `order`: account, payment, notification, stock, label; and back again, in reverse, when one of them cannot be done.
 *
 * Every undo's arguments come from the order and the effect's key alone. They are stored before the effect, so an effect
 * whose answer was lost can be undone all the same.
 */
import { createHash } from 'node:crypto';
import type { FinalStatus } from '../facts.js';
import { type SagaSummary, tasksOf } from '../orchestrators/definition.js';
import { defineSaga } from '../orchestrators/saga.js';
import { type Order, orderInput } from './order-input.js';
import { cancellation, confirmation } from './order-messages.js';
import * as tasks from './order-tasks.js';

/** What the undo of each step is called. */
const UNDO_NAMES = {
  create_user_account: 'delete_user_account',
  charge_payment: 'refund_payment',
  send_notification: 'send_cancellation_notification',
  update_inventory: 'restore_inventory',
  create_shipping_label: 'cancel_shipping_label',
} as const;

type StepName = keyof typeof UNDO_NAMES;
type UndoName = (typeof UNDO_NAMES)[StepName];

export interface OrderOutput {
  readonly success: boolean;
  /** The run's id. */
  readonly transactionId: string;
  /** `compensated` only when every undo that was due is recorded as done. */
  readonly finalStatus: FinalStatus;
  readonly executedSteps: readonly string[];
  readonly failedSteps: readonly string[];
  /** Attempts beyond the first, over all steps and undos. */
  readonly recoveryAttempts: number;
  /** Undos done, in the order in which they were. */
  readonly compensationActions: readonly UndoName[];
  /** Each recorded step's answer, by step. */
  readonly stepResults: Readonly<Record<string, unknown>>;
}

/** The new user's id, made of the step's key: known before the insert, the same on every attempt, one per run. */
function userId(key: string): string {
  return `user-${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}

function userRow({ customer }: Order, key: string): Record<string, string> {
  return { id: userId(key), name: customer.name, email: customer.email };
}

/** The order's pieces as changes of the stock: −1 takes them, +1 puts the same ones back. */
function stockChanges({ items }: Order, sign: 1 | -1) {
  return {
    table: 'inventory',
    column: 'quantity',
    changes: items.map(({ sku, quantity }) => ({ id: sku, by: sign * quantity })),
  };
}

function isStep(name: string): name is StepName {
  return Object.hasOwn(UNDO_NAMES, name);
}

function output(summary: SagaSummary<Order>): OrderOutput {
  return {
    success: summary.status === 'completed',
    transactionId: summary.run,
    finalStatus: summary.status,
    executedSteps: summary.executed,
    failedSteps: summary.failed,
    recoveryAttempts: summary.retries,
    compensationActions: summary.undone.filter(isStep).map((step) => UNDO_NAMES[step]),
    stepResults: summary.outputs,
  };
}

/** Input: see {@link orderInput}; output {@link OrderOutput}. */
export const order = defineSaga({ name: 'order', input: orderInput })
  .step('create_user_account', tasks.insertRow, {
    with: ({ input, key }) => ({ table: 'users', data: userRow(input, key) }),
    undo: [tasks.deleteRow, ({ key }) => ({ table: 'users', id: userId(key), undoOf: key })],
  })
  .step('charge_payment', tasks.chargePayment, {
    with: ({ input, run }) => ({
      orderId: run,
      customer: input.customer.id ?? input.customer.email,
      amountMinor: input.amountMinor,
      currency: input.currency,
    }),
    undo: [
      tasks.refundPayment,
      ({ input, key }) => ({ paymentKey: key, amountMinor: input.amountMinor, currency: input.currency }),
    ],
  })
  .step('send_notification', tasks.sendNotification, {
    with: ({ input, run }) => confirmation(input, run),
    undo: [tasks.sendCancellation, ({ input, key, run }) => ({ ...cancellation(input, run), notificationKey: key })],
  })
  .step('update_inventory', tasks.takeStock, {
    with: ({ input }) => stockChanges(input, -1),
    undo: [tasks.restoreStock, ({ input, key }) => ({ ...stockChanges(input, 1), undoOf: key })],
  })
  .step('create_shipping_label', tasks.createLabel, {
    with: ({ input: { address, customer }, run }) => ({
      orderId: run,
      address: { ...address, name: address.name ?? customer.name },
    }),
    undo: [tasks.cancelLabel, ({ key }) => ({ labelKey: key })],
  })
  .returns((_done, summary) => output(summary));

export const orderTasks = tasksOf(order);
