/**
 * `node --import tsx quick-worker.ts <folder> <prefix>`: what `switchyard worker` does in a shop's folder, with locks that
 * run out quickly. Prints a line with `is ready` once it works.
 */
import { join } from 'node:path';
import { createLogger } from '../../../src/adapters/logger.js';
import { loadMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { switchyard } from '../../../src/engine/engine.js';
import { shippedContracts } from '../../../src/workflows/capabilities.js';
import { order } from '../../../src/workflows/order.js';

/**
 * What is tested is what happens when a lock has run out, not how long that takes. Shorter ones run out under workers that
 * are merely slow, on a machine that is busy.
 */
const QUICK = {
  lockDurationMs: 2_500,
  lockRenewMs: 500,
  stalledIntervalMs: 500,
  reconcileMs: 500,
  clockCheckMs: 500,
  graceMs: 2_000,
};

const [folder = '', prefix = ''] = process.argv.slice(2);
const tools = createToolPool({
  config: await loadMcpConfig(join(folder, 'mcp.json')),
  contracts: shippedContracts,
  dataDir: folder,
});
const logger = createLogger();
const sy = switchyard({ connection: process.env.REDIS_URL ?? '', prefix, workflows: [order], tools, logger });
const workers = sy.workers(QUICK);
await tools.check();
await workers.start();
process.stdout.write(`Worker ${process.pid} is ready\n`);
process.once('SIGTERM', async () => {
  await workers.stop();
  await tools.close();
  await sy.close();
});
