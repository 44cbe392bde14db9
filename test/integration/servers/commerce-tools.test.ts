import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { commerceProgram } from '../../../src/servers/commerce/program.js';
import { answer, connect, dataFolder, openTools, refusal } from './server-fixture.js';

const charge = {
  orderId: 'order-1',
  customer: 'cust-1001',
  amountMinor: 4_990,
  currency: 'EUR',
  idempotencyKey: 'pay',
};
const refund = { paymentKey: 'pay', amountMinor: 4_990, currency: 'EUR', idempotencyKey: 'refund' };
const message = { to: 'ada@example.com', subject: 'Your order', body: 'It is on its way.', idempotencyKey: 'mail' };
const address = { name: 'Ada', street: 'Main St 1', city: 'Stockholm', postalCode: '111 22', country: 'SE' };
const label = { orderId: 'order-1', address, idempotencyKey: 'label' };

const commerce = (dataDir?: string) => connect(openTools(commerceProgram, {}, dataDir));

describe('payments', () => {
  it('charge once per key, with an id that comes from the key', async () => {
    const client = await commerce();
    const first = await answer(client, 'charge_payment', charge);
    expect(first).toEqual({
      paymentId: expect.stringMatching(/^pay_[0-9a-f]{20}$/),
      amountMinor: 4_990,
      currency: 'EUR',
      status: 'charged',
    });
    expect(await answer(client, 'charge_payment', charge)).toEqual(first);
    expect(await answer(await commerce(), 'charge_payment', charge)).toEqual(first);
    const { entries, totals } = await answer(client, 'get_ledger', {});
    expect(entries).toHaveLength(1);
    expect(totals).toEqual({ chargedMinor: 4_990, refundedMinor: 0, balanceMinor: 4_990, charges: 1, refunds: 0 });
  });

  it.each([
    ['another amount', { amountMinor: 1 }],
    ['another order', { orderId: 'order-2' }],
  ])('refuse the key for %s', async (_what, other) => {
    const client = await commerce();
    await answer(client, 'charge_payment', charge);
    expect(await refusal(client, 'charge_payment', { ...charge, ...other })).toMatchObject({ code: 'KEY_REUSED' });
    expect((await answer(client, 'get_ledger', {})).entries).toHaveLength(1);
  });

  it.each([
    ['a fraction', { amountMinor: 49.9 }],
    ['zero', { amountMinor: 0 }],
    ['a currency in small letters', { currency: 'eur' }],
    ['no key', { idempotencyKey: '' }],
  ])('refuse %s', async (_what, wrong) => {
    const error = await refusal(await commerce(), 'charge_payment', { ...charge, ...wrong });
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', retryable: false });
    expect(error.message).toContain(Object.keys(wrong)[0]);
  });

  it('are refunded once, in full, and the ledger keeps both rows', async () => {
    const client = await commerce();
    const { paymentId } = await answer(client, 'charge_payment', charge);
    const first = await answer(client, 'refund_payment', refund);
    expect(first).toMatchObject({ paymentId, status: 'refunded' });
    expect(await answer(client, 'refund_payment', refund)).toEqual(first);
    expect(await answer(client, 'refund_payment', { ...refund, idempotencyKey: 'refund-2' })).toEqual(first);
    expect(await answer(client, 'get_ledger', { orderId: 'order-1' })).toMatchObject({
      entries: [
        { kind: 'charge', key: 'pay', paymentId },
        { kind: 'refund', key: 'refund', paymentId, customer: 'cust-1001' },
      ],
      totals: { balanceMinor: 0, charges: 1, refunds: 1 },
    });
  });

  it('are not refunded by another amount or currency than was charged', async () => {
    const client = await commerce();
    await answer(client, 'charge_payment', charge);
    for (const wrong of [{ amountMinor: 4_989 }, { currency: 'SEK' }]) {
      const error = await refusal(client, 'refund_payment', { ...refund, ...wrong });
      expect(error).toMatchObject({ code: 'UNDO_MISMATCH', message: expect.stringContaining('4990 EUR') });
    }
    expect((await answer(client, 'get_ledger', {})).totals).toMatchObject({ refunds: 0 });
  });

  it('refunded before they were charged can never be charged again', async () => {
    const client = await commerce();
    expect(await answer(client, 'refund_payment', refund)).toMatchObject({
      paymentId: null,
      status: 'nothing_to_refund',
    });
    expect(await refusal(client, 'charge_payment', charge)).toMatchObject({ code: 'UNDONE', retryable: false });
    expect(await answer(client, 'find_payment', { paymentKey: 'pay' })).toEqual({ found: false });
    expect((await answer(client, 'get_ledger', {})).entries).toEqual([]);
  });

  it('can be found by their key, also after a refund', async () => {
    const client = await commerce();
    expect(await answer(client, 'find_payment', { paymentKey: 'pay' })).toEqual({ found: false });
    const { paymentId } = await answer(client, 'charge_payment', charge);
    const found = { found: true, paymentId, orderId: 'order-1', amountMinor: 4_990, currency: 'EUR' };
    expect(await answer(client, 'find_payment', { paymentKey: 'pay' })).toEqual({ ...found, status: 'charged' });
    await answer(client, 'refund_payment', refund);
    expect(await answer(client, 'find_payment', { paymentKey: 'pay' })).toEqual({ ...found, status: 'refunded' });
  });
});

describe('the ledger', () => {
  it('shows the newest entries of an order, and totals over all of them by currency', async () => {
    const client = await commerce();
    const more = (idempotencyKey: string, orderId: string, currency: string) =>
      answer(client, 'charge_payment', { ...charge, idempotencyKey, orderId, currency });
    await more('1', 'order-1', 'EUR');
    await more('2', 'order-2', 'EUR');
    await more('3', 'order-1', 'SEK');
    await more('4', 'order-1', 'EUR');
    expect(await answer(client, 'get_ledger', { orderId: 'order-1', limit: 2 })).toMatchObject({
      entries: [{ key: '3' }, { key: '4' }],
      totals: { charges: 3 },
      totalsByCurrency: { EUR: { chargedMinor: 9_980 }, SEK: { chargedMinor: 4_990 } },
    });
  });

  it('refuses to change or delete a row, whoever asks', async () => {
    const dataDir = dataFolder();
    await answer(await commerce(dataDir), 'charge_payment', charge);
    const file = openCommerceFile(join(dataDir, 'commerce.db'));
    expect(() => file.run('UPDATE ledger SET amount_minor = 1')).toThrow('ledger rows never change');
    expect(() => file.run('DELETE FROM ledger')).toThrow('ledger rows are never deleted');
    file.close();
  });
});

describe('notifications', () => {
  const cancellation = { ...message, subject: 'Cancelled', notificationKey: 'mail', idempotencyKey: 'sorry' };

  it('are queued once per key, and taken back by a second message to the same recipient', async () => {
    const client = await commerce();
    const first = await answer(client, 'send_notification', message);
    expect(first).toEqual({ notificationId: expect.stringMatching(/^ntf_/), to: 'ada@example.com', status: 'queued' });
    expect(await answer(client, 'send_notification', message)).toEqual(first);
    const second = await answer(client, 'send_cancellation_notification', cancellation);
    expect(second).toMatchObject({ to: 'ada@example.com', status: 'queued' });
    expect(second.notificationId).not.toBe(first.notificationId);
    expect(await answer(client, 'send_cancellation_notification', cancellation)).toEqual(second);
    expect(await answer(client, 'find_notification', { notificationKey: 'mail' })).toMatchObject({
      found: true,
      notificationId: first.notificationId,
      status: 'cancelled',
    });
  });

  it('that were never sent are not taken back, and refused when they come late', async () => {
    const client = await commerce();
    expect(await answer(client, 'send_cancellation_notification', cancellation)).toMatchObject({
      notificationId: null,
      status: 'nothing_to_cancel',
    });
    expect(await refusal(client, 'send_notification', message)).toMatchObject({ code: 'UNDONE' });
    expect(await answer(client, 'find_notification', { notificationKey: 'mail' })).toEqual({ found: false });
  });

  it('are not taken back from somebody else, and carry no header lines', async () => {
    const client = await commerce();
    await answer(client, 'send_notification', message);
    const other = { ...cancellation, to: 'eve@example.com' };
    expect(await refusal(client, 'send_cancellation_notification', other)).toMatchObject({ code: 'UNDO_MISMATCH' });
    const injected = { ...message, subject: 'Hi\r\nBcc: eve@example.com', idempotencyKey: 'x' };
    expect(await refusal(client, 'send_notification', injected)).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});

describe('shipping labels', () => {
  const cancel = { labelKey: 'label', idempotencyKey: 'cancel' };

  it('are created once per key and cancelled once', async () => {
    const client = await commerce();
    const first = await answer(client, 'create_shipping_label', label);
    expect(first).toMatchObject({
      labelId: expect.stringMatching(/^lbl_/),
      carrier: 'Sample Parcel',
      status: 'created',
    });
    expect(await answer(client, 'create_shipping_label', label)).toEqual(first);
    const cancelled = { labelId: first.labelId, status: 'cancelled' };
    expect(await answer(client, 'cancel_shipping_label', cancel)).toEqual(cancelled);
    expect(await answer(client, 'cancel_shipping_label', cancel)).toEqual(cancelled);
    expect(await answer(client, 'find_label', { labelKey: 'label' })).toEqual({
      found: true,
      ...first,
      orderId: 'order-1',
      ...cancelled,
    });
    expect(await refusal(client, 'create_shipping_label', label)).toMatchObject({ code: 'UNDONE' });
  });

  it('cancelled before they were created are refused when they come late', async () => {
    const client = await commerce();
    expect(await answer(client, 'cancel_shipping_label', cancel)).toEqual({
      labelId: null,
      status: 'nothing_to_cancel',
    });
    expect(await refusal(client, 'create_shipping_label', label)).toMatchObject({ code: 'UNDONE' });
  });
});

it('a key means one effect in all tools: a label cannot be refunded, nor its key charged', async () => {
  const client = await commerce();
  await answer(client, 'create_shipping_label', label);
  expect(await refusal(client, 'charge_payment', { ...charge, idempotencyKey: 'label' })).toMatchObject({
    code: 'KEY_REUSED',
  });
  expect(await refusal(client, 'refund_payment', { ...refund, paymentKey: 'label' })).toMatchObject({
    code: 'UNDO_MISMATCH',
  });
});
