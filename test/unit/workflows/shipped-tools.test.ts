/** The shipped workflows over the tools of the shipped servers, in one process: what one sends, the other accepts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../src/errors.js';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { labelTools } from '../../../src/servers/commerce/labels.js';
import { notificationTools } from '../../../src/servers/commerce/notifications.js';
import { paymentTools } from '../../../src/servers/commerce/payments.js';
import { openSqliteStore } from '../../../src/servers/database/sqlite-store.js';
import { databaseTools } from '../../../src/servers/database/tools.js';
import type { Tool } from '../../../src/servers/tool.js';
import { ToolFailure } from '../../../src/servers/tool-failure.js';
import { SampleWeather } from '../../../src/servers/weather/sample-weather.js';
import { weatherTools } from '../../../src/servers/weather/tools.js';
import { order, parallel, support } from '../../../src/workflows/index.js';
import { rehearse, type ScriptedTools } from './rehearse.js';
import { refuses } from './scripted-tools.js';

const database = openSqliteStore(':memory:');
const commerce = openCommerceFile(':memory:');
const tools = new Map<string, Tool>();

/** The files server is not ours; its binding has its own tests. */
const files = () => ({ total: 0, results: [], truncated: false });

function serve(server: string, offered: readonly Tool[]): void {
  for (const tool of offered) tools.set(`${server}.${tool.name}`, tool);
}

beforeAll(() => {
  serve('weather', weatherTools(new SampleWeather()));
  serve('database', databaseTools(database));
  serve('commerce', [...paymentTools(commerce), ...notificationTools(commerce), ...labelTools(commerce)]);
});

afterAll(() => {
  database.close();
  commerce.close();
});

const call: ScriptedTools = async ({ capability, args }) => {
  if (capability === 'files.search_files') return files();
  const tool = tools.get(capability);
  if (!tool) throw new SwitchyardError('UNKNOWN_TOOL', capability);
  try {
    return await tool.prepare(args).run({ signal: new AbortController().signal });
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    throw new SwitchyardError('TOOL_FAILED', error.message, { retryable: error.retryable });
  }
};

const body = {
  customer: { name: 'Ada Lovelace', email: 'ada@example.org' },
  amountMinor: 1999,
  address: { street: '1 Main Street', city: 'London', postalCode: 'N1', country: 'GB' },
};

async function inventory(): Promise<{ readonly sku: string; readonly quantity: number }[]> {
  const { rows } = await database.query('inventory', '', 100);
  return rows.map(({ id, quantity }) => ({ sku: String(id), quantity: Number(quantity) }));
}

const inStock = async () => (await inventory()).filter(({ quantity }) => quantity > 2);

describe('shipped workflows over shipped tools', () => {
  it('parallel finds the weather of every known city, Paris included', async () => {
    const query = 'weather in London, New York, Tokyo, Sydney, Paris';
    const { status, output } = await rehearse(parallel, { query }, call);
    expect(status).toBe('completed');
    expect(Object.keys(output.results?.weather ?? {})).toEqual(['London', 'New York', 'Tokyo', 'Sydney', 'Paris']);
    expect(output.summary).toMatch(/^Weather data retrieved successfully/);
  });

  it.each([
    'a refund for my order',
    'an error in the api',
    'the price of a trial',
    'a report on the revenue trend',
    'who are you?',
  ])('support answers "%s"', async (query) => {
    const { status, output } = await rehearse(support, { query }, call);
    expect(status).toBe('completed');
    expect(output).toMatchObject({ success: true });
  });

  it('support knows a sample customer’s tier', async () => {
    const { rows } = await database.query('customers', '', 100);
    const premium = rows.find((row) => row.tier === 'premium');
    const { output } = await rehearse(support, { query: `important: a refund for ${premium?.id}` }, call);
    expect(output.escalation).toMatchObject({ reason: 'premium customer with priority HIGH' });
  });

  it('order completes, and takes the pieces from the stock', async () => {
    const [item] = await inStock();
    const run = await rehearse(order, { ...body, items: [{ sku: item?.sku ?? '', quantity: 2 }] }, call);
    expect(run.output).toMatchObject({ success: true, finalStatus: 'completed' });
    expect((await inventory()).find(({ sku }) => sku === item?.sku)?.quantity).toBe((item?.quantity ?? 0) - 2);
  });

  it('order that the carrier refuses leaves stock, users and ledger as they were', async () => {
    const before = await inventory();
    const users = (await database.query('users', '', 100)).total;
    const items = (await inStock()).slice(0, 2).map(({ sku }) => ({ sku, quantity: 1 }));
    const run = await rehearse(order, { ...body, items }, (made) =>
      made.capability === 'commerce.create_shipping_label' ? refuses() : call(made),
    );

    expect(run.status).toBe('compensated');
    expect(run.output.compensationActions).toHaveLength(5);
    expect(await inventory()).toEqual(before);
    expect((await database.query('users', '', 100)).total).toBe(users);
    const ledger = await call({
      capability: 'commerce.get_ledger',
      args: { orderId: run.output.transactionId },
      options: {},
    });
    expect(ledger).toHaveProperty('totalsByCurrency.EUR.balanceMinor', 0);
  });

  it('order for more than there is takes nothing, and is undone', async () => {
    const before = await inventory();
    const [item] = await inStock();
    const run = await rehearse(order, { ...body, items: [{ sku: item?.sku ?? '', quantity: 1_000 }] }, call);
    expect(run.output).toMatchObject({ finalStatus: 'compensated', failedSteps: ['update_inventory'] });
    expect(await inventory()).toEqual(before);
  });
});
