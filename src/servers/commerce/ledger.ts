/** The append-only book of money moved. Amounts are integers in minor units (cents, pence, yen). */
import { z } from 'zod';
import type { SqliteFile } from '../sqlite.js';

export const AmountMinor = z.int().positive().describe('amount in minor units (cents), an integer above 0');
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be three capital letters, like EUR')
  .describe('ISO 4217 code, like EUR');

const LedgerEntry = z.object({
  seq: z.int(),
  kind: z.enum(['charge', 'refund']),
  paymentId: z.string(),
  refundId: z.string().nullable(),
  orderId: z.string(),
  customer: z.string(),
  amountMinor: AmountMinor,
  currency: Currency,
  key: z.string(),
  at: z.string(),
});

const Totals = z.object({
  chargedMinor: z.int(),
  refundedMinor: z.int(),
  balanceMinor: z.int(),
  charges: z.int(),
  refunds: z.int(),
});

export const LedgerAnswer = z.object({
  entries: z.array(LedgerEntry).describe('oldest first; the newest when there are more than the limit'),
  totals: Totals.describe(
    'over all matching entries, also those beyond the limit; sums mix currencies if the entries do',
  ),
  totalsByCurrency: z.record(z.string(), Totals),
});
export type LedgerAnswer = z.infer<typeof LedgerAnswer>;

export type NewLedgerEntry = Omit<z.infer<typeof LedgerEntry>, 'seq' | 'at'>;

const NO_MONEY: z.infer<typeof Totals> = { chargedMinor: 0, refundedMinor: 0, balanceMinor: 0, charges: 0, refunds: 0 };

const COLUMNS = `seq, kind, payment_id AS paymentId, refund_id AS refundId, order_id AS orderId, customer,
  amount_minor AS amountMinor, currency, key, at`;

export function appendToLedger(file: SqliteFile, entry: NewLedgerEntry): void {
  const { kind, paymentId, refundId, orderId, customer, amountMinor, currency, key } = entry;
  file.run(
    `INSERT INTO ledger (kind, payment_id, refund_id, order_id, customer, amount_minor, currency, key, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[kind, paymentId, refundId, orderId, customer, amountMinor, currency, key, new Date().toISOString()],
  );
}

export function readLedger(file: SqliteFile, limit: number, orderId: string | undefined): LedgerAnswer {
  const [where, values] = orderId === undefined ? ['', []] : ['WHERE order_id = ?', [orderId]];
  const newest = file.all(
    LedgerEntry,
    `SELECT ${COLUMNS} FROM ledger ${where} ORDER BY seq DESC LIMIT ?`,
    ...values,
    limit,
  );
  const sums = file.all(
    Totals.omit({ balanceMinor: true }).extend({ currency: Currency }),
    `SELECT currency,
       SUM(CASE kind WHEN 'charge' THEN amount_minor ELSE 0 END) AS chargedMinor,
       SUM(CASE kind WHEN 'refund' THEN amount_minor ELSE 0 END) AS refundedMinor,
       SUM(kind = 'charge') AS charges,
       SUM(kind = 'refund') AS refunds
     FROM ledger ${where} GROUP BY currency ORDER BY currency`,
    ...values,
  );
  const byCurrency = sums.map(({ currency, ...sum }) => {
    return [currency, { ...sum, balanceMinor: sum.chargedMinor - sum.refundedMinor }] as const;
  });
  const totals = byCurrency.reduce(
    (total, [, sum]) => ({
      chargedMinor: total.chargedMinor + sum.chargedMinor,
      refundedMinor: total.refundedMinor + sum.refundedMinor,
      balanceMinor: total.balanceMinor + sum.balanceMinor,
      charges: total.charges + sum.charges,
      refunds: total.refunds + sum.refunds,
    }),
    NO_MONEY,
  );
  return { entries: newest.reverse(), totals, totalsByCurrency: Object.fromEntries(byCurrency) };
}
