/** Stages that wait for an answer from outside, and the clocks of runs: approvals, signals, SLA. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval, signal as signalTask } from '../../../src/wait-task.js';
import { useWorkingEngine } from '../../support/engine.js';
import { anyInput, signal, task } from '../../support/workflows.js';

function refundSaga(diary: string[], asks = approval()) {
  return defineSaga({ name: 'refund', input: z.object({ amount: z.number() }) })
    .step(
      'reserve',
      task('reserve', () => diary.push('reserve')),
      { with: () => 1, undo: [task('release', () => diary.push('release')), () => 1] },
    )
    .step('approval', asks, { with: ({ input }) => ({ question: `Refund ${input.amount}?`, details: input }) })
    .step(
      'pay',
      task('pay', () => diary.push('pay')),
      { with: () => 2 },
    )
    .returns((done, { status }) => ({ status, by: done.approval?.by, note: done.approval?.note }));
}

test('a saga waits for a yes, holds no worker meanwhile, and goes on with who said it', async () => {
  const diary: string[] = [];
  const flow = refundSaga(diary);
  const engine = await useWorkingEngine([flow], {}, { concurrency: 1 });
  const run = await engine.sy.start(flow, { amount: 5 });
  expect(await run.wait('10s')).toMatchObject({
    status: 'waiting_approval',
    questions: [
      {
        about: 'approval',
        status: 'waiting_approval',
        input: { question: 'Refund 5?', details: { amount: 5 } },
        answers: ['approve', 'reject'],
      },
    ],
  });
  expect((await engine.sy.list({ status: 'attention' })).runs.map(({ id }) => id)).toEqual([run.id]);
  await engine.other([]).run(run.id).approve({ by: 'anna', reason: 'a good customer' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { status: 'completed', by: 'anna', note: 'a good customer' },
    words: [{ command: 'approve', by: 'anna', stage: 'approval' }],
  });
  expect(diary).toEqual(['reserve', 'pay']);
  await expect(run.approve()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});

test('a no fails the stage, and the saga undoes what it did', async () => {
  const diary: string[] = [];
  const flow = refundSaga(diary);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { amount: 5 });
  await run.wait('10s');
  await expect(run.approve({ stage: 'another' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await run.reject({ by: 'anna', reason: 'too late' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    error: { code: 'REJECTED', message: 'rejected by anna: too late', step: 'approval' },
  });
  expect(diary).toEqual(['reserve', 'release']);
});

test.each<[atDeadline: 'approve' | 'reject', status: string]>([
  ['approve', 'completed'],
  ['reject', 'compensated'],
])('a question that nobody answers is answered by its deadline: %s', async (atDeadline, status) => {
  const flow = refundSaga([], approval({ deadline: '100ms', atDeadline }));
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { amount: 5 });
  // Its clock may run out before anybody has looked: either is told of.
  const first = await run.wait('10s');
  const ended = first.status === 'waiting_approval' ? await untilEnded(sy.run(run.id).describe) : first;
  expect(ended).toMatchObject({ status });
});

async function untilEnded<T extends { readonly finishedAt?: number }>(look: () => Promise<T>): Promise<T> {
  return await expect
    .poll(look, { timeout: 10_000 })
    .toSatisfy((state: T) => state.finishedAt !== undefined)
    .then(look);
}

test('a question may be cancelled, and takes no answer after that', async () => {
  const diary: string[] = [];
  const flow = refundSaga(diary);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { amount: 5 });
  await run.wait('10s');
  await run.cancel();
  await expect(run.approve()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await expect.poll(() => run.status()).toBe('compensated');
  expect(diary).toEqual(['reserve', 'release']);
});

test('two approvals among the branches of a fan-out: the run waits for a person until both are answered', async () => {
  const flow = defineFanOut({
    name: 'both',
    input: anyInput,
    branches: {
      legal: { run: approval({ name: 'legal' }), with: () => ({ question: 'legal?' }) },
      sales: { run: approval({ name: 'sales' }), with: () => ({ question: 'sales?' }) },
      work: { run: task('work'), with: () => 1 },
    },
    aggregate: ({ legal, sales, work }) => [legal.state, sales.state, work.state],
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect((await run.wait('10s')).status).toBe('waiting_approval');
  await expect(run.approve()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await run.approve({ stage: 'legal' });
  expect(await run.status()).toBe('waiting_approval');
  await run.reject({ stage: 'sales' });
  await expect.poll(() => run.status()).toBe('partial');
  expect(await run.describe()).toMatchObject({ output: ['completed', 'failed', 'completed'] });
});

function pickupSaga(wait = {}) {
  const pickup = signalTask({ name: 'pickup', output: z.object({ carrier: z.string() }), ...wait });
  return defineSaga({ name: 'parcel', input: anyInput })
    .step('pack', task('pack'), { with: () => 1, undo: [task('unpack'), () => 1] })
    .step('pickup', pickup, { with: () => null })
    .returns((done) => done.pickup?.carrier);
}

test('a signal brings the value that a stage waits for; one that its schema refuses is refused at its sender', async () => {
  const flow = pickupSaga();
  const engine = await useWorkingEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const outside = engine.other([flow]).run(run.id);
  await expect(outside.signal('pickup', {})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(outside.signal('pack', {})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await outside.signal('pickup', { carrier: 'ACME' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'ACME' });
  await expect(outside.signal('pickup', { carrier: 'ACME' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});

test('a signal that comes before its stage is kept for it', async () => {
  const flow = pickupSaga();
  const engine = await useWorkingEngine([flow], {}, { queues: ['runs'] });
  const run = await engine.sy.start(flow, {});
  await run.signal('pickup', { carrier: 'EARLY' });
  await engine.work({ queues: ['tasks'] });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'EARLY' });
});

test('a signal that does not come: its default, or a failure that the saga undoes', async () => {
  const withDefault = pickupSaga({ deadline: '50ms', default: { carrier: 'NONE' } });
  const one = await useWorkingEngine([withDefault]);
  const patient = await one.sy.start(withDefault, {});
  expect(await patient.wait('10s')).toMatchObject({ status: 'completed', output: 'NONE' });
  const without = pickupSaga({ deadline: '50ms' });
  const two = await useWorkingEngine([without]);
  const missed = await two.sy.start(without, {});
  expect(await missed.wait('10s')).toMatchObject({ status: 'compensated', error: { code: 'SIGNAL_MISSED' } });
});

function deskWith(sla: `${number}ms`, priority: 'HIGH' | 'LOW', answered: Promise<void>, escalations: string[]) {
  return defineRouter({
    name: 'desk',
    input: anyInput,
    classify: () => ({ route: 'slow' as const, priority, evidence: 0 }),
    routes: { slow: { run: task('slow', () => answered.then(() => 'answer')), with: () => 1 } },
    sla: { [priority]: sla },
    escalation: {
      to: task('person', (reason) => escalations.push(String(reason))),
      when: () => false,
      with: ({ reason }) => reason,
    },
    returns: ({ result, path }) => ({ result, path }),
  });
}

test('a HIGH run without an answer at 80 % of its SLA goes to a person, once, and keeps its route', async () => {
  const [answered, escalations] = [signal(), [] as string[]];
  const desk = deskWith('400ms', 'HIGH', answered.happened, escalations);
  const { sy } = await useWorkingEngine([desk]);
  const startedAt = performance.now();
  const run = await sy.start(desk, {});
  await expect.poll(() => escalations.length, { timeout: 5_000 }).toBe(1);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(320);
  answered.happen();
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { result: 'answer', path: ['classifier', 'slow', 'priority_processor', 'escalation'] },
  });
  expect(escalations).toEqual(['HIGH priority, not answered by 80 % of its SLA of 400 ms']);
});

test('an answer in time is not escalated, and a LOW run has no such clock', async () => {
  const escalations: string[] = [];
  const quick = deskWith('60000ms', 'HIGH', Promise.resolve(), escalations);
  const one = await useWorkingEngine([quick]);
  expect(await (await one.sy.start(quick, {})).wait('10s')).toMatchObject({ status: 'completed' });
  const low = deskWith('10ms', 'LOW', Promise.resolve(), escalations);
  const two = await useWorkingEngine([low]);
  expect(await (await two.sy.start(low, {})).wait('10s')).toMatchObject({ status: 'completed' });
  expect(escalations).toEqual([]);
  expect(await one.redis.zrange(`${one.prefix}:runs:delayed`, '0', '-1')).toEqual([]);
});
