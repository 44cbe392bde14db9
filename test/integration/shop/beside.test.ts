/**
 * Beside a team's own queues on their Redis, as users with the rights that docs/security.md gives and no `CONFIG`, as managed
 * services have it: what they need is allowed, and nothing of theirs is touched.
 */
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut, fromQueue, switchyard } from '../../../src/index.js';
import { redisUser } from '../../support/redis-acl.js';
import { useRedisProcess } from '../../support/redis-process.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, task } from '../../support/workflows.js';

const documents = readFileSync('docs/security.md', 'utf8');
const lookup = fromQueue('crm', { job: 'lookup', input: z.object({ id: z.number() }), output: z.string() });
const hosted = task('hosted', () => 'hosted', { queue: 'billing' });
const account = defineFanOut({
  name: 'account',
  input: anyInput,
  branches: {
    theirs: { run: lookup, with: () => ({ id: 1 }) },
    hosted: { run: hosted, with: () => 1 },
    ours: { run: task('ours'), with: () => 2 },
  },
  aggregate: (r) => [r.theirs, r.hosted, r.ours].map((one) => (one.state === 'completed' ? one.output : one.state)),
});

/** Every key that fits, with its content as Redis stores it. */
async function contents(admin: Redis, fits: (key: string) => boolean): Promise<ReadonlyMap<string, string>> {
  const keys = (await admin.keys('*')).filter(fits).sort();
  const dumps = await Promise.all(keys.map(async (key) => [key, (await admin.dumpBuffer(key))?.toString('hex') ?? '']));
  return new Map(dumps as [string, string][]);
}

test('runs work with least rights and without CONFIG, and what is there is left as it was', async () => {
  const { admin, port } = await useRedisProcess();
  const theirs: ConnectionOptions = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  // Settings of their own, which a queue of ours would overwrite with BullMQ's.
  const streams = { events: { maxLen: 555 } };
  const [crm, other] = ['crm', 'other'].map((name) => new Queue(name, { connection: theirs, streams }));
  onTestFinished(async () => void (await Promise.all([crm?.close(), other?.close()])));
  await Promise.all([
    crm?.add('waits', { own: 1 }, { delay: 3_600_000 }),
    other?.add('job', { own: 2 }, { priority: 3 }),
  ]);
  await admin.set('application:cache', 'theirs');
  // Their job in the queue that runs use stays as well; only that queue's own counters move.
  const isBystander = (key: string) => !key.startsWith('bull:crm:') || /^bull:crm:(meta|1)$/.test(key);
  const before = await contents(admin, isBystander);
  expect(before.size).toBeGreaterThan(5);

  for (const role of ['producer', 'worker']) {
    await admin.acl('SETUSER', role, ...redisUser(documents, role).rule, '~bull:crm:*', '>pw');
  }
  const open = (role: string) => {
    const connection = `redis://${role}:pw@127.0.0.1:${port}`;
    const sy = switchyard({ connection, workflows: [account], logger: silentLog });
    onTestFinished(() => sy.close());
    return sy;
  };
  const [producer, working] = [open('producer'), open('worker')];
  const crmWorker = new Worker('crm', async () => 'Ada', { connection: theirs });
  const billing = new Worker('billing', working.processor(hosted), {
    ...working.workerOptions({}),
    connection: { ...theirs, username: 'worker', password: 'pw' },
  });
  onTestFinished(async () => void (await Promise.all([crmWorker.close(true), billing.close(true)])));

  // One is dropped from their queue before anybody has begun it.
  const dropped = await producer.start(account, {}, { delay: '1h' });
  await dropped.cancel();
  const workers = working.workers({ queues: ['runs', 'tasks'], reconcileMs: 100 });
  await workers.start();
  const run = await producer.start(account, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: ['Ada', 'hosted', 2] });
  expect(await dropped.wait('10s')).toMatchObject({ status: 'cancelled' });
  await workers.stop();

  const denied = z.array(z.array(z.unknown())).parse(await admin.acl('LOG', 100));
  const refused = denied.map((entry) => String(entry[entry.indexOf('object') + 1])).sort();
  // Asked for and done without: the settings, and the name of a client of BullMQ's.
  expect(new Set(refused)).toEqual(new Set(['config|get', 'client|setinfo'].filter((one) => refused.includes(one))));
  expect(refused).toContain('config|get');
  const after = await contents(admin, (key) => isBystander(key) && !key.startsWith('{sy0}:'));
  expect(after).toEqual(before);
});
