import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  approval,
  defineFanOut,
  defineRouter,
  defineSaga,
  defineTask,
  mcpTask,
  PermanentError,
  signal,
} from '../../../src/index.js';
import { failing, losingAnswers, testWorld } from '../../../src/testing.js';

const City = z.object({ city: z.string() });
const weather = mcpTask('weather.now', {
  input: City,
  output: z.object({ celsius: z.number() }),
  idempotent: true,
  attempts: 3,
});
const news = defineTask({
  name: 'news',
  input: City,
  output: z.string(),
  idempotent: true,
  run: () => {
    throw new PermanentError('no source');
  },
});
const brief = defineFanOut({
  name: 'brief',
  input: City,
  branches: { weather: { run: weather, with: (input) => input }, news: { run: news, with: (input) => input } },
  aggregate: ({ weather: found }) => (found.state === 'completed' ? found.output.celsius : null),
});

const charge = mcpTask('shop.charge', { output: z.object({ id: z.string() }), key: 'key' });
const refund = mcpTask('shop.refund', { key: 'key' });
const label = mcpTask('shop.label', { output: z.object({ tracking: z.string() }), key: 'key' });
const mail = mcpTask('shop.mail');
const order = defineSaga({ name: 'order', input: z.object({ cents: z.number() }) })
  .step('payment', charge, {
    with: ({ input }) => ({ cents: input.cents }),
    undo: [refund, ({ key }) => ({ charged: key })],
  })
  .step('label', label, { with: () => ({}) })
  .returns((done, { undone }) => ({ tracking: done.label?.tracking, undone }));

const shop = {
  'shop.charge': () => ({ id: 'p1' }),
  'shop.refund': () => ({}),
  'shop.label': () => ({ tracking: 'T1' }),
};

describe('a run in memory', () => {
  it('of a fan-out keeps what succeeded, and repeats what may be tried again', async () => {
    const world = testWorld({ tools: { 'weather.now': failing(2, () => ({ celsius: 21 })) } });
    const run = await world.run(brief, { city: 'Paris' });
    expect(run.status).toBe('partial');
    expect(run.output).toBe(21);
    expect(run.calls.map(({ args, error }) => [args.city, error?.code])).toEqual([
      ['Paris', 'TOOL_FAILED'],
      ['Paris', 'TOOL_FAILED'],
      ['Paris', undefined],
    ]);
    expect(run.timeline.map(({ name, state, attempts }) => [name, state, attempts.length])).toEqual([
      ['weather', 'completed', 3],
      ['news', 'failed', 1],
    ]);
    expect(run.document.finishedAt).toBe(world.now());
  });

  it('of a fan-out that fails at its first failure begins nothing more', async () => {
    const strict = defineFanOut({
      name: 'strict',
      input: City,
      onFailure: 'fail',
      branches: { news: { run: news, with: (input) => input }, weather: { run: weather, with: (input) => input } },
      aggregate: () => null,
    });
    const run = await testWorld({ tools: { 'weather.now': () => ({ celsius: 1 }) } }).run(strict, { city: 'Rome' });
    expect(run.status).toBe('failed');
    expect(run.calls).toEqual([]);
  });

  it('of a saga undoes what it did, with the key that the effect had', async () => {
    const refused = () => {
      throw new PermanentError('no such street');
    };
    const run = await testWorld({ tools: { ...shop, 'shop.label': refused } }).run(order, { cents: 5 });
    expect(run.status).toBe('compensated');
    expect(run.output).toEqual({ tracking: undefined, undone: ['payment'] });
    const [charged, , refunded] = run.calls;
    expect(run.calls.map(({ capability }) => capability)).toEqual(['shop.charge', 'shop.label', 'shop.refund']);
    expect(refunded?.args.charged).toBe(charged?.args.key);
    expect(run.timeline.map(({ name, state }) => `${name} ${state}`)).toContain('payment.undo completed');
  });

  it('whose answer gets lost repeats a keyed effect with the same key, and completes', async () => {
    let charges = 0;
    const world = testWorld({
      tools: {
        ...shop,
        'shop.charge': losingAnswers(1, () => {
          charges += 1;
          return { id: 'p1' };
        }),
      },
    });
    const run = await world.run(order, { cents: 5 });
    expect(run.status).toBe('completed');
    expect(charges).toBe(2);
    expect(new Set(run.calls.filter(({ capability }) => capability === 'shop.charge').map(({ key }) => key)).size).toBe(
      1,
    );
  });

  it('whose answer gets lost where nothing says how it is safe to repeat waits for a person, who resolves it', async () => {
    const letter = defineSaga({ name: 'letter', input: z.object({}) })
      .step('mail', mail, { with: () => ({}) })
      .returns(() => 'sent');
    const run = await testWorld({ tools: { 'shop.mail': losingAnswers(1, () => ({})) } }).run(letter, {});
    expect(run.status).toBe('in_doubt');
    await expect(run.approve()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
    await run.resolve({ happened: true, output: {}, by: 'anna' });
    expect([run.status, run.output]).toEqual(['completed', 'sent']);
    expect(run.document.words).toMatchObject([{ command: 'resolve', by: 'anna' }]);
    expect(run.calls).toHaveLength(1);
  });
});

const answer = signal({ name: 'answer', output: z.string() });

describe('a run that waits', () => {
  const asked = defineSaga({ name: 'asked', input: z.object({ cents: z.number() }) })
    .step('payment', charge, {
      with: ({ input }) => ({ cents: input.cents }),
      undo: [refund, ({ key }) => ({ charged: key })],
    })
    .step('approval', approval({ deadline: '4h' }), { with: ({ input }) => ({ question: `ship for ${input.cents}?` }) })
    .step('label', label, { with: () => ({}) })
    .returns((done) => done.approval?.by);

  it('goes on when a person approves', async () => {
    const run = await testWorld({ tools: shop }).run(asked, { cents: 5 });
    expect(run.status).toBe('waiting_approval');
    await run.approve({ by: 'ben' });
    expect([run.status, run.output]).toEqual(['completed', 'ben']);
  });

  it('waits for nobody any more once it is approved, though a signal has yet to come', async () => {
    const twice = defineSaga({ name: 'twice', input: z.object({}) })
      .step('approval', approval(), { with: () => ({ question: 'go on?' }) })
      .step('answer', answer, { with: () => ({}) })
      .returns((done) => done.answer);
    const run = await testWorld().run(twice, {});
    await run.approve();
    expect(run.status).toBe('running');
    await run.signal('answer', 'yes');
    expect([run.status, run.output]).toEqual(['completed', 'yes']);
  });

  it('is turned round at the deadline of its question, and not before', async () => {
    const world = testWorld({ tools: shop });
    const run = await world.run(asked, { cents: 5 });
    await world.advance('3h');
    expect(run.status).toBe('waiting_approval');
    await world.advance('1h');
    expect(run.status).toBe('compensated');
    expect(run.error?.code).toBe('REJECTED');
    expect(run.document.finishedAt).toBe(Date.UTC(2026, 0, 1, 4));
  });

  it('is undone when it is cancelled, and takes no other word then', async () => {
    const run = await testWorld({ tools: shop }).run(asked, { cents: 5 });
    await run.cancel({ by: 'anna' });
    expect(run.status).toBe('compensated');
    await expect(run.cancel()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  const desk = defineRouter({
    name: 'desk',
    input: z.object({ text: z.string() }),
    classify: () => ({ route: 'mail', priority: 'HIGH', evidence: {} }),
    routes: { mail: { run: answer, with: (input) => input } },
    sla: { HIGH: '10m' },
    escalation: { to: mail, when: () => false, with: ({ reason }) => ({ reason }) },
    returns: ({ result, escalation }) => ({ result, escalated: escalation !== undefined }),
  });

  it('of a router is escalated by its SLA clock, and ends with the answer that comes later', async () => {
    const world = testWorld({ tools: { 'shop.mail': () => ({}) } });
    const run = await world.run(desk, { text: 'help' });
    await world.advance('7m');
    expect(run.calls).toEqual([]);
    await world.advance('1m');
    expect(run.calls).toMatchObject([{ capability: 'shop.mail', args: { reason: expect.stringMatching(/SLA/) } }]);
    await run.signal('mail', 'done');
    expect([run.status, run.output]).toEqual(['completed', { result: 'done', escalated: true }]);
  });

  it('ends at the deadline of the run', async () => {
    const world = testWorld();
    const run = await world.run(desk, { text: 'help' }, { deadline: '5m' });
    await world.advance('5m');
    expect([run.status, run.error?.code]).toEqual(['failed', 'DEADLINE_EXCEEDED']);
  });
});

it('a tool that the test does not have is named, with those that it has', async () => {
  const run = await testWorld({ tools: shop }).run(brief, { city: 'Oslo' });
  expect(run.timeline[0]?.attempts[0]?.error).toMatchObject({ code: 'UNKNOWN_TOOL' });
  expect(run.timeline[0]?.attempts[0]?.error?.message).toContain('shop.charge, shop.refund, shop.label');
});

it('an input that the workflow refuses is refused here', async () => {
  const wrong = JSON.parse('{"city": 3}');
  await expect(testWorld().run(brief, wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
