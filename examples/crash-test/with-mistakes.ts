/**
 * A workflow that passes every ordinary test and is wrong in four places. `npx switchyard crash-test
 * examples/crash-test/with-mistakes.ts` finds each; `mended.ts` is the same with the four remedies applied.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineCrashTest, defineSaga, mcpTask } from 'switchyard-mq';
import { z } from 'zod';

const charge = mcpTask('shop.charge', { idempotent: true });
const refund = mcpTask('shop.refund', { key: 'requestId' });
const email = mcpTask('shop.send_email', { idempotent: true });
const takeStock = mcpTask('shop.take_stock', { key: 'requestId' });
const putBack = mcpTask('shop.put_back', { idempotent: true });
const label = mcpTask('shop.create_label', { key: 'requestId', output: z.object({ labelId: z.string() }) });
const cancelLabel = mcpTask('shop.cancel_label', { key: 'requestId' });

const purchase = defineSaga({
  name: 'purchase',
  input: z.object({ to: z.string(), sku: z.string(), cents: z.number(), address: z.string() }),
})
  .step('payment', charge, {
    // 1. The shop would recognise a request that it has seen; each attempt sends another.
    with: ({ input, run }) => ({ orderId: run, cents: input.cents, requestId: randomUUID() }),
    undo: [refund, ({ run }) => ({ orderId: run })],
  })
  .step('email', email, {
    // 2. Declared idempotent, and each call sends one more.
    with: ({ input, run }) => ({ to: input.to, subject: `Your order ${run}` }),
  })
  .step('stock', takeStock, {
    with: ({ input }) => ({ sku: input.sku, quantity: 1 }),
    // 3. The undo has no key: repeated, it puts back two where one was taken.
    undo: [putBack, ({ input, key }) => ({ sku: input.sku, quantity: 1, taken: key })],
  })
  .step('label', label, {
    with: ({ input }) => ({ address: input.address }),
    // 4. The label's id is in the answer, and the answer may be lost.
    undo: [cancelLabel, ({ output }) => ({ labelId: output?.labelId })],
  })
  .returns((done) => ({ label: done.label?.labelId }));

export const crashTest = defineCrashTest({
  workflow: purchase,
  input: { to: 'ada@example.com', sku: 'lamp', cents: 1250, address: 'Main St 1' },
  mcp: {
    mcpServers: {
      shop: {
        command: process.execPath,
        args: [fileURLToPath(new URL('shop-server.mjs', import.meta.url)), '${SWITCHYARD_CRASH_TEST_DIR}'],
      },
    },
  },
});
