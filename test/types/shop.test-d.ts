/** What must not compile about other people's queues and workers. */
import { Worker } from 'bullmq';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut, defineSaga, defineTask, fromQueue, type Switchyard } from '../../src/index.js';

const input = z.object({ id: z.number() });
const output = z.object({ name: z.string() });
const lookup = fromQueue('crm', { job: 'lookup', input, output });
const own = defineTask({ name: 'own', input, output, run: () => ({ name: 'a' }) });

test('their worker cannot be a step, an undo or a find', () => {
  const chain = defineSaga({ name: 'chain', input });
  chain.step('own', own, { with: (f) => f.input, undo: [own, (f) => f.input], find: [own, (f) => f.input, (a) => a] });
  // @ts-expect-error a foreign worker records no intent
  chain.step('theirs', lookup, { with: (f) => f.input });
  // @ts-expect-error nor for an undo
  chain.step('own', own, { with: (f) => f.input, undo: [lookup, (f) => f.input] });
  // @ts-expect-error nor does it answer whether an effect has happened
  chain.step('own', own, { with: (f) => f.input, find: [lookup, (f) => f.input, (a) => a] });
});

test('as a branch it is typed by its schemas', () => {
  defineFanOut({
    name: 'fan',
    input,
    branches: { theirs: { run: lookup, with: (i) => ({ id: i.id }) } },
    aggregate: (r) => {
      if (r.theirs.state === 'completed') expectTypeOf(r.theirs.output).toEqualTypeOf<{ name: string }>();
    },
  });
  // @ts-expect-error their input has a number
  defineFanOut({
    name: 'fan',
    input,
    branches: { theirs: { run: lookup, with: () => ({ id: 'one' }) } },
    aggregate: () => null,
  });
});

test("our processor fits BullMQ's Worker, with its own options and with ours", (): void => {
  const make = (sy: Switchyard) => {
    const connection = { host: 'localhost' };
    new Worker('tasks', sy.processor(own), sy.workerOptions({ connection, concurrency: 5 }));
    return new Worker('tasks', sy.processor(own, { otherwise: async ({ data }) => data }), { connection });
  };
  expectTypeOf(make).returns.toHaveProperty('close');
});
