/** What the tests of the commands send, and how they read what the commands show. */
import { z } from 'zod';

export const ORDER = {
  customer: { name: 'Ada Lindqvist', email: 'ada@example.com' },
  items: [{ sku: 'sku-5009', quantity: 2 }],
  amountMinor: 5_980,
  address: { street: '12 Storgata', city: 'Oslo', postalCode: '0155', country: 'NO' },
};

/** The line of a worker that takes jobs. */
export const READY = /^Worker \d+ is ready/;

const Run = z.object({ id: z.string(), workflow: z.string(), status: z.string(), timeline: z.array(z.unknown()) });

/** What `--json` has written of a run. */
export const runOf = (text: string) => Run.parse(JSON.parse(text));
