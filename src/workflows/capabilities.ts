/**
 * The capabilities that the shipped workflows ask for, each with the shape of answer that they rely on.
 *
 * A binding maps a capability to some server's tool, and its answer back to this shape: whichever server stands behind
 * it, these schemas are the agreement. Fields that a workflow uses are required; others may come along and are kept.
 */
import { z } from 'zod';

interface CapabilityContract {
  readonly output: z.ZodType;
  /** The tool changes nothing, so a call whose answer was lost may be sent again. */
  readonly readOnly: boolean;
}

const row = z.record(z.string(), z.unknown());
const rowId = z.union([z.string(), z.number()]);
const minorUnits = z.int().nonnegative();

export const shippedContracts = {
  /** `{ city, units? }`; `temp` in `units`, Celsius unless asked otherwise. */
  'weather.get_current_weather': {
    readOnly: true,
    output: z.looseObject({ city: z.string(), temp: z.number(), condition: z.string() }),
  },
  /** `{ pattern, search_type: 'name' }`; `results` are paths, `total` counts also those that were left out. */
  'files.search_files': {
    readOnly: true,
    output: z.looseObject({
      total: z.int().nonnegative(),
      results: z.array(z.string()),
      truncated: z.boolean().default(false),
    }),
  },
  /** `{ table, query }`; `total` counts also the rows that were left out. */
  'database.query': {
    readOnly: true,
    output: z.looseObject({
      rows: z.array(row),
      total: z.int().nonnegative(),
      truncated: z.boolean().default(false),
    }),
  },
  /** `{ table, data }` and a key. */
  'database.insert': { readOnly: false, output: z.looseObject({ id: rowId, row: row.optional() }) },
  /** `{ table, id, undoOf? }` and a key. */
  'database.delete': { readOnly: false, output: z.looseObject({ deleted: z.union([z.boolean(), z.int()]) }) },
  /** `{ table, column, changes: [{ id, by }], undoOf? }` and a key: adds to numbers, all or none, never below 0. */
  'database.adjust': {
    readOnly: false,
    output: z.looseObject({ rows: z.array(z.looseObject({ id: rowId, value: z.number() })) }),
  },
  /** `{ orderId, customer, amountMinor, currency }` and a key; amounts in the currency's minor unit. */
  'commerce.charge_payment': {
    readOnly: false,
    output: z.looseObject({
      paymentId: z.string(),
      amountMinor: minorUnits,
      currency: z.string(),
      status: z.string(),
    }),
  },
  /** `{ paymentKey, amountMinor, currency }` and a key; `paymentId` is null when there was nothing to refund. */
  'commerce.refund_payment': {
    readOnly: false,
    output: z.looseObject({
      refundId: z.string(),
      paymentId: z.string().nullable(),
      amountMinor: minorUnits,
      status: z.string(),
    }),
  },
  /** `{ to, subject, body }` and a key. */
  'commerce.send_notification': {
    readOnly: false,
    output: z.looseObject({ notificationId: z.string(), to: z.string(), status: z.string() }),
  },
  /** `{ to, subject, body, notificationKey }` and a key. */
  'commerce.send_cancellation_notification': { readOnly: false, output: z.looseObject({ status: z.string() }) },
  /** `{ orderId, address }` and a key. */
  'commerce.create_shipping_label': {
    readOnly: false,
    output: z.looseObject({ labelId: z.string(), trackingNumber: z.string(), status: z.string() }),
  },
  /** `{ labelKey }` and a key. */
  'commerce.cancel_shipping_label': { readOnly: false, output: z.looseObject({ status: z.string() }) },
} as const satisfies Record<string, CapabilityContract>;

type Contracts = typeof shippedContracts;

export type ReadCapability = {
  [Name in keyof Contracts]: Contracts[Name]['readOnly'] extends true ? Name : never;
}[keyof Contracts];

export type Answer<Name extends keyof Contracts> = z.output<Contracts[Name]['output']>;
