/** Charging and refunding, and asking what was charged. */
import { z } from 'zod';
import { shortDigest } from '../../canonical-json.js';
import { EffectJournal, IdempotencyKey } from '../idempotency.js';
import type { SqliteFile } from '../sqlite.js';
import { defineTool, type Tool } from '../tool.js';
import { ToolFailure } from '../tool-failure.js';
import { AmountMinor, appendToLedger, Currency, LedgerAnswer, readLedger } from './ledger.js';

const Charge = z.strictObject({
  orderId: z.string().min(1).max(200),
  customer: z.string().min(1).max(200),
  amountMinor: AmountMinor,
  currency: Currency,
});

const ChargeAnswer = z.object({
  paymentId: z.string(),
  amountMinor: AmountMinor,
  currency: Currency,
  status: z.literal('charged'),
});

const Refund = z.strictObject({
  paymentKey: IdempotencyKey.describe('the idempotencyKey of the charge'),
  amountMinor: AmountMinor,
  currency: Currency,
});

const RefundAnswer = z.object({
  refundId: z.string(),
  paymentId: z.string().nullable(),
  amountMinor: AmountMinor,
  currency: Currency,
  status: z.enum(['refunded', 'nothing_to_refund']),
});

const PaymentFound = z.object({
  found: z.boolean(),
  paymentId: z.string().optional(),
  orderId: z.string().optional(),
  amountMinor: AmountMinor.optional(),
  currency: Currency.optional(),
  status: z.enum(['charged', 'refunded']).optional(),
});

/** The tools around money; they share the file's journal, so that a key means one effect in all of them. */
export function paymentTools(file: SqliteFile): Tool[] {
  const journal = new EffectJournal(file);
  const effect = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false };
  const reading = { readOnlyHint: true, openWorldHint: false };

  const chargePayment = defineTool({
    name: 'charge_payment',
    title: 'Charge a payment',
    description: 'Charges a customer once per idempotencyKey; the same call again returns the first answer.',
    annotations: effect,
    input: Charge.extend({ idempotencyKey: IdempotencyKey }),
    output: ChargeAnswer,
    run: ({ idempotencyKey: key, ...args }) =>
      file.transaction(() =>
        journal.once({ key, tool: 'charge_payment', args }, ChargeAnswer, () => {
          const paymentId = `pay_${shortDigest(key)}`;
          appendToLedger(file, { kind: 'charge', paymentId, refundId: null, key, ...args });
          return { paymentId, amountMinor: args.amountMinor, currency: args.currency, status: 'charged' as const };
        }),
      ),
  });

  const refundPayment = defineTool({
    name: 'refund_payment',
    title: 'Refund a payment in full',
    description:
      'Refunds the charge made under paymentKey, once. If that charge never happened, nothing is refunded and a later ' +
      'charge under paymentKey is refused. Amount and currency must be those of the charge.',
    annotations: effect,
    input: Refund.extend({ idempotencyKey: IdempotencyKey }),
    output: RefundAnswer,
    run: ({ idempotencyKey: key, ...args }) => {
      const { paymentKey, amountMinor, currency } = args;
      const refundId = `ref_${shortDigest(paymentKey)}`;
      return file.transaction(() =>
        journal.undo({ key, tool: 'refund_payment', args, of: paymentKey, undoes: 'charge_payment' }, RefundAnswer, {
          check(effect) {
            const charge = Charge.parse(effect.args);
            if (charge.amountMinor === amountMinor && charge.currency === currency) return;
            throw new ToolFailure(
              'UNDO_MISMATCH',
              `The charge under "${paymentKey}" was ${charge.amountMinor} ${charge.currency}, and the refund asks for ` +
                `${amountMinor} ${currency}; nothing was refunded.`,
            );
          },
          reverse(effect) {
            const { paymentId } = ChargeAnswer.parse(effect.answer);
            const { orderId, customer } = Charge.parse(effect.args);
            appendToLedger(file, {
              kind: 'refund',
              paymentId,
              refundId,
              orderId,
              customer,
              amountMinor,
              currency,
              key,
            });
            return { refundId, paymentId, amountMinor, currency, status: 'refunded' as const };
          },
          never: () => ({ refundId, paymentId: null, amountMinor, currency, status: 'nothing_to_refund' as const }),
        }),
      );
    },
  });

  const findPayment = defineTool({
    name: 'find_payment',
    title: 'Find a payment by its key',
    description: 'Says whether a charge was made under paymentKey, and whether it was refunded since.',
    annotations: reading,
    input: z.strictObject({ paymentKey: IdempotencyKey }),
    output: PaymentFound,
    run({ paymentKey }) {
      const effect = journal.find(paymentKey);
      if (effect?.tool !== 'charge_payment') return { found: false };
      const { orderId } = Charge.parse(effect.args);
      const status = effect.undone ? ('refunded' as const) : ('charged' as const);
      return { found: true, ...ChargeAnswer.parse(effect.answer), orderId, status };
    },
  });

  const getLedger = defineTool({
    name: 'get_ledger',
    title: 'Read the ledger',
    description: 'Charges and refunds with their totals, for one order or for all.',
    annotations: reading,
    input: z.strictObject({
      limit: z.int().min(1).max(500).default(100),
      orderId: z.string().min(1).max(200).optional(),
    }),
    output: LedgerAnswer,
    run: ({ limit, orderId }) => readLedger(file, limit, orderId),
  });

  return [chargePayment, refundPayment, findPayment, getLedger];
}
