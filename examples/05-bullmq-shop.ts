/** In a BullMQ shop: a worker that is there already as a branch, stages in a Worker of yours, a run started by a job of yours. */
import assert from 'node:assert/strict';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Queue, Worker } from 'bullmq';
import { defineFanOut, defineTask, fromQueue, switchyard } from 'switchyard-mq';
import { switchyardBullBoardAdapters } from 'switchyard-mq/bull-board';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

const redis = await embeddedRedis('.switchyard/examples');
const { hostname: host, port, password } = new URL(redis.url);
const connection = { host, port: Number(port), password, maxRetriesPerRequest: null };

// What is there already: a queue and its worker. Nothing about them changes.
const crm = new Queue('crm', { connection });
const crmWorker = new Worker('crm', async ({ data }) => ({ name: `customer ${data.id}` }), { connection });
const reminded: unknown[] = [];
const sendReminder = async (invoice: unknown) => void reminded.push(invoice);

// #region from-queue
const lookup = fromQueue('crm', {
  prefix: 'bull',
  job: 'lookup',
  input: z.object({ id: z.number() }),
  output: z.object({ name: z.string() }),
  attempts: 3,
  backoff: { type: 'exponential', delay: '1s' },
});

const invoices = defineTask({
  name: 'invoices',
  queue: 'billing',
  input: z.object({ id: z.number() }),
  output: z.array(z.string()),
  idempotent: true,
  run: ({ id }) => [`invoice ${id}-1`, `invoice ${id}-2`],
});

const account = defineFanOut({
  name: 'account',
  input: z.object({ id: z.number() }),
  branches: {
    customer: { run: lookup, with: ({ id }) => ({ id }) },
    invoices: { run: invoices, with: ({ id }) => ({ id }) },
  },
  aggregate: ({ customer, invoices }) => ({
    name: customer.state === 'completed' ? customer.output.name : 'unknown',
    invoices: invoices.state === 'completed' ? invoices.output : [],
  }),
});
// #endregion

const sy = switchyard({ connection: redis.url, workflows: [account] });

// #region processor
const billingWorker = new Worker(
  'billing',
  sy.processor(invoices, { otherwise: async ({ data }) => await sendReminder(data) }),
  sy.workerOptions({ connection, concurrency: 10 }),
);
// #endregion

// #region start-inside
const signups = new Worker(
  'signups',
  async (job) => {
    // The same job, however often it is begun, is the same run.
    const run = await sy.start(account, { id: job.data.id }, { key: `${job.queueName}:${job.id}` });
    return { run: run.id };
  },
  { connection },
);
// #endregion

// #region board
const serverAdapter = new FastifyAdapter();
createBullBoard({
  queues: [new BullMQAdapter(crm), ...switchyardBullBoardAdapters(sy)],
  serverAdapter,
});
// #endregion

// Roots need a worker of ours, for a few milliseconds each; the stages run where you say.
const workers = sy.workers({ queues: ['runs'] });
await workers.start();

const signup = new Queue('signups', { connection });
const job = await signup.add('new', { id: 42 });
const started = await new Promise<{ run: string }>((resolve) =>
  signups.on('completed', (_job, value) => resolve(value)),
);
const state = await sy.run(started.run).wait('10s');
assert.equal(state.status, 'completed');
assert.deepEqual(state.output, { name: 'customer 42', invoices: ['invoice 42-1', 'invoice 42-2'] });
console.log(`${started.run}, begun by job ${job.id}: ${state.status}`, state.output);

const billing = new Queue('billing', { connection, prefix: '{sy0}' });
const reminder = await billing.add('reminder', { invoice: '42-1' });
while (!(await reminder.isCompleted())) await new Promise((resolve) => setTimeout(resolve, 20));
assert.deepEqual(reminded, [{ invoice: '42-1' }]);

await Promise.all([crmWorker, billingWorker, signups].map((worker) => worker.close()));
await workers.stop();
await sy.close();
await Promise.all([crm, signup, billing].map((queue) => queue.close()));
await redis.stop();
