import { expect, test } from 'vitest';
import type { SagaDefinition } from '../../../src/orchestrators/definition.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { runEffect } from '../../../src/processors/effect.js';
import type { ActiveJob, ProcessorDependencies } from '../../../src/processors/job.js';
import { keepFacts } from '../../../src/processors/kept-facts.js';
import { ENVELOPE_VERSION, type StageJob } from '../../../src/schema.js';
import { factsOf } from '../../support/facts.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, task } from '../../support/workflows.js';

/** A stage that was begun as the one before it ended; a log that lets nothing begin any more. */
async function begunEffect(kind: 'step' | 'undo', { isStopping = false, pivot = false } = {}) {
  const ran: unknown[] = [];
  const tells = task('tells', (input) => void ran.push(input), { key: true });
  const saga = defineSaga({ name: 'flow', input: anyInput })
    .step('pay', tells, { with: () => 'made', ...(pivot ? { pivot: true } : { undo: [tells, () => ({})] }) })
    .step('ship', tells, { with: () => 'next' })
    .returns(() => null);
  const facts = factsOf({ done: kind === 'undo' ? { pay: 1 } : {} });
  const begun = { facts, kept: keepFacts(facts), input: 'given' };
  const name = kind === 'undo' ? 'pay.undo' : 'pay';
  const stage: StageJob = { v: ENVELOPE_VERSION, run: 'r', workflow: 'flow', version: 1, kind, stage: name, after: 0 };
  const job = {
    ...{ id: 'job', data: stage, attempt: 1, failures: 0, isLastAttempt: false, crashes: 0, startedAt: 1 },
    ...{ fence: { lockKey: 'lock', token: 'token' }, signal: new AbortController().signal, log: silentLog },
    ...{ takesEnds: true, begun },
  } satisfies ActiveJob;
  const deps = {
    log: { read: () => Promise.resolve(facts), beginEffect: () => Promise.resolve({ kind: 'stopped' }) },
    isStopping: () => isStopping,
    clock: { now: () => 2 },
  } as unknown as ProcessorDependencies;
  const handled = await runEffect(deps, job, stage, saga as unknown as SagaDefinition, tells).catch(String);
  return { ran, handled };
}

test('a step that has begun asks nothing more, and is given what was made for it', async () => {
  const { ran, handled } = await begunEffect('step');
  expect({ ran, handled }).toMatchObject({ ran: ['given'], handled: { kind: 'completed', end: { stage: 'pay' } } });
});

test('[P4] a step whose run was stopped meanwhile, so early that no job could be told, asks whether it may go on', async () => {
  const { ran, handled } = await begunEffect('step', { isStopping: true });
  expect({ ran, handled }).toEqual({ ran: [], handled: expect.stringMatching(/"pay" was not begun/) });
});

test('[P4] an undo goes on, though its run is to stop', async () => {
  expect(await begunEffect('undo', { isStopping: true })).toMatchObject({
    ran: ['given'],
    handled: { kind: 'completed' },
  });
});

test('what comes next is made ready before it ends, but not beside a point of no return', async () => {
  expect(await begunEffect('step')).toMatchObject({ handled: { next: { job: 'r-ship', begun: { input: 'next' } } } });
  const { handled } = await begunEffect('step', { pivot: true });
  expect(handled).toMatchObject({ kind: 'completed', end: { next: { stages: [{ stage: 'ship' }] } } });
  expect(handled).not.toHaveProperty('next');
});
