/** The crash tests of the shipped workflows; `order` counts by the books of the shop itself, as a user's own test should. */
import { z } from 'zod';
import { type CrashTest, defineCrashTest, type EffectQuestion } from '../../engine/define-crash-test.js';
import { order, parallel, support } from '../../workflows/index.js';

const Totals = z.object({ totals: z.object({ charges: z.int(), refunds: z.int() }) });
const Found = z.object({ found: z.boolean(), status: z.string().optional() });

const CUSTOMER = { name: 'Ada Lindqvist', email: 'ada@example.com' };

/** What stands in the shop's books of one step of one order. */
async function orderEffects({ step, run, key, call }: EffectQuestion): Promise<number | undefined> {
  switch (step) {
    case 'charge_payment': {
      const { totals } = Totals.parse(await call('commerce.get_ledger', { orderId: run }));
      return totals.charges - totals.refunds;
    }
    case 'send_notification': {
      const { found, status } = Found.parse(await call('commerce.find_notification', { notificationKey: key }));
      return found && status !== 'cancelled' ? 1 : 0;
    }
    case 'create_shipping_label': {
      const { found, status } = Found.parse(await call('commerce.find_label', { labelKey: key }));
      return found && status !== 'cancelled' ? 1 : 0;
    }
    default:
      return undefined;
  }
}

const tests: readonly CrashTest[] = [
  defineCrashTest({
    workflow: order,
    input: {
      customer: CUSTOMER,
      // A shelf that a hundred runs side by side do not empty.
      items: [{ sku: 'sku-5012', quantity: 1 }],
      amountMinor: 17_980,
      currency: 'EUR',
      address: { street: 'Main St 1', city: 'Utrecht', postalCode: '3511 AB', country: 'NL' },
    },
    effects: orderEffects,
  }),
  defineCrashTest({ workflow: parallel, input: { query: 'weather in Paris and the orders report' } }),
  defineCrashTest({ workflow: support, input: { query: 'URGENT: the API times out' } }),
];

export const SHIPPED_TESTS: ReadonlyMap<string, CrashTest> = new Map(tests.map((one) => [one.workflow.name, one]));
