/**
 * The tools behind `order`: five effects and five undos. Each takes our key as `idempotencyKey` and honours it, so an
 * attempt whose answer was lost is simply made again; each undo names the key of the effect that it takes back, so it
 * works whether or not the effect's answer ever arrived, and bars an effect that would come later.
 */
import { z } from 'zod';
import { UNDO_ATTEMPTS } from '../config.js';
import { mcpTask } from '../task.js';
import { shippedContracts } from './capabilities.js';

/** A failed step is tried again up to three times, alone. */
const STEP = {
  key: 'idempotencyKey',
  attempts: 4,
  timeout: '30s',
  backoff: { initial: '500ms', factor: 2, max: '10s' },
} as const;

const UNDO = { ...STEP, attempts: UNDO_ATTEMPTS } as const;

const undoOf = z.string();
const message = { to: z.string(), subject: z.string(), body: z.string() };
const adjustment = {
  table: z.string(),
  column: z.string(),
  changes: z.array(z.object({ id: z.string(), by: z.int() })),
};
const money = { amountMinor: z.int(), currency: z.string() };

export const insertRow = mcpTask('database.insert', {
  ...STEP,
  input: z.object({ table: z.string(), data: z.record(z.string(), z.string()) }),
  output: shippedContracts['database.insert'].output,
});

export const deleteRow = mcpTask('database.delete', {
  ...UNDO,
  input: z.object({ table: z.string(), id: z.string(), undoOf }),
  output: shippedContracts['database.delete'].output,
});

export const chargePayment = mcpTask('commerce.charge_payment', {
  ...STEP,
  input: z.object({ orderId: z.string(), customer: z.string(), ...money }),
  output: shippedContracts['commerce.charge_payment'].output,
});

export const refundPayment = mcpTask('commerce.refund_payment', {
  ...UNDO,
  input: z.object({ paymentKey: z.string(), ...money }),
  output: shippedContracts['commerce.refund_payment'].output,
});

export const sendNotification = mcpTask('commerce.send_notification', {
  ...STEP,
  input: z.object(message),
  output: shippedContracts['commerce.send_notification'].output,
});

export const sendCancellation = mcpTask('commerce.send_cancellation_notification', {
  ...UNDO,
  input: z.object({ ...message, notificationKey: z.string() }),
  output: shippedContracts['commerce.send_cancellation_notification'].output,
});

export const takeStock = mcpTask('database.adjust', {
  ...STEP,
  input: z.object(adjustment),
  output: shippedContracts['database.adjust'].output,
});

export const restoreStock = mcpTask('database.adjust', {
  ...UNDO,
  input: z.object({ ...adjustment, undoOf }),
  output: shippedContracts['database.adjust'].output,
});

export const createLabel = mcpTask('commerce.create_shipping_label', {
  ...STEP,
  input: z.object({
    orderId: z.string(),
    address: z.object({
      name: z.string(),
      street: z.string(),
      city: z.string(),
      postalCode: z.string(),
      country: z.string(),
    }),
  }),
  output: shippedContracts['commerce.create_shipping_label'].output,
});

export const cancelLabel = mcpTask('commerce.cancel_shipping_label', {
  ...UNDO,
  input: z.object({ labelKey: z.string() }),
  output: shippedContracts['commerce.cancel_shipping_label'].output,
});
