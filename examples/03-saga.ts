/** As a saga: steps in order; when one fails for good, everything that may have happened is undone, last first. */
import assert from 'node:assert/strict';
import { defineSaga, defineTask, PermanentError, switchyard } from 'switchyard-mq';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

const ledger = new Map<string, number>();

// #region readme
const Charge = z.object({ cents: z.number() });
const Ref = z.object({ chargeKey: z.string() });

// `key: true` says that `run` gives `key` to its service: the same on every attempt, so repeating is safe.
const charge = defineTask({
  name: 'charge',
  input: Charge,
  output: z.object({ paymentId: z.string() }),
  key: true,
  run: ({ cents }, { key }) => {
    ledger.set(key, cents);
    return { paymentId: `pay-${key}` };
  },
});
const refund = defineTask({
  name: 'refund',
  input: Ref,
  output: z.object({}),
  key: true,
  run: ({ chargeKey }) => {
    ledger.delete(chargeKey);
    return {};
  },
});
const label = defineTask({
  name: 'label',
  input: z.object({ address: z.string() }),
  output: z.object({ tracking: z.string() }),
  key: true,
  run: ({ address }) => {
    if (address === 'nowhere') throw new PermanentError('the carrier does not deliver there');
    return { tracking: 'T1' };
  },
});

const purchase = defineSaga({ name: 'purchase', input: z.object({ cents: z.number(), address: z.string() }) })
  .step('payment', charge, {
    with: ({ input }) => ({ cents: input.cents }),
    // Stored before the charge happens: it needs the key, which is known, and not the answer, which may be lost.
    undo: [refund, ({ key }) => ({ chargeKey: key })],
  })
  .step('label', label, { with: ({ input }) => ({ address: input.address }) })
  .returns((done, { undone }) => ({ tracking: done.label?.tracking, undone }));
// #endregion

const redis = await embeddedRedis('.switchyard/examples');
const sy = switchyard({ connection: redis.url, workflows: [purchase] });
const workers = sy.workers();
await workers.start();

const good = await (await sy.start(purchase, { cents: 1250, address: 'Main St 1' })).wait('10s');
assert.equal(good.status, 'completed');
assert.equal(good.output.tracking, 'T1');

const bad = await (await sy.start(purchase, { cents: 990, address: 'nowhere' })).wait('10s');
assert.equal(bad.status, 'compensated');
assert.deepEqual(bad.output?.undone, ['payment']);
assert.deepEqual([...ledger.values()], [1250], 'only the good one was charged');

// The same key is the same run: a second submit is recognised, and answered with the first one's result.
const key = `purchase-${Date.now()}`;
const first = await sy.start(purchase, { cents: 500, address: 'Main St 1' }, { key });
const second = await sy.start(purchase, { cents: 500, address: 'Main St 1' }, { key });
assert.equal(second.id, first.id);
assert.equal(second.duplicate, true);
await first.wait('10s');
console.log(good.status, bad.status, bad.error?.message);

await workers.stop();
await sy.close();
await redis.stop();
