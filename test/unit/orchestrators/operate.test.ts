import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { type OperatorRequest, operate } from '../../../src/orchestrators/operate.js';
import { retryPlan } from '../../../src/orchestrators/retry-plan.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { defineTask } from '../../../src/task.js';
import { factsOf, failed, failedAttempt, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const pay = defineTask({
  name: 'pay',
  input: z.unknown(),
  output: z.object({ id: z.string() }),
  run: () => ({ id: 'x' }),
});
const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('pay', pay, { with: () => 1, undo: [work, () => 1] })
  .step('last', work, { with: () => 1 })
  .returns(() => null);

const stuck: Known = {
  phase: 'compensation_stuck',
  stages: { last: failed(), 'pay.undo': failed(), 'pay.attention': pending },
  done: { pay: { id: 'p' } },
  intents: ['pay.undo'],
  failedAttempts: { 'pay.undo': [failedAttempt(1), failedAttempt(6)] },
};
const doubt: Known = {
  phase: 'in_doubt',
  stages: { pay: failed({ code: 'IN_DOUBT', message: 'lost', retryable: false }), 'pay.attention': pending },
  intents: ['pay'],
  failedAttempts: { pay: [failedAttempt(2)] },
};
const say = (known: Known, request: OperatorRequest) => operate(saga, factsOf(known), request, 99);

test.each<[title: string, known: Known, request: OperatorRequest, statement: object]>([
  [
    'compensation_stuck, resume → the undo again, its attempts answered for',
    stuck,
    { command: 'resume', by: 'anna' },
    {
      from: 'compensation_stuck',
      to: 'compensating',
      question: 'pay',
      again: 'pay.undo',
      answeredFor: { stage: 'pay.undo', attempt: 6 },
    },
  ],
  [
    'compensation_stuck, done by hand → recorded as done',
    stuck,
    { command: 'resolve', happened: true },
    { to: 'compensating', done: { attempt: 6, finishedAt: 99, output: null } },
  ],
  [
    'compensation_stuck, skip → the word alone',
    stuck,
    { command: 'skip', reason: 'x' },
    { word: { command: 'skip', stage: 'pay.undo', reason: 'x' } },
  ],
  [
    'in_doubt, it happened → recorded as done with what it returned',
    doubt,
    { command: 'resolve', happened: true, output: { id: 'p' } },
    { from: 'in_doubt', to: undefined, question: 'pay', done: { attempt: 2, output: { id: 'p' } } },
  ],
  [
    'a word that names the stage that is asked about → as without',
    stuck,
    { command: 'skip', reason: 'x', stage: 'pay.undo' },
    { word: { command: 'skip', stage: 'pay.undo' } },
  ],
  [
    'in_doubt, it did not → again',
    doubt,
    { command: 'resolve', happened: false },
    { again: 'pay', answeredFor: { stage: 'pay', attempt: 2 }, word: { happened: false } },
  ],
])('%s', (_title, known, request, statement) => {
  expect(say(known, request)).toMatchObject(statement);
});

test.each<[title: string, known: Known, request: OperatorRequest, code: string]>([
  ['in_doubt takes no resume: nobody knows what would be repeated', doubt, { command: 'resume' }, 'ILLEGAL_STATE'],
  ['in_doubt takes no skip', doubt, { command: 'skip', reason: 'x' }, 'ILLEGAL_STATE'],
  ['a run that asks nothing takes no word', { done: { pay: 1 } }, { command: 'resume' }, 'ILLEGAL_STATE'],
  [
    'nor does one that has ended',
    { outcome: { status: 'failed', finishedAt: 1 } },
    { command: 'resume' },
    'ILLEGAL_STATE',
  ],
  ['to skip wants a reason', stuck, { command: 'skip' }, 'INVALID_INPUT'],
  ['to abandon wants a reason', doubt, { command: 'abandon', reason: '' }, 'INVALID_INPUT'],
  ['to resolve wants a fact', doubt, { command: 'resolve' }, 'INVALID_INPUT'],
  [
    'what happened must be what the step returns',
    doubt,
    { command: 'resolve', happened: true, output: {} },
    'INVALID_INPUT',
  ],
])('%s', (_title, known, request, code) => {
  expect(() => say(known, request)).toThrow(expect.objectContaining({ code }));
});

test('a word about another stage than the run asks about by now is refused, and told which that is', () => {
  for (const command of ['resume', 'resolve', 'skip', 'abandon'] as const) {
    const request = { command, stage: 'last.undo', reason: 'x', happened: true };
    expect(() => say(stuck, request)).toThrow(
      expect.objectContaining({ code: 'ILLEGAL_STATE', message: expect.stringContaining('asks about "pay.undo" now') }),
    );
  }
  const late: OperatorRequest = { command: 'resolve', happened: false, stage: 'last' };
  expect(() => say(doubt, late)).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
});

describe('a retry', () => {
  const ended = (status: 'failed' | 'partial' | 'compensated' | 'completed', known: Known = {}) =>
    factsOf({ outcome: { status, finishedAt: 1 }, ...known });
  const fanOut = defineFanOut({
    name: 'flow',
    input: anyInput,
    branches: { a: { run: work, with: () => 1 }, b: { run: work, with: () => 1 } },
    aggregate: () => null,
  });
  const router = defineRouter({
    name: 'flow',
    input: anyInput,
    classify: () => ({ route: 'a' as const, priority: 'LOW', evidence: 0 }),
    routes: { a: { run: work, with: () => 1 } },
    returns: () => null,
  });
  const decision = { route: 'a', priority: 'LOW', evidence: 0 };

  test.each<[title: string, plan: () => unknown, expected: object]>([
    [
      'of a partial fan-out: the failed branches',
      () => retryPlan(fanOut, ended('partial', { stages: { a: succeeded(), b: failed() } })),
      { kind: 'in-place', again: ['b'] },
    ],
    [
      'of a failed router: its route',
      () => retryPlan(router, ended('failed', { decision, stages: { a: failed() } })),
      { kind: 'in-place', again: ['a'] },
    ],
    [
      'of a partial router whose route answered with a part: the route',
      () => retryPlan(router, ended('partial', { decision, stages: { a: succeeded() } })),
      { kind: 'in-place', again: ['a'] },
    ],
    [
      'of a partial router whose escalation failed: the escalation',
      () => retryPlan(router, ended('partial', { decision, stages: { a: succeeded(), escalation: failed() } })),
      { kind: 'in-place', again: ['escalation'] },
    ],
    [
      'of a saga that failed with nothing undone: the failed step',
      () => retryPlan(saga, ended('failed', { stages: { last: failed() }, done: { pay: 1 } })),
      { kind: 'in-place', again: ['last'] },
    ],
    [
      'of a saga that has undone something: another run',
      () => retryPlan(saga, ended('failed', { stages: { last: failed() }, done: { pay: 1, 'pay.undo': 0 } })),
      { kind: 'new-run' },
    ],
    ['of a compensated saga: another run', () => retryPlan(saga, ended('compensated')), { kind: 'new-run' }],
  ])('%s', (_title, plan, expected) => {
    expect(plan()).toEqual(expected);
  });

  test('is refused for a run that goes on, or has completed', () => {
    expect(() => retryPlan(saga, factsOf())).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    expect(() => retryPlan(saga, ended('completed'))).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
  });
});
