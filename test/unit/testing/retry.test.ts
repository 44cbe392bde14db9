import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approval, defineFanOut, defineRouter, defineSaga, mcpTask, PermanentError } from '../../../src/index.js';
import { type FakeTool, failing, testWorld } from '../../../src/testing.js';

const declined = new PermanentError('declined');
const City = z.object({ city: z.string() });
const ask = (name: string) => mcpTask(name, { input: City, idempotent: true, attempts: 2 });
const brief = defineFanOut({
  name: 'brief',
  input: City,
  branches: { weather: { run: ask('a.weather'), with: (i) => i }, news: { run: ask('a.news'), with: (i) => i } },
  aggregate: (results) => Object.values(results).filter(({ state }) => state === 'completed').length,
});
const tool: FakeTool = () => ({});

describe('a retry in memory', () => {
  it('of a run that is partial goes on in its place: what succeeded stands, and attempts are counted on', async () => {
    const world = testWorld({ tools: { 'a.weather': tool, 'a.news': failing(2, tool) } });
    const run = await world.run(brief, { city: 'Rome' });
    expect([run.status, run.output]).toEqual(['partial', 1]);
    const again = await run.retry({ by: 'anna', reason: 'the source is back' });
    expect(again.id).toBe(run.id);
    expect([run.status, run.output]).toEqual(['completed', 2]);
    expect(run.calls.map(({ capability }) => capability)).toEqual(['a.weather', 'a.news', 'a.news', 'a.news']);
    expect(run.timeline.map(({ name, attempts }) => [name, attempts.map(({ n }) => n)])).toEqual([
      ['weather', [1]],
      ['news', [1, 2, 3]],
    ]);
    expect(run.document.words).toMatchObject([{ command: 'retry', by: 'anna' }]);
  });

  it('of a saga that has undone something is another run, which names this one', async () => {
    const order = defineSaga({ name: 'order', input: z.object({ cents: z.number() }) })
      .step('charge', mcpTask('a.charge', { key: 'key' }), {
        with: ({ input }) => input,
        undo: [mcpTask('a.refund', { key: 'key' }), () => ({})],
      })
      .step('label', mcpTask('a.label', { key: 'key' }), { with: () => ({}) })
      .returns(() => 'sent');
    const world = testWorld({ tools: { 'a.charge': tool, 'a.refund': tool, 'a.label': failing(1, tool, declined) } });
    const run = await world.run(order, { cents: 5 });
    expect(run.status).toBe('compensated');
    const again = await run.retry();
    expect(again.id).not.toBe(run.id);
    expect([again.status, again.document.retryOf, again.document.input]).toEqual(['completed', run.id, { cents: 5 }]);
    expect([run.status, again.calls.length]).toEqual(['compensated', 2]);
    expect((await run.retry()).id).toBe(again.id);
    expect(again.calls).toHaveLength(2);
  });

  it('of a saga that failed before anything was undone does the failed step again', async () => {
    const order = defineSaga({ name: 'order', input: z.object({}) })
      .step('charge', mcpTask('a.charge', { key: 'key' }), { with: () => ({}) })
      .step('go', approval({ deadline: '4h' }), { with: () => ({ question: 'go?' }) })
      .returns(() => 'sent');
    const world = testWorld({ tools: { 'a.charge': tool } });
    const run = await world.run(order, {});
    await run.reject();
    expect(run.status).toBe('failed');
    await run.retry();
    expect(run.status).toBe('waiting_approval');
    await run.approve();
    expect([run.status, run.calls.length]).toEqual(['completed', 1]);
  });

  it('keeps the deadline of the run, if that has not passed', async () => {
    const desk = defineRouter({
      name: 'desk',
      input: z.object({}),
      deadline: '1h',
      classify: () => ({ route: 'only', priority: 'LOW', evidence: {} }),
      routes: { only: { run: approval({ deadline: '10m' }), with: () => ({ question: 'go?' }) } },
      returns: () => null,
    });
    const world = testWorld();
    const run = await world.run(desk, {});
    await world.advance('10m');
    expect([run.status, run.error?.code]).toEqual(['failed', 'REJECTED']);
    await world.advance('45m');
    await run.retry();
    expect(run.status).toBe('waiting_approval');
    await world.advance('5m');
    expect([run.status, run.error?.code]).toEqual(['failed', 'DEADLINE_EXCEEDED']);
    await run.retry();
    await world.advance('9m');
    expect(run.status).toBe('waiting_approval');
  });

  it('of a run that has not ended, or has completed, is refused', async () => {
    const world = testWorld({ tools: { 'a.weather': tool, 'a.news': tool } });
    const run = await world.run(brief, { city: 'Rome' });
    await expect(run.retry()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });
});
