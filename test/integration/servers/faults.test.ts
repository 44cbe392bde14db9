import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commerceProgram } from '../../../src/servers/commerce/program.js';
import { FaultCounters } from '../../../src/servers/fault-counters.js';
import { FaultFile } from '../../../src/servers/fault-file.js';
import { FaultGate } from '../../../src/servers/fault-gate.js';
import { answer, connect, dataFolder, openTools, refusal } from './server-fixture.js';

const charge = { orderId: 'order-1', customer: 'cust-1001', amountMinor: 100, currency: 'EUR', idempotencyKey: 'k' };

/** The commerce server with a fault file; `again` is a second process on the same folder. */
async function commerceWith(rules: unknown, dataDir = dataFolder()) {
  const path = join(dataDir, 'faults.json');
  const write = (text: string) => {
    // Replaced as a whole, as an editor does it.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  write(JSON.stringify(rules));
  const logged: string[] = [];
  const deaths: string[] = [];
  const file = new FaultFile(path, (line) => logged.push(line));
  const counters = new FaultCounters(join(dataDir, 'faults.db'));
  onTestFinished(() => counters.close());
  const gate = new FaultGate({ rules: () => file.rules(), counters, die: () => deaths.push('killed') });
  const client = await connect(openTools(commerceProgram, {}, dataDir), gate);
  const charges = async () => (await answer(client, 'get_ledger', {})).totals;
  return { client, write, path, logged, deaths, charges, again: () => commerceWith(rules, dataDir) };
}

describe('a fault rule', () => {
  it('fails n calls for each key, over all processes, and then lets them pass', async () => {
    const first = await commerceWith([{ tool: 'charge_payment', fail: 2, message: 'no network', retryAfterMs: 50 }]);
    const second = await first.again();
    expect(await refusal(first.client, 'charge_payment', charge)).toEqual({
      code: 'ORDERED_FAULT',
      message: 'no network',
      retryable: true,
      retryAfterMs: 50,
    });
    await refusal(second.client, 'charge_payment', charge);
    await refusal(second.client, 'charge_payment', { ...charge, idempotencyKey: 'other' });
    expect(await first.charges()).toMatchObject({ charges: 0 });
    await answer(first.client, 'charge_payment', charge);
    expect(await first.charges()).toMatchObject({ charges: 1 });
  });

  it('counts by arguments where there is no key', async () => {
    const { client } = await commerceWith([{ tool: 'get_ledger', fail: 1 }]);
    expect((await refusal(client, 'get_ledger', {})).message).toContain('1 of 1');
    await answer(client, 'get_ledger', {});
    await refusal(client, 'get_ledger', { limit: 5 });
  });

  it('strikes only calls of its tool whose arguments contain its text', async () => {
    const { client } = await commerceWith([
      { tool: 'charge_payment', match: '"order-2"', fail: 'always', retryable: false },
    ]);
    await answer(client, 'charge_payment', charge);
    const error = await refusal(client, 'charge_payment', { ...charge, orderId: 'order-2', idempotencyKey: 'x' });
    expect(error).toMatchObject({ code: 'ORDERED_FAULT', retryable: false });
    await answer(client, 'find_payment', { paymentKey: '"order-2"' });
  });

  it('after: lets the effect happen and loses its answer', async () => {
    const { client, charges } = await commerceWith([{ tool: 'charge_payment', fail: 1, when: 'after' }]);
    await refusal(client, 'charge_payment', charge);
    expect(await charges()).toMatchObject({ charges: 1 });
    expect(await answer(client, 'charge_payment', charge)).toMatchObject({ status: 'charged' });
    expect(await charges()).toMatchObject({ charges: 1 });
  });

  it('hang: gives no answer until the call is cancelled', async () => {
    const { client, charges } = await commerceWith([{ tool: 'charge_payment', hang: true, when: 'after' }]);
    const hanging = client.callTool({ name: 'charge_payment', arguments: charge }, CallToolResultSchema, {
      timeout: 200,
    });
    await expect(hanging).rejects.toThrow(/timed out/);
    expect(await charges()).toMatchObject({ charges: 1 });
  });

  it('delayMs: waits, and then goes on as usual', async () => {
    const { client } = await commerceWith([{ tool: 'charge_payment', delayMs: 60 }]);
    const began = performance.now();
    await answer(client, 'charge_payment', charge);
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
  });

  it('dieAfterEffect: kills the process after the effect, once for each key', async () => {
    const { client, charges, deaths } = await commerceWith([{ tool: 'charge_payment', dieAfterEffect: true }]);
    await answer(client, 'charge_payment', charge);
    expect(deaths).toEqual(['killed']);
    expect(await charges()).toMatchObject({ charges: 1 });
    await answer(client, 'charge_payment', charge);
    expect(deaths).toHaveLength(1);
  });

  it('does not touch a call that its tool would refuse', async () => {
    const { client } = await commerceWith([{ tool: 'charge_payment', fail: 1 }]);
    expect(await refusal(client, 'charge_payment', {})).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect(await refusal(client, 'charge_payment', charge)).toMatchObject({ code: 'ORDERED_FAULT' });
  });
});

describe('the fault file', () => {
  it('is read again when it changes', async () => {
    const { client, write } = await commerceWith([]);
    await answer(client, 'get_ledger', {});
    write('[{ "tool": "get_ledger", "fail": "always" }]');
    await refusal(client, 'get_ledger', {});
    write('[]');
    await answer(client, 'get_ledger', {});
  });

  it('that becomes bad, or disappears, leaves the last good rules in force and is complained about once', async () => {
    const { client, write, logged, path } = await commerceWith([{ tool: 'get_ledger', fail: 'always' }]);
    write('[{ "tool": 7 }]');
    await refusal(client, 'get_ledger', {});
    await refusal(client, 'get_ledger', {});
    expect(logged).toEqual([expect.stringMatching(/0\.tool: .* stay in force/)]);
    rmSync(path);
    await refusal(client, 'get_ledger', {});
    expect(logged[1]).toMatch(/cannot be read.* stay in force/);
    write('[]');
    await answer(client, 'get_ledger', {});
  });

  it('that is missing at the start is refused', () => {
    expect(() => new FaultFile(join(dataFolder(), 'none.json'), () => {})).toThrow(/none.json cannot be read/);
  });
});
