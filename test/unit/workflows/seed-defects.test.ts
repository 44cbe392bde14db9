/** The course chapter that these workflows come from does not work; each of its ten defects is held off here. */
import { describe, expect, it } from 'vitest';
import { newRunId } from '../../../src/names.js';
import { backoffDelay } from '../../../src/orchestrators/backoff.js';
import { order, parallel, shippedWorkflows, support } from '../../../src/workflows/index.js';
import { rehearse, type ScriptedTools, type ToolCall } from './rehearse.js';
import { isUnavailable, refuses, scriptedTools } from './scripted-tools.js';

const body = {
  customer: { name: 'Ada', email: 'ada@example.org' },
  items: [
    { sku: 'sku-7', quantity: 3 },
    { sku: 'sku-9', quantity: 1 },
  ],
  amountMinor: 100,
  address: { street: '1 Main Street', city: 'London', postalCode: 'N1', country: 'GB' },
};

const isUndo = ({ args }: ToolCall) => 'undoOf' in args || 'paymentKey' in args || 'notificationKey' in args;

/** Fails the first calls of a capability, forwards only, as often as told. */
function failing(times: Readonly<Record<string, number>>): ScriptedTools {
  const left = new Map(Object.entries(times));
  const well = scriptedTools();
  return (call) => {
    const failures = left.get(call.capability) ?? 0;
    if (failures === 0 || isUndo(call)) return well(call);
    left.set(call.capability, failures - 1);
    return isUnavailable();
  };
}

describe('the seed’s defects', () => {
  it('defect 1: branches that end together do not fight over one state; the run ends with all three results', async () => {
    const { status, output } = await rehearse(parallel, { query: 'weather report' }, scriptedTools());
    expect(status).toBe('completed');
    expect(Object.keys(output.results ?? {})).toEqual(['weather', 'files', 'database']);
  });

  it('defect 2: an answer {"error": …} is a failure, not a result; a skipped branch is not summarised as done', async () => {
    const tools = scriptedTools({ 'files.search_files': () => ({ error: 'disk on fire' }) });
    const { status, output } = await rehearse(parallel, { query: 'report' }, tools);
    expect(status).toBe('partial');
    expect(output.failedBranches).toEqual(['files']);
    expect(output.completedBranches).toEqual(['database']);
    expect(output.skippedBranches).toEqual(['weather']);
    expect(output.summary).not.toMatch(/Weather|File/);
  });

  it('defect 3: routing and saga load, run to their end, and their results can be read', async () => {
    expect(shippedWorkflows.map(({ name }) => name)).toEqual(['parallel', 'support', 'order']);
    const routed = await rehearse(support, { query: 'a refund' }, scriptedTools());
    const placed = await rehearse(order, body, scriptedTools());
    expect(routed.output.primaryResult).toMatchObject({ type: 'customer_service' });
    expect(placed.output.stepResults).toHaveProperty('charge_payment.paymentId');
  });

  it('defect 4: compensated means that undos ran: each step carries its own, and each is called', async () => {
    expect(order.steps.every((step) => step.undo !== undefined)).toBe(true);
    const run = await rehearse(order, body, scriptedTools({ 'commerce.create_shipping_label': refuses }));
    expect(run.output.finalStatus).toBe('compensated');
    expect(run.calls.slice(5).map((call) => call.capability)).toEqual([
      'commerce.cancel_shipping_label',
      'database.adjust',
      'commerce.send_cancellation_notification',
      'commerce.refund_payment',
      'database.delete',
    ]);
  });

  it('defect 5: a failed step is retried under its own name, and is still known when the run has ended', async () => {
    const run = await rehearse(order, body, failing({ 'commerce.charge_payment': 9 }));
    expect(run.calls.filter((call) => call.capability === 'commerce.charge_payment')).toHaveLength(4);
    expect(run.output).toMatchObject({
      finalStatus: 'compensated',
      failedSteps: ['charge_payment'],
      recoveryAttempts: 3,
    });
  });

  it('defect 6: an undo that fails leaves the run to a person, not compensated', async () => {
    const tools = scriptedTools({ 'database.adjust': refuses, 'commerce.refund_payment': refuses });
    const run = await rehearse(order, { ...body }, tools);
    expect(run.status).toBe('compensation_stuck');
  });

  it('defect 7: two runs in one millisecond share neither their id nor the user that they create', async () => {
    expect(newRunId('order', undefined, 1_000)).not.toBe(newRunId('order', undefined, 1_000));
    const [one, two] = [await rehearse(order, body, scriptedTools()), await rehearse(order, body, scriptedTools())];
    expect(one.output.stepResults).not.toHaveProperty(
      'create_user_account.id',
      Object(two.output.stepResults.create_user_account).id,
    );
  });

  it('defect 8: each effect’s intent, with whole undo arguments, is recorded before the effect', async () => {
    const run = await rehearse(order, body, scriptedTools());
    for (const { name, undo } of order.steps) {
      const entries = run.journal.filter((entry) => entry.endsWith(`:${name}`));
      expect(entries).toEqual([`intent:${name}`, `call:${name}`, `done:${name}`]);
      const args = run.intents.get(name)?.undoArgs;
      expect(undo?.run.input?.safeParse(args).success).toBe(true);
      expect(JSON.stringify(args)).toContain(`/${name}/1`);
    }
  });

  it('defect 9: each step has its own retries, further and further apart', async () => {
    const run = await rehearse(
      order,
      body,
      failing({ 'database.insert': 3, 'commerce.charge_payment': 3, 'database.adjust': 3 }),
    );
    expect(run.output).toMatchObject({ success: true, recoveryAttempts: 9 });
    const { backoff } = order.steps[0]?.run ?? {};
    expect(backoff && [1, 2, 3].map((failures) => backoffDelay(backoff, failures, 0))).toEqual([500, 1_000, 2_000]);
  });

  it('defect 10: inventory adds back exactly what was taken, of the items ordered; Paris is Paris', async () => {
    const stock = new Map([
      ['sku-7', 10],
      ['sku-9', 10],
    ]);
    const well = scriptedTools({ 'commerce.create_shipping_label': refuses });
    await rehearse(order, body, (call) => {
      if (call.capability !== 'database.adjust') return well(call);
      for (const { id, by } of Object(call.args.changes)) stock.set(id, (stock.get(id) ?? 0) + by);
      if (!isUndo(call)) expect(Object.fromEntries(stock)).toEqual({ 'sku-7': 7, 'sku-9': 9 });
      return well(call);
    });
    expect(Object.fromEntries(stock)).toEqual({ 'sku-7': 10, 'sku-9': 10 });

    const asked = await rehearse(parallel, { query: 'Weather in PARIS?' }, scriptedTools());
    expect(asked.output.results?.weather).toHaveProperty('Paris.city', 'Paris');
  });
});
