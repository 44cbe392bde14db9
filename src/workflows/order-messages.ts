/** What the customer is told. */
import type { Order } from './order-input.js';

interface Message {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

/** Minor units as people write them: 1999 EUR is `19.99 EUR`, 500 JPY is `500 JPY`. */
function amountOf({ amountMinor, currency }: Order): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const padded = String(amountMinor).padStart(digits + 1, '0');
  const whole = padded.slice(0, padded.length - digits);
  return digits === 0 ? `${whole} ${currency}` : `${whole}.${padded.slice(-digits)} ${currency}`;
}

function linesOf({ items }: Order): string {
  return items.map(({ quantity, name, sku }) => `  ${quantity} × ${name ?? sku}`).join('\n');
}

export function confirmation(order: Order, run: string): Message {
  return {
    to: order.customer.email,
    subject: `Your order ${run}`,
    body: `Dear ${order.customer.name},\n\nwe have received your order:\n\n${linesOf(order)}\n\nWe charge ${amountOf(order)}.\n`,
  };
}

export function cancellation(order: Order, run: string): Message {
  return {
    to: order.customer.email,
    subject: `Your order ${run} is cancelled`,
    body: `Dear ${order.customer.name},\n\nwe could not complete your order:\n\n${linesOf(order)}\n\nWhatever was charged of ${amountOf(order)} is paid back, and nothing will be shipped.\n`,
  };
}
