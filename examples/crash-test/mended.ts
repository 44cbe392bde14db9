/** `with-mistakes.ts` with the four remedies applied, and counted by the shop's own book: `npx switchyard crash-test` passes. */
import { fileURLToPath } from 'node:url';
import { defineCrashTest, defineSaga, mcpTask } from 'switchyard-mq';
import { z } from 'zod';

const charge = mcpTask('shop.charge', { key: 'requestId' });
const refund = mcpTask('shop.refund', { key: 'requestId' });
const email = mcpTask('shop.send_email', { key: 'requestId' });
const takeStock = mcpTask('shop.take_stock', { key: 'requestId' });
const putBack = mcpTask('shop.put_back', { key: 'requestId' });
const label = mcpTask('shop.create_label', { key: 'requestId', output: z.object({ labelId: z.string() }) });
const cancelLabel = mcpTask('shop.cancel_label', { key: 'requestId' });

const purchase = defineSaga({
  name: 'purchase',
  input: z.object({ to: z.string(), sku: z.string(), cents: z.number(), address: z.string() }),
})
  .step('payment', charge, {
    // 1. `key: 'requestId'` fills it in, the same on every attempt.
    with: ({ input, run }) => ({ orderId: run, cents: input.cents }),
    undo: [refund, ({ run }) => ({ orderId: run })],
  })
  // 2. The tool takes a key, so it is given one.
  .step('email', email, { with: ({ input, run }) => ({ to: input.to, subject: `Your order ${run}` }) })
  .step('stock', takeStock, {
    with: ({ input }) => ({ sku: input.sku, quantity: 1 }),
    // 3. The undo's task has a key of its own.
    undo: [putBack, ({ input, key }) => ({ sku: input.sku, quantity: 1, taken: key })],
  })
  .step('label', label, {
    with: ({ input }) => ({ address: input.address }),
    // 4. The label is named by the key under which it was made, which is known before.
    undo: [cancelLabel, ({ key }) => ({ labelRequest: key })],
  })
  .returns((done) => ({ label: done.label?.labelId }));

export const crashTest = defineCrashTest({
  workflow: purchase,
  input: { to: 'ada@example.com', sku: 'lamp', cents: 1250, address: 'Main St 1' },
  effects: async ({ step, run, key, call }) => {
    const answer = await call('shop.standing', { of: step === 'payment' ? run : key });
    return z.object({ standing: z.number() }).parse(answer).standing;
  },
  mcp: {
    mcpServers: {
      shop: {
        command: process.execPath,
        args: [fileURLToPath(new URL('shop-server.mjs', import.meta.url)), '${SWITCHYARD_CRASH_TEST_DIR}'],
      },
    },
  },
});
