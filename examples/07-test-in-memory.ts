/** A test of one's own workflow, without Redis: `node --import tsx --test`, vitest and jest take it alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval, defineSaga, mcpTask } from 'switchyard-mq';
import { losingAnswers, testWorld } from 'switchyard-mq/testing';
import { z } from 'zod';

const charge = mcpTask('shop.charge', { key: 'idempotencyKey', output: z.object({ id: z.string() }) });
const refund = mcpTask('shop.refund', { key: 'idempotencyKey' });

const order = defineSaga({ name: 'order', input: z.object({ cents: z.number() }) })
  .step('payment', charge, {
    with: ({ input }) => ({ cents: input.cents }),
    undo: [refund, ({ key }) => ({ charged: key })],
  })
  .step('release', approval({ deadline: '4h' }), { with: ({ input }) => ({ question: `Ship for ${input.cents}?` }) })
  .returns((done) => ({ paymentId: done.payment?.id, by: done.release?.by }));

const charges = new Set<unknown>();
const tools = {
  'shop.charge': ({ idempotencyKey }: { readonly idempotencyKey?: unknown }) => {
    charges.add(idempotencyKey);
    return { id: `p${charges.size}` };
  },
  'shop.refund': () => ({}),
};

test('an order waits for its release, and ends with it', async () => {
  const run = await testWorld({ tools }).run(order, { cents: 1250 });
  assert.equal(run.status, 'waiting_approval');
  await run.approve({ by: 'anna' });
  assert.deepEqual([run.status, run.output?.by], ['completed', 'anna']);
});

test('an order that nobody releases is refunded after four hours', async () => {
  const world = testWorld({ tools });
  const run = await world.run(order, { cents: 1250 });
  await world.advance('4h');
  assert.equal(run.status, 'compensated');
  assert.deepEqual(
    run.calls.map(({ capability }) => capability),
    ['shop.charge', 'shop.refund'],
  );
});

test('a charge whose answer is lost is asked for again, and made once', async () => {
  charges.clear();
  const flaky = { ...tools, 'shop.charge': losingAnswers(1, tools['shop.charge']) };
  const run = await testWorld({ tools: flaky }).run(order, { cents: 1250 });
  assert.equal(run.calls.length, 2);
  assert.equal(charges.size, 1);
});
