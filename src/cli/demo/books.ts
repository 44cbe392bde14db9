/** What the shop's own books say about one order: the demo's oracle, outside the system that it shows. */
import { z } from 'zod';
import { effectKey } from '../../names.js';
import type { ToolCaller } from '../../ports.js';

export interface Books {
  readonly charges: number;
  readonly chargedMinor: number;
  readonly refundedMinor: number;
  /** Pieces on the shelf. */
  readonly stock: number;
  readonly label: 'none' | 'created' | 'cancelled';
  readonly notification: 'none' | 'queued' | 'cancelled';
  /** Customer accounts in all. */
  readonly accounts: number;
}

const Ledger = z.object({
  totals: z.object({ charges: z.int(), chargedMinor: z.int(), refundedMinor: z.int() }),
});
const Stock = z.object({ rows: z.array(z.object({ id: z.string(), quantity: z.int() })) });
const Label = z.object({ status: z.enum(['created', 'cancelled']).default('created'), found: z.boolean() });
const Notification = z.object({ status: z.enum(['queued', 'cancelled']).default('queued'), found: z.boolean() });
const Count = z.object({ total: z.int() });

const TIMEOUT_MS = 5_000;

/** @param run the order's run, which need not exist yet */
export async function readBooks(tools: ToolCaller, run: string, sku: string): Promise<Books> {
  const ask = async <T>(shape: z.ZodType<T>, tool: string, args: Record<string, unknown>): Promise<T> =>
    shape.parse(await tools.call(tool, args, { timeoutMs: TIMEOUT_MS, safeToRepeat: true }));
  const [ledger, inventory, label, notification, users] = await Promise.all([
    ask(Ledger, 'commerce.get_ledger', { orderId: run }),
    ask(Stock, 'database.query', { table: 'inventory', query: sku }),
    ask(Label, 'commerce.find_label', { labelKey: effectKey(run, 'create_shipping_label', 1) }),
    ask(Notification, 'commerce.find_notification', { notificationKey: effectKey(run, 'send_notification', 1) }),
    ask(Count, 'database.query', { table: 'users', query: '' }),
  ]);
  return {
    ...ledger.totals,
    stock: inventory.rows.find(({ id }) => id === sku)?.quantity ?? 0,
    label: label.found ? label.status : 'none',
    notification: notification.found ? notification.status : 'none',
    accounts: users.total,
  };
}

/** Minor units of a currency with two decimals. */
export function moneyText(minor: number, currency = 'EUR'): string {
  return `${(minor / 100).toFixed(2)} ${currency}`;
}

const NOTIFICATIONS: Readonly<Record<Books['notification'], string>> = {
  none: 'none',
  queued: 'sent',
  cancelled: 'sent, then taken back',
};

/** Rows of a table, with a heading: what it was before the order and is after it. */
export function booksRows(before: Books, after: Books, item: string): readonly (readonly string[])[] {
  return [
    ['', 'before', 'after'],
    ['charged', moneyText(before.chargedMinor), moneyText(after.chargedMinor)],
    ['paid back', moneyText(before.refundedMinor), moneyText(after.refundedMinor)],
    [`${item} in stock`, String(before.stock), String(after.stock)],
    ['confirmation', NOTIFICATIONS[before.notification], NOTIFICATIONS[after.notification]],
    ['shipping label', before.label, after.label],
    ['accounts', String(before.accounts), String(after.accounts)],
  ];
}
