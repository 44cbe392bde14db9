/** Tools that answer as the shipped servers do, for one customer, one product and a little stock. */
import { SwitchyardError } from '../../../src/errors.js';
import type { ScriptedTools, ToolCall } from './rehearse.js';

type Answers = Readonly<Record<string, (args: ToolCall['args']) => unknown>>;

const TABLES: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  customers: [{ id: 'cust-1001', name: 'Ada', tier: 'premium' }],
  products: [{ id: 'prod-1', name: 'Switch', price_minor: 4900 }],
  analytics: [
    { id: 'metric-1', metric: 'revenue', period: '2025-01', value: 100 },
    { id: 'metric-2', metric: 'revenue', period: '2025-02', value: 150 },
  ],
};

const ANSWERS: Answers = {
  'weather.get_current_weather': ({ city }) => ({ city, temp: 12, condition: 'Cloudy', humidity: 80 }),
  'files.search_files': ({ pattern }) => ({ total: 1, results: [`found/${pattern}`], truncated: false }),
  'database.query': ({ table }) => {
    const rows = TABLES[String(table)] ?? [{ id: 1, title: `a row of ${table}` }];
    return { rows, total: rows.length, truncated: false };
  },
  'database.insert': ({ data }) => ({ id: Object(data).id, row: data }),
  'database.delete': () => ({ deleted: 1 }),
  'database.adjust': ({ changes }) => ({ rows: Array.from(Object(changes), ({ id }) => ({ id, value: 7 })) }),
  'commerce.charge_payment': ({ amountMinor, currency }) => ({
    paymentId: 'pay_1',
    amountMinor,
    currency,
    status: 'charged',
  }),
  'commerce.refund_payment': ({ amountMinor }) => ({
    refundId: 'ref_1',
    paymentId: 'pay_1',
    amountMinor,
    status: 'refunded',
  }),
  'commerce.send_notification': ({ to }) => ({ notificationId: 'ntf_1', to, status: 'queued' }),
  'commerce.send_cancellation_notification': ({ to }) => ({ notificationId: 'ntf_2', to, status: 'queued' }),
  'commerce.create_shipping_label': () => ({ labelId: 'lbl_1', trackingNumber: 'SP1', status: 'created' }),
  'commerce.cancel_shipping_label': () => ({ labelId: 'lbl_1', status: 'cancelled' }),
};

/** All tools well, except those given here. */
export function scriptedTools(overrides: Answers = {}): ScriptedTools {
  const answers = { ...ANSWERS, ...overrides };
  return ({ capability, args }) => {
    const answer = answers[capability];
    if (!answer) throw new SwitchyardError('UNKNOWN_TOOL', `no script for ${capability}`);
    return answer(args);
  };
}

/** A tool that says for good that it failed. */
export function refuses(): never {
  throw new SwitchyardError('TOOL_FAILED', 'the tool refuses', { retryable: false });
}

export function timesOut(): never {
  throw new SwitchyardError('TOOL_TIMEOUT', 'no answer within the timeout', { answered: false });
}

/** A server that cannot be reached now, and perhaps can be later. */
export function isUnavailable(): never {
  throw new SwitchyardError('TOOL_UNAVAILABLE', 'the server cannot be reached');
}
