/**
 * `node --import tsx submit-program.ts <prefix> <orders as JSON>`: one of several clients that submit the same orders at the
 * same moment. Prints `ready`, submits all when it hears a line, and prints what it was told: `[{ key, id, duplicate }]`.
 */
import { once } from 'node:events';
import { z } from 'zod';
import { switchyard } from '../../../src/engine/engine.js';
import { order } from '../../../src/workflows/order.js';
import { silentLog } from '../silent-log.js';

const orders = z.array(z.object({ key: z.string(), input: z.unknown() })).parse(JSON.parse(process.argv[3] ?? '[]'));
const sy = switchyard({
  connection: process.env.REDIS_URL ?? '',
  prefix: process.argv[2] ?? '',
  workflows: [order],
  logger: silentLog,
});
await sy.ready();
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const told = await Promise.all(
  orders.map(async ({ key, input }) => {
    const { id, duplicate } = await sy.start('order', input, { key });
    return { key, id, duplicate };
  }),
);
process.stdout.write(`${JSON.stringify(told)}\n`);
await sy.close();
process.stdin.destroy();
