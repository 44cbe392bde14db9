/** What the demo's people ask and order, and the faults that are ordered for it. */
import type { WorkflowInput } from '../../orchestrators/definition.js';
import type { order } from '../../workflows/index.js';

export const ALL_WELL_QUERY = 'What is the weather in London and Paris, and the status of customer orders report?';

/** The weather service never answers about this city. */
export const HANGING_QUERY = 'Is the weather in Sydney delaying customer orders?';

export interface SupportQuestion {
  readonly query: string;
  readonly customerId?: string;
  /** The way that it should take. */
  readonly path: readonly string[];
}

const stage = 'priority_processor';

export const SUPPORT_QUESTIONS: readonly SupportQuestion[] = [
  {
    query: 'I would like a refund for my last order',
    customerId: 'cust-1001',
    path: ['classifier', 'customer_service', stage],
  },
  { query: 'The app crashed and shows an error', path: ['classifier', 'technical_support', stage] },
  { query: 'What does the upgrade to the Team plan cost?', path: ['classifier', 'sales', stage] },
  { query: 'Show me the revenue report and its trend', path: ['classifier', 'data_analysis', stage] },
  { query: 'Do you celebrate birthdays at the office?', path: ['classifier', 'general', stage] },
  {
    query: 'URGENT: our API connection fails with a timeout',
    path: ['classifier', 'technical_support', stage, 'escalation'],
  },
  { query: 'I am angry, this is unacceptable, get me a manager', path: ['classifier', 'escalation'] },
];

type Order = WorkflowInput<typeof order>;

export const LAMPS = { sku: 'sku-5009', quantity: 2, name: 'Desk Lamp' } as const;
const PRICE_MINOR = 5_980;
const REFUSED_CITY = 'Edinburgh of the Seven Seas';
const CRASH_CUSTOMER = 'grace.murphy@example.com';

function orderOf(name: string, email: string, address: Order['address']): Order {
  return { customer: { name, email }, items: [LAMPS], amountMinor: PRICE_MINOR, currency: 'EUR', address };
}

export const ORDERS = {
  completed: orderOf('Ada Lindqvist', 'ada.lindqvist@example.com', {
    street: '12 Storgata',
    city: 'Oslo',
    postalCode: '0155',
    country: 'NO',
  }),
  refused: orderOf('Hugo Martin', 'hugo.martin@example.com', {
    street: '1 Harbour Road',
    city: REFUSED_CITY,
    postalCode: 'TDCU 1ZZ',
    country: 'SH',
  }),
  crashed: orderOf('Grace Murphy', CRASH_CUSTOMER, {
    street: '5 Quay Street',
    city: 'Galway',
    postalCode: 'H91 E2R3',
    country: 'IE',
  }),
} as const;

/** See `servers/fault-rules.ts`. */
export const FAULTS = [
  { tool: 'get_current_weather', match: 'Sydney', hang: true },
  {
    tool: 'create_shipping_label',
    match: REFUSED_CITY,
    fail: 'always',
    retryable: false,
    message: `the carrier does not deliver to ${REFUSED_CITY}`,
  },
  // The money moves, and the answer never comes: in this moment the worker is killed.
  { tool: 'charge_payment', match: CRASH_CUSTOMER, fail: 1, when: 'after', hang: true },
] as const;
