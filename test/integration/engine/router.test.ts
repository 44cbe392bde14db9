import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Priority } from '../../../src/config.js';
import { PermanentError } from '../../../src/errors.js';
import type { Classification } from '../../../src/orchestrators/definition.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, signal, task } from '../../support/workflows.js';

type Decision = Classification<'billing' | 'tech', undefined>;

const to = (route: 'billing' | 'tech', priority: Priority = 'MEDIUM', escalate?: string): Decision => ({
  route,
  priority,
  evidence: undefined,
  ...(escalate !== undefined && { escalate }),
});

const refuse = () => {
  throw new PermanentError('nobody there');
};

interface Parts {
  readonly classify?: (input: Record<string, unknown>) => Decision;
  readonly billing?: () => unknown;
  readonly human?: () => unknown;
  readonly when?: () => string | false;
  readonly fallback?: boolean;
}

function support(parts: Parts = {}) {
  const {
    classify = () => to('billing'),
    billing = () => 'paid',
    human = () => 'a person',
    when = () => false,
  } = parts;
  return defineRouter({
    name: 'support',
    input: anyInput,
    classify,
    routes: {
      billing: { run: task('billing', billing, { queue: 'billing', attempts: 1 }), with: (i) => i },
      tech: { run: task('tech', () => 'fixed', { queue: 'tech' }), with: (i) => i },
    },
    sla: { HIGH: '4h' },
    escalation: { to: task('human', human, { attempts: 1 }), when, with: (f) => ({ reason: f.reason }) },
    ...(parts.fallback && { fallback: () => 'we will call back' }),
    returns: ({ decision, result, path, slaMs, escalation, escalationError }) => ({
      route: decision.route,
      result,
      path,
      slaMs,
      escalation,
      escalationError: escalationError?.message,
    }),
  });
}

test('a run goes to the route that its classifier chose', async () => {
  const flow = support({ classify: () => to('tech', 'HIGH') });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { route: 'tech', result: 'fixed', slaMs: 4 * 3_600_000 },
    timeline: [{ name: 'tech', kind: 'route', state: 'completed' }],
  });
});

test('a classifier that changes its mind decides only once', async () => {
  let asked = 0;
  const flow = support({ classify: () => to(asked++ % 2 === 0 ? 'billing' : 'tech') });
  const { sy } = await useWorkingEngine([flow]);
  for (const expected of ['billing', 'tech', 'billing']) {
    const run = await sy.start(flow, {});
    expect(await run.wait('10s')).toMatchObject({ output: { route: expected }, timeline: [{ name: expected }] });
  }
  expect(asked).toBe(3);
});

test('a domain queue is served by decided priority, not by arrival', async () => {
  const served: unknown[] = [];
  const flow = defineRouter({
    name: 'queueing',
    input: z.object({ priority: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']) }),
    classify: (i) => ({ route: 'only' as const, priority: i.priority, evidence: undefined }),
    routes: {
      only: { run: task('serve', (i) => served.push(i), { queue: 'domain' }), with: (i) => i.priority },
    },
    returns: () => null,
  });
  const engine = useEngine([flow]);
  await engine.work({ queues: ['runs'] });
  const arrival = ['LOW', 'MEDIUM', 'CRITICAL', 'HIGH', 'LOW', 'CRITICAL'] as const;
  const runs = [];
  for (const priority of arrival) {
    const run = await engine.sy.start(flow, { priority });
    runs.push(run);
    await expect.poll(async () => (await run.timeline()).length).toBe(1);
  }
  await engine.work({ queues: ['domain'], concurrency: 1 });
  await Promise.all(runs.map((run) => run.wait('10s')));
  expect(served).toEqual(['CRITICAL', 'CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'LOW']);
});

test('a route that fails for good fails the run', async () => {
  const flow = support({ billing: refuse });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { message: 'nobody there', step: 'billing' },
  });
});

test('a route that fails for good is answered by the fallback, and the run is partial', async () => {
  const flow = support({ billing: refuse, fallback: true });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'partial', output: { result: 'we will call back' } });
});

test('an answer that asks for a person is escalated after its route', async () => {
  const flow = support({ when: () => 'angry' });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { result: 'paid', escalation: 'a person' },
    timeline: [
      { name: 'billing', state: 'completed' },
      { name: 'escalation', kind: 'escalation', state: 'completed' },
    ],
  });
});

test('an escalation that fails leaves the answer, and the run is partial', async () => {
  const flow = support({ when: () => 'angry', human: refuse });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'partial',
    output: { result: 'paid', escalationError: 'nobody there' },
  });
});

test('a classifier that says so sends the run straight to a person, past every route', async () => {
  const flow = support({ classify: () => to('billing', 'CRITICAL', 'threat') });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { route: 'billing', escalation: 'a person', path: ['classifier', 'escalation'] },
    timeline: [{ name: 'escalation' }],
  });
});

test('a classifier that throws fails the run', async () => {
  const flow = support({
    classify: () => {
      throw new Error('no rules');
    },
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('5s')).toMatchObject({
    status: 'failed',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('no rules') },
  });
});

test.each([
  ['a route that there is not', '{"route":"nowhere","priority":"LOW"}'],
  ['a priority that there is not', '{"route":"billing","priority":"URGENT"}'],
  ['null', 'null'],
])('a classifier that answers %s fails the run, which never hangs', async (_what, decision) => {
  const flow = support({ classify: () => JSON.parse(decision) });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('3s')).toMatchObject({ status: 'failed', error: { code: 'INVALID_DEFINITION' } });
});

test('a route whose input cannot be made fails the run, which never hangs', async () => {
  const flow = defineRouter({
    name: 'handless',
    input: anyInput,
    classify: () => ({ route: 'only' as const, priority: 'LOW', evidence: undefined }),
    routes: {
      only: {
        run: task('only'),
        with: () => {
          throw new Error('no customer');
        },
      },
    },
    returns: () => null,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('3s')).toMatchObject({
    status: 'failed',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('no customer') },
  });
});

test('a route whose input makes too large a job fails the run', async () => {
  const flow = defineRouter({
    name: 'swollen',
    input: anyInput,
    classify: () => ({ route: 'only' as const, priority: 'LOW', evidence: undefined }),
    routes: { only: { run: task('only'), with: () => 'x'.repeat(200_000) } },
    returns: () => null,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('3s')).toMatchObject({ status: 'failed', error: { code: 'TOO_LARGE', step: 'only' } });
});

test('an escalation whose input cannot be made keeps what the route answered', async () => {
  const flow = defineRouter({
    name: 'mute',
    input: anyInput,
    classify: () => ({ route: 'only' as const, priority: 'LOW', evidence: undefined }),
    routes: { only: { run: task('only', () => 'answer'), with: (i) => i } },
    escalation: {
      to: task('human'),
      when: () => 'why not',
      with: () => {
        throw new Error('no words');
      },
    },
    returns: (f) => f.result,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('3s')).toMatchObject({
    status: 'failed',
    output: 'answer',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('no words') },
  });
});

test('a delayed router waits once, not again each time its root wakes', async () => {
  const began = signal();
  const flow = support({ billing: () => began.happen(), when: () => 'more' });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {}, { delay: 400 });
  const done = await run.wait('10s');
  await began.happened;
  const [route, escalation] = done.timeline;
  expect(route?.startedAt).toBeGreaterThanOrEqual(done.createdAt + 400);
  expect(escalation?.startedAt).toBeLessThan((route?.finishedAt ?? 0) + 400);
});
