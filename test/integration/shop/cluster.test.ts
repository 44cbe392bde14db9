/** A node of a Redis Cluster: their queue in the runs' slot works, in another it is refused at start. */
import { type ConnectionOptions, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut, fromQueue, switchyard } from '../../../src/index.js';
import { untilTrue, useRedisProcess } from '../../support/redis-process.js';
import { silentLog } from '../../support/silent-log.js';

function open(connection: string, prefix: string, theirs: string) {
  const lookup = fromQueue('crm', { prefix: theirs, job: 'lookup', input: z.number(), output: z.number() });
  const workflow = defineFanOut({
    name: 'account',
    input: z.object({ id: z.number() }),
    branches: { first: { run: lookup, with: (i) => i.id }, second: { run: lookup, with: (i) => i.id + 1 } },
    aggregate: (r) => [r.first, r.second].map((one) => (one.state === 'completed' ? one.output : one.state)),
  });
  const sy = switchyard({ connection, prefix, workflows: [workflow], logger: silentLog });
  onTestFinished(() => sy.close());
  return { sy, workflow };
}

test('their prefix shares our hash tag, or it is refused with what it has to be', async () => {
  const node = await useRedisProcess(['cluster-enabled yes']);
  await node.admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  await untilTrue(async () => /cluster_state:ok/.test(await node.admin.cluster('INFO')));

  for (const [prefix, theirs] of [
    ['{sy0}', 'bull'],
    ['{sy0}', '{shop}'],
  ] as const) {
    await expect(open(node.url, prefix, theirs).sy.ready()).rejects.toMatchObject({
      code: 'REDIS_UNSUITABLE',
      message: expect.stringMatching(/queue "crm" of fromQueue\(\) lies in another slot than runs do/),
    });
  }

  const { sy, workflow } = open(node.url, '{shop}:sy', '{shop}');
  const connection: ConnectionOptions = { host: '127.0.0.1', port: node.port, maxRetriesPerRequest: null };
  const crm = new Worker('crm', async ({ data }) => data * 10, { connection, prefix: '{shop}' });
  onTestFinished(() => crm.close(true));
  const workers = sy.workers({ reconcileMs: 100, graceMs: 500 });
  onTestFinished(() => workers.stop());
  await workers.start();
  const dropped = await sy.start(workflow, { id: 1 }, { delay: '1h' });
  await dropped.cancel();
  expect(await (await sy.start(workflow, { id: 1 })).wait('10s')).toMatchObject({
    status: 'completed',
    output: [10, 20],
  });
  expect(await dropped.wait('10s')).toMatchObject({ status: 'cancelled' });
});
