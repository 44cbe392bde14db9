/** MCP tools as tasks: servers configured the way people already do it, one saga step per tool, keys that tools honour. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToolPool, defineSaga, mcpTask, parseMcpConfig, switchyard } from 'switchyard-mq';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-example-'));

const mcp = parseMcpConfig(
  {
    mcpServers: { commerce: { command: process.execPath, args: ['dist/servers/commerce/main.js', '--data', dataDir] } },
  },
  'examples/04-mcp-tools.ts',
);

const charge = mcpTask('commerce.charge_payment', {
  key: 'idempotencyKey',
  output: z.object({ paymentId: z.string() }),
});
const refund = mcpTask('commerce.refund_payment', { key: 'idempotencyKey' });

const deposit = defineSaga({ name: 'deposit', input: z.object({ customer: z.string(), amountMinor: z.int() }) })
  .step('payment', charge, {
    with: ({ input, run }) => ({
      orderId: run,
      customer: input.customer,
      amountMinor: input.amountMinor,
      currency: 'EUR',
    }),
    undo: [refund, ({ input, key }) => ({ paymentKey: key, amountMinor: input.amountMinor, currency: 'EUR' })],
  })
  .returns((done) => ({ paymentId: done.payment?.paymentId }));

const redis = await embeddedRedis('.switchyard/examples');
const tools = createToolPool({ config: mcp });
const sy = switchyard({ connection: redis.url, workflows: [deposit], tools });
const workers = sy.workers();
await workers.start();

const state = await (await sy.start(deposit, { customer: 'cust-1001', amountMinor: 2500 })).wait('15s');
assert.equal(state.status, 'completed');
assert.match(state.output.paymentId ?? '', /^pay_/);
console.log(state.status, state.output);

await workers.stop();
await tools.close();
await sy.close();
await redis.stop();
rmSync(dataDir, { recursive: true });
