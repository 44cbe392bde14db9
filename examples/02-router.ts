/** By route: the content decides which team's queue a query goes to, how soon, and whether a person takes over. */
import assert from 'node:assert/strict';
import { defineRouter, defineTask, switchyard } from 'switchyard-mq';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

// #region readme
const Query = z.object({ text: z.string() });
const Answer = z.object({ answer: z.string() });

const billing = defineTask({
  name: 'billing',
  queue: 'billing',
  input: Query,
  output: Answer,
  idempotent: true,
  run: () => ({ answer: 'refunded' }),
});
const technical = defineTask({
  name: 'technical',
  queue: 'technical',
  input: Query,
  output: Answer,
  idempotent: true,
  run: () => ({ answer: 'restarted' }),
});
const person = defineTask({
  name: 'person',
  queue: 'escalation',
  input: z.object({ reason: z.string() }),
  output: Answer,
  idempotent: true,
  run: ({ reason }) => ({ answer: `on it: ${reason}` }),
});

const desk = defineRouter({
  name: 'desk',
  input: Query,
  classify: ({ text }) => ({
    route: /refund|invoice/i.test(text) ? 'billing' : 'technical',
    priority: /urgent/i.test(text) ? 'CRITICAL' : 'LOW',
    evidence: { length: text.length },
  }),
  routes: {
    billing: { run: billing, with: (query) => query },
    technical: { run: technical, with: (query) => query },
  },
  sla: { CRITICAL: '1h' },
  escalation: {
    to: person,
    when: ({ decision }) => decision.priority === 'CRITICAL' && 'critical priority',
    with: ({ reason }) => ({ reason }),
  },
  returns: ({ path, result, escalation }) => ({ path, answer: escalation?.answer ?? result?.answer }),
});
// #endregion

const redis = await embeddedRedis('.switchyard/examples');
const sy = switchyard({ connection: redis.url, workflows: [desk] });
const workers = sy.workers();
await workers.start();

const calm = await (await sy.start(desk, { text: 'A refund, please' })).wait('10s');
assert.equal(calm.status, 'completed');
assert.deepEqual(calm.output, { path: ['classifier', 'billing', 'priority_processor'], answer: 'refunded' });

const urgent = await (await sy.start(desk, { text: 'URGENT: the site is down' })).wait('10s');
assert.equal(urgent.status, 'completed');
assert.deepEqual(urgent.output, {
  path: ['classifier', 'technical', 'priority_processor', 'escalation'],
  answer: 'on it: critical priority',
});
console.log(calm.output, urgent.output);

await workers.stop();
await sy.close();
await redis.stop();
