import { expect, test } from 'vitest';
import { decide } from '../../../src/orchestrators/decide.js';
import { ROOT_STAGE } from '../../../src/orchestrators/decide-saga.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval } from '../../../src/wait-task.js';
import { BOOM, factsOf, failed, failedAttempt, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const undo: readonly [typeof work, () => number] = [work, () => 1];

/** User and payment can be undone, the mail in between cannot. */
const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('user', work, { with: () => 1, undo })
  .step('mail', work, { with: () => 1 })
  .step('payment', work, { with: () => 1, undo })
  .returns(() => null);

const doubt = { ...BOOM, code: 'IN_DOUBT' as const, step: 'payment' };
const step = (stage: string) => ({ kind: 'append', stages: [{ kind: 'step', stage }] });
const back = (stage: string) => ({
  kind: 'append',
  phase: 'compensating',
  stages: [{ kind: 'undo', stage: `${stage}.undo` }],
});
const park = { kind: 'park' };
const all = { user: 1, mail: 1, payment: 1 };
const turned = { phase: 'compensating', stages: { payment: failed() } } as const;

test.each<[title: string, known: Known, move: object]>([
  ['nothing has happened → the first step', {}, step('user')],
  ['the first step is at work → sleep', { stages: { user: pending } }, park],
  ['the first step is done → the second', { stages: { user: succeeded() }, done: { user: 1 } }, step('mail')],
  [
    'a step was recorded and its job still runs → the next',
    { stages: { user: pending }, done: { user: 1 } },
    step('mail'),
  ],
  [
    'a step was recorded and its job failed afterwards → the next',
    { stages: { user: failed() }, done: { user: 1 } },
    step('mail'),
  ],
  ['a pending step’s job was removed → the step again', { intents: ['user'] }, step('user')],
  ['every step is done → completed', { done: all }, { kind: 'end', status: 'completed' }],
  [
    'the first step failed before its intent → failed, nothing to undo',
    { stages: { user: failed() } },
    { kind: 'end', status: 'failed', error: { ...BOOM, step: 'user' } },
  ],
  [
    'a step failed after its intent → its own undo first',
    { stages: { user: failed() }, intents: ['user'] },
    back('user'),
  ],
  [
    'a step’s job ended well, and nothing of it is recorded → its own undo first',
    { stages: { user: succeeded() } },
    back('user'),
  ],
  [
    'a step lost an answer, and its intent is forgotten → its own undo first',
    { stages: { user: failed() }, failedAttempts: { user: [failedAttempt(1, { ...BOOM, answered: false })] } },
    back('user'),
  ],
  [
    'payment failed before its intent, user recorded → undo user',
    { stages: { payment: failed() }, done: { user: 1, mail: 1 } },
    back('user'),
  ],
  [
    'payment failed after its intent, user recorded → undo payment',
    { stages: { payment: failed() }, intents: ['payment'], done: { user: 1, mail: 1 } },
    back('payment'),
  ],
  [
    'a step’s job ended well without a record → turn round',
    { stages: { user: succeeded(), mail: succeeded() }, done: { user: 1 } },
    back('user'),
  ],
  [
    'the definition’s last word threw → undo the last step',
    { done: all, failedAttempts: { [ROOT_STAGE]: [failedAttempt(1)] } },
    back('payment'),
  ],
  [
    'payment undone → undo user',
    { ...turned, intents: ['payment'], done: { user: 1, mail: 1, 'payment.undo': 1 } },
    back('user'),
  ],
  [
    'an undo is at work → sleep',
    { ...turned, stages: { ...turned.stages, 'payment.undo': pending }, done: { user: 1 }, intents: ['payment'] },
    park,
  ],
  [
    'every due undo is recorded → compensated',
    { ...turned, intents: ['payment'], done: { user: 1, 'payment.undo': 1, 'user.undo': 1 } },
    { kind: 'end', status: 'compensated', error: { ...BOOM, step: 'payment' } },
  ],
  [
    'an undo failed for good → a person',
    { ...turned, stages: { ...turned.stages, 'payment.undo': failed() }, intents: ['payment'], done: { user: 1 } },
    { kind: 'ask', status: 'compensation_stuck', about: 'payment' },
  ],
  [
    'an undo’s job ended well without a record → a person, never compensated',
    { ...turned, stages: { ...turned.stages, 'payment.undo': succeeded() }, intents: ['payment'], done: { user: 1 } },
    { kind: 'ask', status: 'compensation_stuck', about: 'payment' },
  ],
  [
    'stuck, and the undo has been recorded since → the next undo',
    {
      phase: 'compensation_stuck',
      stages: { payment: failed() },
      intents: ['payment'],
      done: { user: 1, 'payment.undo': 1 },
    },
    back('user'),
  ],
  [
    'turning back, a step still at work → sleep: nothing is undone under its feet',
    { phase: 'compensating', stages: { mail: pending }, done: { user: 1 } },
    park,
  ],
  [
    'turning back, and the failure is not to be seen any more → still back',
    { phase: 'compensating', done: { user: 1 } },
    back('user'),
  ],
  [
    'turning back, and every step is done meanwhile → still back',
    { phase: 'compensating', done: all },
    back('payment'),
  ],
  [
    'an effect is in doubt → a person',
    { stages: { payment: failed(doubt) }, intents: ['payment'], done: { user: 1 } },
    {
      kind: 'ask',
      status: 'in_doubt',
      about: 'payment',
    },
  ],
  [
    'in doubt already, woken again → the same person',
    { phase: 'in_doubt', stages: { payment: failed(doubt) }, intents: ['payment'], done: { user: 1 } },
    { kind: 'ask', status: 'in_doubt', about: 'payment' },
  ],
])('%s', (_title, known, move) => {
  expect(decide(saga, factsOf(known))).toEqual(move);
});

test('a saga without undos that fails halfway is failed, not compensated', () => {
  const bare = defineSaga({ name: 'bare', input: anyInput })
    .step('one', work, { with: () => 1 })
    .step('two', work, { with: () => 1 })
    .returns(() => null);
  expect(decide(bare, factsOf({ stages: { two: failed() }, done: { one: 1 } }))).toMatchObject({
    kind: 'end',
    status: 'failed',
  });
});

test('the name under which the root’s own failure is kept is none that a step can have', () => {
  expect(() =>
    defineSaga({ name: 'x', input: anyInput })
      .step(ROOT_STAGE, work, { with: () => 1 })
      .returns(() => null),
  ).toThrow(/not a valid name/);
});

test('a step that waits for an answer has no effect, and is no pivot', () => {
  const head = defineSaga({ name: 'asks', input: anyInput });
  expect(() => head.step('ok', approval(), { with: () => ({ question: '?' }), pivot: true })).toThrow(
    /"ok" is the pivot and waits for an answer/,
  );
});
