/** What happens in a world when several things happen at once: nothing is done twice. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approval, defineFanOut, defineSaga, defineTask, mcpTask, type Workflow } from '../../../src/index.js';
import { type TestRun, testWorld } from '../../../src/testing.js';

const mail = mcpTask('shop.mail');
const letter = defineSaga({ name: 'letter', input: z.object({ to: z.string() }), deadline: '1h' })
  .step('mail', mail, { with: ({ input }) => input })
  .returns(() => 'sent');
const card = defineSaga({ name: 'card', input: z.object({ to: z.string() }) })
  .step('mail', mail, { with: ({ input }) => input })
  .returns(() => 'sent');
const released = defineSaga({ name: 'released', input: z.object({}) })
  .step('release', approval({ deadline: '4h' }), { with: () => ({ question: 'go?' }) })
  .step('mail', mail, { with: () => ({}) })
  .returns(() => 'sent');

describe('runs at once', () => {
  it('begin each job once, though nothing says how it is safe to repeat', async () => {
    const world = testWorld({ tools: { 'shop.mail': async () => ({}) } });
    const runs = await Promise.all([
      world.run(letter, { to: 'anna' }),
      world.run(card, { to: 'ben' }),
      world.run(letter, { to: 'cleo' }),
    ]);
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    expect(runs.map(({ calls }) => calls.map(({ args }) => args.to))).toEqual([['anna'], ['ben'], ['cleo']]);
    expect(world.calls).toHaveLength(3);
  });

  it('go on with their words and their time, one after the other', async () => {
    const world = testWorld({ tools: { 'shop.mail': async () => ({}) } });
    const [one, two] = await Promise.all([world.run(released, {}), world.run(released, {})]);
    await Promise.all([one.approve(), two.cancel(), world.advance('1h'), world.advance('1h')]);
    expect([one.status, two.status]).toEqual(['completed', 'cancelled']);
    expect(world.now()).toBe(Date.UTC(2026, 0, 1, 2));
    expect(world.calls).toHaveLength(1);
  });
});

describe('a tool that', () => {
  it('lets time pass is called once, and its run goes on', async () => {
    const world = testWorld({
      tools: {
        'shop.mail': async () => {
          await world.advance('5m');
          return {};
        },
      },
    });
    const run = await world.run(letter, { to: 'anna' });
    expect([run.status, run.calls.length]).toEqual(['completed', 1]);
    expect(run.document.finishedAt).toBe(Date.UTC(2026, 0, 1, 0, 5));
  });

  it('lets the deadline of its run pass is aborted by it, as on a worker', async () => {
    let aborted = false;
    const slow = defineTask({
      name: 'slow',
      input: z.unknown(),
      output: z.unknown(),
      run: async (_input, { signal }) => {
        await world.advance('2h');
        aborted = signal.aborted;
      },
    });
    const late = defineSaga({ name: 'late', input: z.object({}), deadline: '1h' })
      .step('slow', slow, { with: () => ({}) })
      .returns(() => 'sent');
    const world = testWorld();
    const run = await world.run(late, {});
    expect([run.status, run.error?.code]).toEqual(['failed', 'DEADLINE_EXCEEDED']);
    expect(aborted).toBe(true);
    expect(world.now()).toBe(Date.UTC(2026, 0, 1, 2));
  });

  it('cancels its own run is aborted, and what it did is taken back', async () => {
    let run: TestRun | undefined;
    const keyed = mcpTask('shop.charge', { key: 'key' });
    const order = defineSaga({ name: 'order', input: z.object({}) })
      .step('release', approval(), { with: () => ({ question: 'go?' }) })
      .step('charge', keyed, { with: () => ({}), undo: [mcpTask('shop.refund', { key: 'key' }), () => ({})] })
      .step('mail', mail, { with: () => ({}) })
      .returns(() => 'sent');
    const world = testWorld({
      tools: {
        'shop.charge': async () => {
          await run?.cancel({ by: 'anna' });
          return {};
        },
        'shop.refund': () => ({}),
      },
    });
    run = await world.run(order, {});
    await run.approve();
    expect(run.status).toBe('compensated');
    expect(run.calls.map(({ capability }) => capability)).toEqual(['shop.charge', 'shop.refund']);
  });

  it('starts runs of its own waits for them, also when it starts several at once', async () => {
    const world = testWorld({
      tools: {
        'shop.mail': async () => ({}),
        'shop.all': async ({ to }) => {
          const names = z.array(z.string()).parse(to);
          const runs = await Promise.all(names.map((name) => world.run(letter, { to: name })));
          return runs.map(({ status }) => status);
        },
      },
    });
    const all = defineFanOut({
      name: 'all',
      input: z.object({ to: z.array(z.string()) }),
      branches: { only: { run: mcpTask('shop.all'), with: (input) => input } },
      aggregate: ({ only }) => (only.state === 'completed' ? only.output : null),
    });
    const run = await world.run(all, { to: ['anna', 'ben'] });
    expect([run.status, run.output]).toEqual(['completed', ['completed', 'completed']]);
    expect(world.calls.map(({ capability }) => capability)).toEqual(['shop.mail', 'shop.mail', 'shop.all']);
  });
});

describe('a key', () => {
  const start = (
    world: ReturnType<typeof testWorld>,
    to: string,
    workflow: Workflow<{ to: string }, string> = letter,
  ) => world.run(workflow, { to }, { key: 'k' });

  it('given twice is one run, whenever', async () => {
    const world = testWorld({ tools: { 'shop.mail': async () => ({}) } });
    const [one, same] = await Promise.all([start(world, 'anna'), start(world, 'anna')]);
    const later = await start(world, 'anna');
    expect(new Set([one.id, same.id, later.id]).size).toBe(1);
    expect(later.calls).toHaveLength(1);
    expect([one.calls, same.calls]).toEqual([later.calls, later.calls]);
    expect(one.document.status).toBe('completed');
  });

  it('given with another input is refused, and of another workflow is another', async () => {
    const world = testWorld({ tools: { 'shop.mail': () => ({}) } });
    const one = await start(world, 'anna');
    await expect(start(world, 'ben')).rejects.toMatchObject({ code: 'KEY_CONFLICT' });
    expect((await start(world, 'ben', card)).id).not.toBe(one.id);
    await expect(world.run(letter, { to: 'a' }, { key: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
