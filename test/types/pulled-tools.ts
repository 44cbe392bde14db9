/**
 * The tools of the configured MCP servers, as makers of typed tasks. Made by `switchyard tools pull`: change the servers, not
 * this file. `switchyard tools pull --check` says whether it is stale.
 */
// Digest: 55e8851572731926

import { z } from 'zod';
import { mcpTool } from '../../src/tool-maker.js';

export const tools = {
  commerce: {
    /** Cancels the label created under labelKey, once. If there is none, nothing is cancelled, and a later create_shipping_label under labelKey is refused. */
    cancel_shipping_label: mcpTool('commerce.cancel_shipping_label', {
      input: z.strictObject({
        /** the idempotencyKey of the label */
        labelKey: z.string().min(1).max(512),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        labelId: z.union([z.string(), z.null()]),
        status: z.literal(['cancelled', 'nothing_to_cancel']),
      }),
    }),
    /** Charges a customer once per idempotencyKey; the same call again returns the first answer. */
    charge_payment: mcpTool('commerce.charge_payment', {
      input: z.strictObject({
        orderId: z.string().min(1).max(200),
        customer: z.string().min(1).max(200),
        /** amount in minor units (cents), an integer above 0 */
        amountMinor: z.int().gt(0),
        /** ISO 4217 code, like EUR */
        currency: z.string(),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        paymentId: z.string(),
        /** amount in minor units (cents), an integer above 0 */
        amountMinor: z.int().gt(0),
        /** ISO 4217 code, like EUR */
        currency: z.string(),
        status: z.literal('charged'),
      }),
    }),
    /** Creates a shipping label for an order, once per idempotencyKey. */
    create_shipping_label: mcpTool('commerce.create_shipping_label', {
      input: z.strictObject({
        orderId: z.string().min(1).max(200),
        address: z.strictObject({
          name: z.string().min(1).max(200),
          street: z.string().min(1).max(200),
          city: z.string().min(1).max(200),
          postalCode: z.string().min(1).max(200),
          country: z.string().min(1).max(200),
        }),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        labelId: z.string(),
        trackingNumber: z.string(),
        carrier: z.string(),
        status: z.literal('created'),
      }),
    }),
    /** Says whether a label was created under labelKey, and whether it was cancelled since. */
    find_label: mcpTool('commerce.find_label', {
      input: z.strictObject({
        labelKey: z.string().min(1).max(512),
      }),
      output: z.object({
        found: z.boolean(),
        labelId: z.string().optional(),
        trackingNumber: z.string().optional(),
        carrier: z.string().optional(),
        orderId: z.string().optional(),
        status: z.literal(['created', 'cancelled']).optional(),
      }),
      readOnly: true,
    }),
    /** Says whether a notification was sent under notificationKey, and whether it was taken back since. */
    find_notification: mcpTool('commerce.find_notification', {
      input: z.strictObject({
        notificationKey: z.string().min(1).max(512),
      }),
      output: z.object({
        found: z.boolean(),
        notificationId: z.string().optional(),
        to: z.string().optional(),
        status: z.literal(['queued', 'cancelled']).optional(),
      }),
      readOnly: true,
    }),
    /** Says whether a charge was made under paymentKey, and whether it was refunded since. */
    find_payment: mcpTool('commerce.find_payment', {
      input: z.strictObject({
        paymentKey: z.string().min(1).max(512),
      }),
      output: z.object({
        found: z.boolean(),
        paymentId: z.string().optional(),
        orderId: z.string().optional(),
        /** amount in minor units (cents), an integer above 0 */
        amountMinor: z.int().gt(0).optional(),
        /** ISO 4217 code, like EUR */
        currency: z.string().optional(),
        status: z.literal(['charged', 'refunded']).optional(),
      }),
      readOnly: true,
    }),
    /** Charges and refunds with their totals, for one order or for all. */
    get_ledger: mcpTool('commerce.get_ledger', {
      input: z.strictObject({
        limit: z.int().min(1).max(500).optional(),
        orderId: z.string().min(1).max(200).optional(),
      }),
      output: z.object({
        /** oldest first; the newest when there are more than the limit */
        entries: z.array(
          z.object({
            seq: z.int(),
            kind: z.literal(['charge', 'refund']),
            paymentId: z.string(),
            refundId: z.union([z.string(), z.null()]),
            orderId: z.string(),
            customer: z.string(),
            /** amount in minor units (cents), an integer above 0 */
            amountMinor: z.int().gt(0),
            /** ISO 4217 code, like EUR */
            currency: z.string(),
            key: z.string(),
            at: z.string(),
          }),
        ),
        /** over all matching entries, also those beyond the limit; sums mix currencies if the entries do */
        totals: z.object({
          chargedMinor: z.int(),
          refundedMinor: z.int(),
          balanceMinor: z.int(),
          charges: z.int(),
          refunds: z.int(),
        }),
        totalsByCurrency: z.record(
          z.string(),
          z.object({
            chargedMinor: z.int(),
            refundedMinor: z.int(),
            balanceMinor: z.int(),
            charges: z.int(),
            refunds: z.int(),
          }),
        ),
      }),
      readOnly: true,
    }),
    /** Lists the effects that were made under an idempotencyKey, in the order of the keys, each with its tool and whether it has been undone since. A key that an undo barred before its effect came counts as undone. */
    list_effects: mcpTool('commerce.list_effects', {
      input: z.strictObject({
        /** `next` of the page before */
        after: z.string().max(512).optional(),
        /** only keys that begin with it */
        prefix: z.string().max(512).optional(),
        limit: z.int().min(1).max(500).optional(),
      }),
      output: z.object({
        /** in the order of their keys */
        effects: z.array(
          z.object({
            key: z.string(),
            tool: z.string(),
            /** nothing of it stands: it was undone, or barred before it happened */
            undone: z.boolean(),
            /** when it happened, where that was kept */
            at: z.string().optional(),
          }),
        ),
        /** pass it as `after` to go on; absent on the last page */
        next: z.string().optional(),
      }),
      readOnly: true,
    }),
    /** Refunds the charge made under paymentKey, once. If that charge never happened, nothing is refunded and a later charge under paymentKey is refused. Amount and currency must be those of the charge. */
    refund_payment: mcpTool('commerce.refund_payment', {
      input: z.strictObject({
        /** the idempotencyKey of the charge */
        paymentKey: z.string().min(1).max(512),
        /** amount in minor units (cents), an integer above 0 */
        amountMinor: z.int().gt(0),
        /** ISO 4217 code, like EUR */
        currency: z.string(),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        refundId: z.string(),
        paymentId: z.union([z.string(), z.null()]),
        /** amount in minor units (cents), an integer above 0 */
        amountMinor: z.int().gt(0),
        /** ISO 4217 code, like EUR */
        currency: z.string(),
        status: z.literal(['refunded', 'nothing_to_refund']),
      }),
    }),
    /** Queues a message that takes back the one sent under notificationKey, to the same recipient. If that was never sent, nothing is sent now, and a later send_notification under notificationKey is refused. */
    send_cancellation_notification: mcpTool('commerce.send_cancellation_notification', {
      input: z.strictObject({
        to: z.string().min(1).max(320),
        subject: z.string().min(1).max(320),
        body: z.string().max(50000),
        /** the idempotencyKey of the notification */
        notificationKey: z.string().min(1).max(512),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        /** of the cancellation message; null when nothing had to be cancelled */
        notificationId: z.union([z.string(), z.null()]),
        to: z.string(),
        status: z.literal(['queued', 'nothing_to_cancel']),
      }),
    }),
    /** Queues a message to a customer, once per idempotencyKey. */
    send_notification: mcpTool('commerce.send_notification', {
      input: z.strictObject({
        to: z.string().min(1).max(320),
        subject: z.string().min(1).max(320),
        body: z.string().max(50000),
        idempotencyKey: z.string().min(1).max(512),
      }),
      output: z.object({
        notificationId: z.string(),
        to: z.string(),
        status: z.literal('queued'),
      }),
    }),
  },
  weather: {
    /** Temperature, condition and humidity in a city now. */
    get_current_weather: mcpTool('weather.get_current_weather', {
      input: z.strictObject({
        /** name of a city, like London */
        city: z.string().min(1).max(100),
        units: z.literal(['celsius', 'fahrenheit']).optional(),
      }),
      output: z.object({
        /** in the units asked for */
        temp: z.number(),
        condition: z.string(),
        /** relative, in percent */
        humidity: z.number().min(0).max(100),
        units: z.literal(['celsius', 'fahrenheit']),
        city: z.string(),
        /** when the question was answered */
        timestamp: z.string(),
        /** where the figures come from; "sample" is made up */
        source: z.literal(['open-meteo', 'sample']),
      }),
      readOnly: true,
    }),
    /** The next days in a city, today included. */
    get_weather_forecast: mcpTool('weather.get_weather_forecast', {
      input: z.strictObject({
        /** name of a city, like London */
        city: z.string().min(1).max(100),
        days: z.int().min(1).max(7).optional(),
        units: z.literal(['celsius', 'fahrenheit']).optional(),
      }),
      output: z.object({
        city: z.string(),
        units: z.literal(['celsius', 'fahrenheit']),
        forecast: z.array(
          z.object({
            date: z.string(),
            high: z.number(),
            low: z.number(),
            condition: z.string(),
            /** percent */
            precipitationChance: z.number().min(0).max(100),
          }),
        ),
        /** when the question was answered */
        timestamp: z.string(),
        /** where the figures come from; "sample" is made up */
        source: z.literal(['open-meteo', 'sample']),
      }),
      readOnly: true,
    }),
  },
};
