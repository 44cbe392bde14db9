/**
 * To begin with: one workflow of each kind in one file, and a run of each. Copy it, and put your tools where the functions are. It
 * is a module: with `"type": "module"` in package.json, `npx tsx starter.ts` runs it.
 */
import assert from 'node:assert/strict';
import { defineFanOut, defineRouter, defineSaga, defineTask, switchyard } from 'switchyard-mq';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

// What is done: a task has a name, checked input and output, and says how it is safe to repeat.
const Text = z.object({ text: z.string() });
const count = defineTask({
  name: 'count',
  input: Text,
  output: z.number(),
  idempotent: true,
  run: ({ text }) => text.split(' ').length,
});
const shout = defineTask({
  name: 'shout',
  input: Text,
  output: z.string(),
  idempotent: true,
  run: ({ text }) => text.toUpperCase(),
});

// Side by side: what fails is in the result, and takes nothing along.
const report = defineFanOut({
  name: 'report',
  input: Text,
  branches: { words: { run: count, with: (input) => input }, loud: { run: shout, with: (input) => input } },
  aggregate: ({ words, loud }) => ({
    words: words.state === 'completed' ? words.output : null,
    loud: loud.state === 'completed' ? loud.output : null,
  }),
});

// By route: `classify` decides once, and what it decided by is kept.
const inbox = defineRouter({
  name: 'inbox',
  input: Text,
  classify: ({ text }) => ({
    route: text.endsWith('!') ? 'loud' : 'calm',
    priority: 'MEDIUM',
    evidence: { last: text.at(-1) },
  }),
  routes: { loud: { run: shout, with: (input) => input }, calm: { run: count, with: (input) => input } },
  returns: ({ decision, result }) => ({ route: decision.route, result }),
});

// Step by step: each says how it is undone before it happens. `key` is the same on every attempt.
const seats = new Set<string>();
const reserve = defineTask({
  name: 'reserve',
  input: z.object({ seat: z.string() }),
  output: z.object({ seat: z.string() }),
  key: true,
  run: ({ seat }) => {
    seats.add(seat);
    return { seat };
  },
});
const release = defineTask({
  name: 'release',
  input: z.object({ seat: z.string() }),
  output: z.object({}),
  idempotent: true,
  run: ({ seat }) => {
    seats.delete(seat);
    return {};
  },
});
const booking = defineSaga({ name: 'booking', input: z.object({ seat: z.string(), note: z.string() }) })
  .step('seat', reserve, {
    with: ({ input }) => ({ seat: input.seat }),
    undo: [release, ({ input }) => ({ seat: input.seat })],
  })
  .step('note', count, { with: ({ input }) => ({ text: input.note }) })
  .returns((done) => ({ seat: done.seat?.seat, words: done.note }));

// REDIS_URL, or a private one. In an application the workers are a process of their own, as many as you like.
const redis = await embeddedRedis('.switchyard/examples');
const sy = switchyard({ connection: redis.url, workflows: [report, inbox, booking] });
const workers = sy.workers();
await workers.start();

const reported = await (await sy.start(report, { text: 'three short words' })).wait('10s');
assert.equal(reported.status, 'completed');
assert.deepEqual(reported.output, { words: 3, loud: 'THREE SHORT WORDS' });

const routed = await (await sy.start(inbox, { text: 'hurry!' })).wait('10s');
assert.equal(routed.status, 'completed');
assert.deepEqual(routed.output, { route: 'loud', result: 'HURRY!' });

const booked = await (await sy.start(booking, { seat: '12A', note: 'by the window' })).wait('10s');
assert.equal(booked.status, 'completed');
assert.deepEqual(booked.output, { seat: '12A', words: 3 });

for (const { workflow, status, timeline } of [reported, routed, booked]) {
  console.log(`${workflow}: ${status}, ${timeline.map(({ name, state }) => `${name} ${state}`).join(', ')}`);
}

await workers.stop();
await sy.close();
await redis.stop();
