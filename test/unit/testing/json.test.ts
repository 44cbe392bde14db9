/** Between stages there is JSON, in memory as in Redis: what it changes is changed here too. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approval, defineFanOut, defineRouter, defineSaga, defineTask, mcpTask, signal } from '../../../src/index.js';
import { testWorld } from '../../../src/testing.js';

const returning = (output: unknown, schema: z.ZodType = z.unknown()) =>
  defineTask({ name: 'made', input: z.unknown(), output: schema, idempotent: true, run: () => output });

const only = (run: ReturnType<typeof returning>, given: () => unknown = () => ({})) =>
  defineFanOut({
    name: 'only',
    input: z.object({}),
    branches: { only: { run, with: given } },
    aggregate: (results) => (results.only.state === 'completed' ? results.only.output : results.only),
  });

describe('JSON in memory', () => {
  it('does not let a task return what a worker would refuse', async () => {
    const run = await testWorld().run(only(returning({ at: new Date(0) }, z.object({ at: z.date() }))), {});
    expect([run.status, run.timeline[0]?.attempts[0]?.error?.code]).toEqual(['failed', 'BAD_OUTPUT']);
  });

  it('is what a stage is given', async () => {
    const dated = defineTask({
      name: 'dated',
      input: z.object({ since: z.date() }),
      output: z.unknown(),
      idempotent: true,
      run: ({ since }) => since.getTime(),
    });
    const run = await testWorld().run(
      defineFanOut({
        name: 'dates',
        input: z.object({}),
        branches: { only: { run: dated, with: () => ({ since: new Date(0) }) } },
        aggregate: () => null,
      }),
      {},
    );
    expect([run.status, run.timeline[0]?.attempts[0]?.error?.code]).toEqual(['failed', 'INVALID_INPUT']);
  });

  it('is what comes out of a run, what a router has decided, and what an undo is given', async () => {
    const dated = defineFanOut({
      name: 'dated',
      input: z.object({}),
      branches: { only: { run: returning(1), with: () => ({}) } },
      aggregate: () => ({ at: new Date(0), gone: undefined }),
    });
    const run = await testWorld().run(dated, {});
    expect(run.output).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' });

    const decided: unknown[] = [];
    const desk = defineRouter({
      name: 'desk',
      input: z.object({}),
      classify: () => ({ route: 'only', priority: 'LOW', evidence: { at: new Date(0) } }),
      routes: {
        only: {
          run: returning(1),
          with: (_input, decision) => {
            decided.push(decision);
            return {};
          },
        },
      },
      returns: () => null,
    });
    await testWorld().run(desk, {});
    expect(decided[0]).toMatchObject({ evidence: { at: '1970-01-01T00:00:00.000Z' } });

    const order = defineSaga({ name: 'order', input: z.object({}) })
      .step('one', mcpTask('a.one', { key: 'key' }), {
        with: () => ({}),
        undo: [mcpTask('a.undo', { key: 'key' }), () => ({ at: new Date(0) })],
      })
      .step('two', mcpTask('a.none', { attempts: 1, key: 'key' }), { with: () => ({}) })
      .returns(() => null);
    const undone = await testWorld({ tools: { 'a.one': () => ({}), 'a.undo': () => ({}) } }).run(order, {});
    expect(undone.calls.at(-1)?.args).toMatchObject({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('keeps no object that code holds on to: what it changes later changes nothing', async () => {
    const kept = { n: 1 };
    const given: unknown[] = [];
    const changes = defineTask({
      name: 'changes',
      input: z.object({ n: z.number() }),
      output: z.unknown(),
      idempotent: true,
      attempts: 2,
      run: (input) => {
        given.push({ ...input });
        Object.assign(input, { n: 7 });
        if (given.length === 1) throw new Error('once');
        return kept;
      },
    });
    const asked = defineSaga({ name: 'asked', input: z.object({}) })
      .step('one', changes, { with: () => ({ n: 1 }) })
      .step('go', approval(), { with: () => ({ question: 'go?' }) })
      .returns((done) => done.one);
    const run = await testWorld().run(asked, {});
    kept.n = 9;
    await run.approve();
    expect(given).toEqual([{ n: 1 }, { n: 1 }]);
    expect(run.output).toEqual({ n: 1 });
  });

  it('is what a signal brings', async () => {
    const waits = defineSaga({ name: 'waits', input: z.object({}) })
      .step('go', signal({ name: 'go', output: z.unknown() }), { with: () => ({}) })
      .returns((done) => done.go);
    const run = await testWorld().run(waits, {});
    await run.signal('go', { at: new Date(0) });
    expect(run.output).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('has a bound: a start whose jobs are too large is refused, a stage that is made later ends its run', async () => {
    const large = 'x'.repeat(140_000);
    await expect(
      testWorld().run(
        only(returning(1), () => large),
        {},
      ),
    ).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const desk = defineRouter({
      name: 'desk',
      input: z.object({}),
      classify: () => ({ route: 'only', priority: 'LOW', evidence: {} }),
      routes: { only: { run: returning(1), with: () => large } },
      returns: () => null,
    });
    const run = await testWorld().run(desk, {});
    expect([run.status, run.error?.code]).toEqual(['failed', 'TOO_LARGE']);
  });

  it('a plan that throws is refused at the start, as a producer refuses it', async () => {
    const wrong = only(returning(1), () => {
      throw new Error('no such city');
    });
    await expect(testWorld().run(wrong, {})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
