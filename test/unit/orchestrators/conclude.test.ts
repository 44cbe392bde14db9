import { expect, test } from 'vitest';
import { conclude } from '../../../src/orchestrators/conclude.js';
import { ROOT_STAGE } from '../../../src/orchestrators/decide-saga.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { BOOM, factsOf, failed, failedAttempt } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('one', work, { with: () => 1, undo: [work, () => 1] })
  .step('two', work, { with: () => 1, undo: [work, () => 1] })
  .step('three', work, { with: () => 1 })
  .returns((done, summary) => ({ done, ...summary }));

test('a saga’s last word has the recorded outputs, and what was undone in the order in which it was', () => {
  const facts = factsOf({
    input: { n: 1 },
    stages: { three: failed() },
    done: { one: 'a', two: 'b', 'two.undo': null, 'one.undo': null },
    failedAttempts: { two: [failedAttempt(1)], three: [failedAttempt(1), failedAttempt(2)] },
  });
  expect(conclude(saga, facts, { status: 'compensated', error: BOOM }, 50)).toMatchObject({
    status: 'compensated',
    error: BOOM,
    finishedAt: 50,
    output: {
      done: { one: 'a', two: 'b' },
      run: 'flow-0-t1',
      input: { n: 1 },
      status: 'compensated',
      executed: ['one', 'two'],
      failed: ['three'],
      undone: ['two', 'one'],
      retries: 2,
      outputs: { one: 'a', two: 'b' },
    },
  });
});

test('a failure of the root’s own is no retry of a step', () => {
  const facts = factsOf({ done: { one: 1, two: 1, three: 1 }, failedAttempts: { [ROOT_STAGE]: [failedAttempt(1)] } });
  expect(conclude(saga, facts, { status: 'compensated' }, 50)).toMatchObject({ output: { retries: 0 } });
});

test('what the definition throws comes out', () => {
  const mute = defineSaga({ name: 'mute', input: anyInput })
    .step('one', work, { with: () => 1 })
    .returns(() => {
      throw new Error('no words');
    });
  expect(() => conclude(mute, factsOf({ done: { one: 1 } }), { status: 'completed' }, 1)).toThrow('no words');
});
