import { expect, test } from 'vitest';
import { OUTPUTS_PAGE } from '../../../src/config.js';
import type { StageFact } from '../../../src/facts.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { RunLog } from '../../../src/ports.js';
import { forgottenBefore, recallEnds } from '../../../src/processors/recall.js';
import { factsOf, failed, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('pay', task('pay'), { with: () => ({}), undo: [task('refund'), () => ({})] })
  .step('ship', task('ship'), { with: () => ({}) })
  .returns(() => null);
const effect = (output: unknown): StageFact => ({ ...succeeded(output), effect: true }) as StageFact;

async function recall(known: Known, { whole = known, isOurs = true }: { whole?: Known; isOurs?: boolean } = {}) {
  const recorded: (readonly [stage: string, output: unknown])[] = [];
  let reads = 0;
  const log: Pick<RunLog, 'read' | 'finishEffect'> = {
    read: () => {
      reads += 1;
      return Promise.resolve(factsOf(whole));
    },
    finishEffect: (_run, _fence, stage, { output }) => {
      recorded.push([stage, output]);
      return Promise.resolve({ kind: isOurs ? 'recorded' : 'fenced-off' });
    },
  };
  const recalled = await recallEnds(log, { lockKey: 'lock', token: 'token' }, saga, factsOf(known));
  const done = recalled && 'record' in recalled ? [...recalled.record.done.keys()] : undefined;
  return { recalled, done, recorded, reads };
}

test('an end that its job tells of, and the log lacks, is recorded; one that stands is not', async () => {
  const known = { done: { pay: 1 }, stages: { pay: effect(1), ship: effect({ parcel: 7 }) } };
  expect(await recall(known)).toMatchObject({ done: ['pay', 'ship'], recorded: [['ship', { parcel: 7 }]], reads: 0 });
});

test.each<[what: string, fact: StageFact]>([
  ['has not ended', pending],
  ['was ended by another hand, or by a release that does not say', succeeded()],
])('a step whose job %s is not taken for done', async (_what, ship) => {
  expect(await recall({ done: { pay: 1 }, stages: { pay: effect(1), ship } })).toMatchObject({
    done: ['pay'],
    recorded: [],
  });
});

test('of a saga so long that the states alone were read, what was returned is read first', async () => {
  const others = Object.fromEntries(Array.from({ length: OUTPUTS_PAGE }, (_, n) => [`other${n}`, succeeded()]));
  const whole = { stages: { ...others, pay: effect('paid') } };
  const read = await recall({ stages: { ...others, pay: succeeded(undefined) } }, { whole });
  expect(read).toMatchObject({ done: ['pay'], recorded: [['pay', 'paid']], reads: 1 });
});

test('whoever has lost its job by then records nothing, and goes no further', async () => {
  const read = await recall({ stages: { pay: effect(1), ship: effect(2) } }, { isOurs: false });
  expect(read).toMatchObject({ recalled: { kind: 'fenced-off' }, recorded: [['pay', 1]] });
});

test.each([
  ['has not ended', { stages: { pay: pending } }, { name: 'pay', state: 'pending' }],
  ['has failed', { stages: { pay: failed() } }, { name: 'pay', state: 'failed' }],
  ['is recorded as done, while its job ends', { stages: { pay: pending }, done: { pay: 1 } }, undefined],
  ['is one whose failed job a person has answered for', { stages: { pay: failed() }, done: { pay: 1 } }, undefined],
])('a step is not begun while the one before it %s', (_which, known, expected) => {
  const [, ship] = saga.steps;
  if (!ship) throw new Error('the saga has lost its second step');
  expect(forgottenBefore(saga, ship, factsOf(known))).toEqual(expected);
});
