/**
 * A Redis that forgets its last second (power loss with everysec, failover to a replica that lagged) while its workers live
 * on: what they write next stands in a log that lacks what they wrote before.
 */
import { expect, test } from 'vitest';
import { PermanentError } from '../../../src/errors.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

test.each([
  { forgotten: ['intent/pay'], by: 'the step itself, before it records its end' },
  { forgotten: ['intent/pay', 'done/pay'], by: 'the next step, which it appended all the same' },
])('[P4] a step whose $forgotten is forgotten under $by is undone', async ({ forgotten }) => {
  const effects: unknown[] = [];
  const forget = (run: string) => engine.redis.hdel(`${engine.prefix}:log:${run}`, ...forgotten);
  const pay = task('pay', async (_input, { run, key }) => {
    effects.push(['pay', key]);
    if (!forgotten.includes('done/pay')) await forget(run);
  });
  const ship = task('ship', async (_input, { run }) => {
    if (forgotten.includes('done/pay')) await forget(run);
    throw new PermanentError('no such street');
  });
  const refund = task('refund', (input) => void effects.push(['refund', input]));
  const saga = defineSaga({ name: 'forgotten', input: anyInput })
    .step('pay', pay, { with: () => ({}), undo: [refund, ({ key }) => ({ paid: key })] })
    .step('ship', ship, { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  const key = `${run.id}/pay/1`;
  expect(effects).toEqual([
    ['pay', key],
    ['refund', { paid: key }],
  ]);
});
