/** An order as it comes in. Strict: a misspelt field is refused, not ignored. */
import { z } from 'zod';

const MAX_ITEMS = 50;
const MAX_QUANTITY = 1_000;

/** One line: what ends up in mails and on labels must not be able to add lines of its own. */
const line = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'holds control characters: use one line of text');

const customerId = line.meta({ title: 'Id', description: 'With the payment provider, where they have one already.' });

const orderItem = z.strictObject({
  /** The inventory row's id. */
  sku: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is no SKU: use up to 64 letters, digits, ".", "_" and "-"')
    .meta({ title: 'SKU' }),
  quantity: z.int().min(1).max(MAX_QUANTITY),
  name: line.optional(),
});

const shape = z.strictObject({
  customer: z.strictObject({ name: line, email: z.email().max(254), id: customerId.optional() }),
  items: z
    .array(orderItem)
    .min(1)
    .max(MAX_ITEMS)
    .superRefine((items, context) => {
      const seen = new Set<string>();
      items.forEach(({ sku }, index) => {
        if (seen.has(sku)) {
          context.addIssue({
            code: 'custom',
            path: [index, 'sku'],
            message: `"${sku}" stands there twice: add the quantities up`,
          });
        }
        seen.add(sku);
      });
    }),
  amountMinor: z
    .int()
    .min(1)
    .meta({ title: 'Amount', description: "In the currency's minor unit (cents): 1999 is 19.99 EUR." }),
  currency: z
    .string()
    .trim()
    .toUpperCase()
    .regex(/^[A-Z]{3}$/, 'is no currency code: use three letters, such as EUR')
    .default('EUR')
    .describe('Three letters.'),
  address: z.strictObject({
    name: line.optional().describe("The customer's if empty."),
    street: line,
    city: line,
    postalCode: line,
    country: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2}$/, 'is no country code: use two letters, such as DE')
      .describe('Two letters.'),
  }),
});

/**
 * - `customer`: who pays, and is told. `id` is their id with the payment provider, where they have one already.
 * - `items`: 1 to 50, each SKU once, 1 to 1,000 pieces of each.
 * - `amountMinor`: what is charged, in the currency's minor unit (cents): 1999 is 19.99 EUR.
 * - `currency`: three letters, `EUR` if absent.
 * - `address`: where it goes; `name` is the customer's if absent, `country` two letters.
 */
export const orderInput = shape.meta({
  examples: [
    {
      customer: { name: 'Ada Lindqvist', email: 'ada.lindqvist@example.com' },
      items: [{ sku: 'sku-5009', quantity: 2, name: 'Desk Lamp' }],
      amountMinor: 5_980,
      currency: 'EUR',
      address: { street: '12 Storgata', city: 'Oslo', postalCode: '0155', country: 'NO' },
    },
  ],
});

export type Order = z.output<typeof orderInput>;
