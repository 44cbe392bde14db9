import { describe, expect, it } from 'vitest';
import { backoffDelay } from '../../../src/orchestrators/backoff.js';
import { order } from '../../../src/workflows/index.js';
import { type Rehearsal, rehearse, type ScriptedTools } from './rehearse.js';
import { isUnavailable, refuses, scriptedTools } from './scripted-tools.js';

const STEPS = [
  'create_user_account',
  'charge_payment',
  'send_notification',
  'update_inventory',
  'create_shipping_label',
];

const body = {
  customer: { name: 'Ada Lovelace', email: 'ada@example.org' },
  items: [
    { sku: 'sku-1', quantity: 2, name: 'Switch' },
    { sku: 'sku-2', quantity: 1 },
  ],
  amountMinor: 1999,
  currency: 'eur',
  address: { street: '1 Main Street', city: 'London', postalCode: 'N1', country: 'gb' },
};

const place = (tools: ScriptedTools = scriptedTools()) => rehearse(order, body, tools);

const argsOf = (run: Rehearsal<unknown>, capability: string) =>
  run.calls.filter((call) => call.capability === capability).map((call) => call.args);

describe('order: completed', () => {
  it('does the five steps in order and returns each one’s answer', async () => {
    const { status, output, calls } = await place();

    expect(status).toBe('completed');
    expect(output).toMatchObject({
      success: true,
      transactionId: expect.stringMatching(/^order-/),
      finalStatus: 'completed',
      executedSteps: STEPS,
      failedSteps: [],
      recoveryAttempts: 0,
      compensationActions: [],
    });
    expect(Object.keys(output.stepResults)).toEqual(STEPS);
    expect(calls.map((call) => call.capability)).toEqual([
      'database.insert',
      'commerce.charge_payment',
      'commerce.send_notification',
      'database.adjust',
      'commerce.create_shipping_label',
    ]);
  });

  it('sends the order to each tool, under the step’s own key', async () => {
    const run = await place();
    const id = run.output.transactionId;

    expect(run.calls.map((call) => call.args)).toEqual([
      {
        table: 'users',
        data: { id: expect.stringMatching(/^user-[0-9a-f]{24}$/), name: 'Ada Lovelace', email: 'ada@example.org' },
        idempotencyKey: `${id}/create_user_account/1`,
      },
      {
        orderId: id,
        customer: 'ada@example.org',
        amountMinor: 1999,
        currency: 'EUR',
        idempotencyKey: `${id}/charge_payment/1`,
      },
      {
        to: 'ada@example.org',
        subject: `Your order ${id}`,
        body: expect.stringContaining('2 × Switch\n  1 × sku-2\n\nWe charge 19.99 EUR.'),
        idempotencyKey: `${id}/send_notification/1`,
      },
      {
        table: 'inventory',
        column: 'quantity',
        changes: [
          { id: 'sku-1', by: -2 },
          { id: 'sku-2', by: -1 },
        ],
        idempotencyKey: `${id}/update_inventory/1`,
      },
      {
        orderId: id,
        address: { name: 'Ada Lovelace', street: '1 Main Street', city: 'London', postalCode: 'N1', country: 'GB' },
        idempotencyKey: `${id}/create_shipping_label/1`,
      },
    ]);
  });

  it.each([
    [1999, 'EUR', '19.99 EUR'],
    [5, 'EUR', '0.05 EUR'],
    [500, 'JPY', '500 JPY'],
    [12_345, 'KWD', '12.345 KWD'],
  ])('writes %d minor units of %s as %s', async (amountMinor, currency, written) => {
    const run = await rehearse(order, { ...body, amountMinor, currency }, scriptedTools());
    expect(argsOf(run, 'commerce.send_notification')[0]?.body).toContain(`We charge ${written}.`);
  });
});

describe('order: a step fails', () => {
  it.each(STEPS.map((step, index) => [step, index] as const))(
    'for good at %s: undoes all that may have happened, in exact reverse order',
    async (step, index) => {
      const tools = scriptedTools();
      const run = await place((call) => {
        const forward = !('undoOf' in call.args) && call.capability !== 'database.delete';
        return forward && call.args.idempotencyKey === `${runOf(call.args)}/${step}/1` ? refuses() : tools(call);
      });

      expect(run.status).toBe('compensated');
      expect(run.output).toMatchObject({
        success: false,
        finalStatus: 'compensated',
        executedSteps: STEPS.slice(0, index),
        failedSteps: [step],
        recoveryAttempts: 0,
      });
      const undone = STEPS.slice(0, index + 1).reverse();
      expect(run.journal.filter((entry) => /^done:.*\.undo$/.test(entry))).toEqual(
        undone.map((name) => `done:${name}.undo`),
      );
      expect(run.output.compensationActions).toEqual(undone.map((name) => UNDO_OF[name]));
    },
  );

  it('undoes with the order’s own values and the key of what is undone', async () => {
    const run = await place(scriptedTools({ 'commerce.create_shipping_label': refuses }));
    const id = run.output.transactionId;
    const userId = Object(argsOf(run, 'database.insert')[0]?.data).id;

    expect(argsOf(run, 'commerce.cancel_shipping_label')).toEqual([
      { labelKey: `${id}/create_shipping_label/1`, idempotencyKey: `${id}/create_shipping_label.undo/1` },
    ]);
    expect(argsOf(run, 'database.adjust')[1]).toEqual({
      table: 'inventory',
      column: 'quantity',
      changes: [
        { id: 'sku-1', by: 2 },
        { id: 'sku-2', by: 1 },
      ],
      undoOf: `${id}/update_inventory/1`,
      idempotencyKey: `${id}/update_inventory.undo/1`,
    });
    expect(argsOf(run, 'commerce.send_cancellation_notification')[0]).toMatchObject({
      to: 'ada@example.org',
      notificationKey: `${id}/send_notification/1`,
    });
    expect(argsOf(run, 'commerce.refund_payment')[0]).toMatchObject({
      paymentKey: `${id}/charge_payment/1`,
      amountMinor: 1999,
      currency: 'EUR',
    });
    expect(argsOf(run, 'database.delete')[0]).toMatchObject({
      table: 'users',
      id: userId,
      undoOf: `${id}/create_user_account/1`,
    });
  });

  it('for a while: is tried again alone, up to three times', async () => {
    let failures = 3;
    const well = scriptedTools();
    const run = await place((call) => {
      if (call.capability !== 'commerce.charge_payment' || failures === 0) return well(call);
      failures -= 1;
      return isUnavailable();
    });

    expect(run.status).toBe('completed');
    expect(run.output.recoveryAttempts).toBe(3);
    expect(argsOf(run, 'database.insert')).toHaveLength(1);
    expect(new Set(argsOf(run, 'commerce.charge_payment').map((args) => args.idempotencyKey)).size).toBe(1);
  });

  it('a fourth time: is given up and undone', async () => {
    const run = await place(scriptedTools({ 'commerce.charge_payment': isUnavailable }));

    expect(argsOf(run, 'commerce.charge_payment')).toHaveLength(4);
    expect(run.status).toBe('compensated');
    expect(run.output.recoveryAttempts).toBe(3);
  });

  it('waits exponentially longer between attempts, never longer than ten seconds', () => {
    for (const { run, undo } of order.steps) {
      expect([1, 2, 3].map((failures) => backoffDelay(run.backoff, failures, 0))).toEqual([500, 1_000, 2_000]);
      expect(run.attempts).toBe(4);
      expect(backoffDelay(undo?.run.backoff ?? run.backoff, 20, 0)).toBe(10_000);
    }
  });
});

describe('order: input', () => {
  const refused = (changes: object) => {
    const parsed = order.input.safeParse({ ...body, ...changes });
    return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
  };

  it.each([
    ['no items', { items: [] }, 'items'],
    ['51 items', { items: Array.from({ length: 51 }, (_, n) => ({ sku: `sku-${n}`, quantity: 1 })) }, 'items'],
    [
      'an item twice',
      {
        items: [
          { sku: 'a', quantity: 1 },
          { sku: 'a', quantity: 2 },
        ],
      },
      'items.1.sku',
    ],
    ['no pieces', { items: [{ sku: 'a', quantity: 0 }] }, 'items.0.quantity'],
    ['half a piece', { items: [{ sku: 'a', quantity: 1.5 }] }, 'items.0.quantity'],
    ['1,001 pieces', { items: [{ sku: 'a', quantity: 1_001 }] }, 'items.0.quantity'],
    ['a negative amount', { amountMinor: -1 }, 'amountMinor'],
    ['nothing to pay', { amountMinor: 0 }, 'amountMinor'],
    ['cents as a fraction', { amountMinor: 19.99 }, 'amountMinor'],
    ['no currency code', { currency: 'euro' }, 'currency'],
    ['no mail address', { customer: { name: 'Ada', email: 'ada' } }, 'customer.email'],
    ['a name of two lines', { customer: { name: 'Ada\r\nBcc: x', email: 'a@b.co' } }, 'customer.name'],
    ['a field that does not exist', { amount: 19.99 }, ''],
    ['no city', { address: { ...body.address, city: undefined } }, 'address.city'],
  ])('refuses %s, and says where', (_what, changes, path) => {
    expect(refused(changes)).toContain(path);
  });

  it('takes euros where no currency is named', () => {
    const { currency: _left, ...rest } = body;
    expect(order.input.parse(rest)).toHaveProperty('currency', 'EUR');
  });

  it('reads its own output again unchanged: it is checked at each reader', () => {
    const once = order.input.parse(body);
    expect(order.input.parse(once)).toEqual(once);
  });
});

const UNDO_OF: Readonly<Record<string, string>> = {
  create_user_account: 'delete_user_account',
  charge_payment: 'refund_payment',
  send_notification: 'send_cancellation_notification',
  update_inventory: 'restore_inventory',
  create_shipping_label: 'cancel_shipping_label',
};

function runOf(args: Readonly<Record<string, unknown>>): string {
  return String(args.idempotencyKey).split('/')[0] ?? '';
}
