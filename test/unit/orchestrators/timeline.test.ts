import { expect, test } from 'vitest';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { describeRun, statusOf } from '../../../src/orchestrators/timeline.js';
import { BOOM, factsOf, failed, failedAttempt, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('one', work, { with: () => 1, undo: [work, () => 1] })
  .step('two', work, { with: () => 1 })
  .returns(() => null);

test.each<[title: string, known: Known, status: string]>([
  ['nothing has begun → queued', { stages: { one: pending } }, 'queued'],
  [
    'it waits for a signal, and no worker has it → running',
    { stages: { one: pending }, asked: { one: { at: 5, of: 'signal' } } },
    'running',
  ],
  ['a job has begun → running', { stages: { one: { state: 'pending', startedAt: 5 } } }, 'running'],
  ['an intent was recorded → running', { stages: { one: pending }, intents: ['one'] }, 'running'],
  ['a route was decided → running', { decision: { route: 'x' } }, 'running'],
  ['it turns back → compensating', { phase: 'compensating' }, 'compensating'],
  ['it waits for a person → that', { phase: 'in_doubt' }, 'in_doubt'],
  [
    'it has ended → its outcome',
    { phase: 'compensating', outcome: { status: 'compensated', finishedAt: 9 } },
    'compensated',
  ],
])('%s', (_title, known, status) => {
  expect(statusOf(factsOf(known))).toBe(status);
});

test('a run that is at work shows every step, those to come as waiting', () => {
  expect(describeRun(saga, factsOf({ stages: { one: succeeded() }, done: { one: 1 } })).timeline).toMatchObject([
    { name: 'one', kind: 'step', state: 'completed', startedAt: 10, finishedAt: 20, attempts: [{ n: 1 }] },
    { name: 'two', state: 'waiting', startedAt: null, finishedAt: null, attempts: [] },
  ]);
});

test('a run that ended shows only what it came to, the undos after the steps', () => {
  const facts = factsOf({
    stages: { one: succeeded(), 'one.undo': succeeded() },
    done: { one: 1, 'one.undo': 1 },
    outcome: { status: 'compensated', finishedAt: 30 },
  });
  expect(describeRun(saga, facts)).toMatchObject({ status: 'compensated', finishedAt: 30 });
  expect(describeRun(saga, facts).timeline.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'step one',
    'undo one.undo',
  ]);
});

test('failed attempts stand before the one that succeeded, with their errors', () => {
  const facts = factsOf({ failedAttempts: { one: [failedAttempt(1), failedAttempt(2)] }, done: { one: 1 } });
  expect(describeRun(saga, facts).timeline[0]).toMatchObject({
    state: 'completed',
    startedAt: 10,
    attempts: [{ n: 1, error: BOOM }, { n: 2, error: BOOM }, { n: 1 }],
  });
});

test('a job that failed without an attempt of ours has one attempt without times', () => {
  expect(describeRun(saga, factsOf({ stages: { one: failed() } })).timeline[0]).toEqual({
    name: 'one',
    kind: 'step',
    state: 'failed',
    startedAt: null,
    finishedAt: null,
    attempts: [{ n: 1, startedAt: null, finishedAt: null, error: BOOM }],
  });
});

test('without its definition a run shows its stages as they are known', () => {
  expect(
    describeRun(undefined, factsOf({ stages: { b: succeeded(), a: pending } })).timeline.map((e) => e.name),
  ).toEqual(['b', 'a']);
});

test('a run whose plan throws can be read all the same', () => {
  const fickle = defineFanOut({
    name: 'flow',
    input: anyInput,
    branches: {
      a: {
        run: work,
        with: () => {
          throw new Error('changed its mind');
        },
      },
    },
    aggregate: () => null,
  });
  const facts = factsOf({ stages: { a: succeeded() }, outcome: { status: 'failed', error: BOOM, finishedAt: 9 } });
  expect(describeRun(fickle, facts)).toMatchObject({
    status: 'failed',
    timeline: [{ name: 'a', kind: 'branch', state: 'completed' }],
  });
});
