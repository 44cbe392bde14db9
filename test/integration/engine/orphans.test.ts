/** Effects that no run knows of: orders on the real servers, and by hand what a power loss of Redis does. Needs the build. */
import { join } from 'node:path';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { effectKey, redisKeys } from '../../../src/names.js';
import type { FoundOrphan } from '../../../src/queues/find-orphans.js';
import { order } from '../../../src/workflows/order.js';
import { DIST } from '../../acceptance/cli/cli-process.js';
import { useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { dataFolder } from '../servers/server-fixture.js';

const FROM = ['commerce.list_effects', 'database.list_effects'];
const STEPS = order.steps.map(({ name }) => name);
const CALL = { timeoutMs: 10_000, safeToRepeat: true };

const input = (quantity = 1) => ({
  customer: { name: 'Ada Lindqvist', email: 'ada@example.com' },
  items: [{ sku: 'sku-5009', quantity }],
  amountMinor: 5_980,
  address: { street: '12 Storgata', city: 'Oslo', postalCode: '0155', country: 'NO' },
});

async function useShop() {
  const folder = dataFolder();
  const server = (name: string) => ({
    command: process.execPath,
    args: [join(DIST, 'servers', name, 'main.js'), '--data', folder],
  });
  const mcpServers = { commerce: server('commerce'), database: server('database') };
  const tools = createToolPool({ config: parseMcpConfig({ mcpServers }, 'this test') });
  onTestFinished(() => tools.close());
  const engine = await useWorkingEngine([order], { tools });
  const { sy, redis, prefix } = engine;
  return {
    ...engine,
    tools,
    orphans: () => sy.orphans({ from: FROM }),
    async ended(key: string, quantity = 1): Promise<string> {
      const { id, status } = await (await sy.start(order, input(quantity), { key })).wait('15s');
      expect(status).toBe(quantity > 1 ? 'compensated' : 'completed');
      return id;
    },
    /** Everything of a run, as a Redis has it that never heard of it. */
    async lose(run: string): Promise<void> {
      const keys = (await keysOf(prefix)).filter((key) => key.includes(run));
      await redis.unlink(...keys);
    },
    forget: (run: string, ...fields: string[]) => redis.hdel(redisKeys(prefix).log(run), ...fields),
    books<T>(name: string, work: (file: Database.Database) => T): T {
      const file = new Database(join(folder, `${name}.db`));
      try {
        file.exec('PRAGMA busy_timeout = 5000');
        return work(file);
      } finally {
        file.close();
      }
    },
  };
}

const named = (found: readonly FoundOrphan[]) => found.map(({ kind, key }) => `${kind} ${key}`).sort();
const TOO_MANY = 900;

test('[P3] every effect that no run knows of is found and named, and no other', async () => {
  const shop = await useShop();
  const [whole, undone, lost, lostUndone, torn, liar, robbed] = await Promise.all([
    shop.ended('whole'),
    shop.ended('undone', TOO_MANY),
    shop.ended('lost'),
    shop.ended('lost-undone', TOO_MANY),
    shop.ended('torn'),
    shop.ended('liar', TOO_MANY),
    shop.ended('robbed', TOO_MANY),
  ]);
  for (const key of ['order 7', 'other-0-t1/pay/1', 'order-fast-0-t1/pay/1']) {
    const args = { orderId: 'x', customer: 'x', amountMinor: 1, currency: 'EUR', idempotencyKey: key };
    await shop.tools.call('commerce.charge_payment', args, CALL);
  }
  expect(await shop.orphans()).toMatchObject({ orphans: [], notJudged: 0 });

  await shop.lose(lost);
  await shop.lose(lostUndone);
  await shop.forget(torn, 'intent/charge_payment', 'done/charge_payment');
  await shop.forget(robbed, 'intent/charge_payment.undo', 'done/charge_payment.undo');
  const stands = effectKey(liar, 'charge_payment', 1);
  shop.books('commerce', (file) => file.prepare('UPDATE effects SET undo_answer = NULL WHERE key = ?').run(stands));

  const { orphans, notJudged, effects } = await shop.orphans();
  expect(named(orphans)).toEqual(
    [
      ...STEPS.map((step) => `no-run ${effectKey(lost, step, 1)}`),
      `not-recorded ${effectKey(torn, 'charge_payment', 1)}`,
      `not-recorded ${effectKey(robbed, 'charge_payment.undo', 1)}`,
      `left-standing ${stands}`,
    ].sort(),
  );
  expect(notJudged).toBe(0);
  expect(Object.keys(effects)).toEqual(FROM);
  for (const run of [whole, undone, lostUndone]) expect(orphans.map((orphan) => orphan.run)).not.toContain(run);
  const { undo } = orphans.find(({ run }) => run === torn) ?? {};
  expect(undo).toEqual({
    task: 'commerce.refund_payment',
    key: effectKey(torn, 'charge_payment.undo', 1),
    args: { paymentKey: effectKey(torn, 'charge_payment', 1), amountMinor: 5_980, currency: 'EUR' },
  });

  // What is advised settles it: the undo as it is told, and the lost order once more with its key.
  await shop.tools.call(undo?.task ?? '', { ...Object(undo?.args), idempotencyKey: undo?.key }, CALL);
  const again = await (await shop.sy.start(order, input(), { key: 'lost' })).wait('15s');
  expect(again).toMatchObject({ id: lost, status: 'completed' });
  const left = named((await shop.orphans()).orphans);
  expect(left.filter((orphan) => orphan.includes(lost) || orphan.includes(torn))).toEqual([]);
  const charges = shop.books('commerce', (file) =>
    file.prepare('SELECT kind FROM ledger WHERE order_id IN (?, ?) ORDER BY seq').all(lost, torn),
  );
  expect(charges).toHaveLength(3);
});

test('a run that is over and forgotten is not taken for a lost one, however many pages there are', async () => {
  const shop = await useShop();
  const kept = await shop.ended('kept');
  const [old, recent] = [new Date(Date.now() - 8 * 86_400_000), new Date()];
  const key = (at: Date, n: number) =>
    effectKey(`order-0-t${String(n).padStart(4, '0')}${at.getTime()}`, 'charge_payment', 1);
  shop.books('commerce', (file) => {
    const insert = file.prepare(
      "INSERT INTO effects (key, tool, arguments, answer, at) VALUES (?, 'charge_payment', '{}', '{}', ?)",
    );
    for (let n = 0; n < 450; n += 1) for (const at of [old, recent]) insert.run(key(at, n), at.toISOString());
  });
  const { orphans, notJudged } = await shop.orphans();
  expect(orphans.map((orphan) => orphan.key)).toEqual(Array.from({ length: 450 }, (_, n) => key(recent, n)));
  expect(notJudged).toBe(450);

  // Where as many ended runs are kept as may be, those before the oldest of them are forgotten too.
  const few = shop.other([order], { retention: { count: 1 } });
  const later = new Date(Date.now() + 1_000).toISOString();
  const newest = effectKey('order-0-tnewest', 'charge_payment', 1);
  shop.books('commerce', (file) =>
    file
      .prepare("INSERT INTO effects (key, tool, arguments, answer, at) VALUES (?, 'charge_payment', '{}', '{}', ?)")
      .run(newest, later),
  );
  shop.books('commerce', (file) =>
    file
      .prepare('UPDATE effects SET at = ? WHERE key IN (SELECT key FROM effects WHERE at = ?)')
      .run(new Date(Date.now() - 60_000).toISOString(), recent.toISOString()),
  );
  const report = await few.orphans({ from: FROM });
  expect(named(report.orphans)).toEqual([`no-run ${newest}`]);
  expect(report.orphans.map(({ run }) => run)).not.toContain(kept);
});

test('a service that cannot be asked, or none at all, is no report without orphans', async () => {
  const { sy } = await useShop();
  await expect(sy.orphans({ from: [] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(sy.orphans({ from: ['weather.list_effects'] })).rejects.toMatchObject({ code: 'UNKNOWN_SERVER' });
  await expect(sy.orphans({ from: ['commerce.get_ledger'] })).rejects.toMatchObject({ code: 'TOOL_FAILED' });
});
