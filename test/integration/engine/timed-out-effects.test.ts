/** Effects whose real server was asked and gave no answer: unknown, not failed. */
import { expect, onTestFinished, test } from 'vitest';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { mcpTask } from '../../../src/task.js';
import { useWorkingEngine } from '../../support/engine.js';
import { type Rogue, rogueOverStdio } from '../../support/mcp/rogue.js';
import { anyInput } from '../../support/workflows.js';

async function useRogue(): Promise<Rogue> {
  const rogue = rogueOverStdio();
  onTestFinished(() => rogue.close());
  await rogue.pool.call('rogue.echo', {}, { timeoutMs: 5_000, safeToRepeat: false });
  return rogue;
}

const brief = { timeout: '600ms', attempts: 3, backoff: { initial: 1, factor: 1, jitter: 0 } } as const;

test('[P3] a keyed effect that timed out is repeated with the same key', async () => {
  const rogue = await useRogue();
  const saga = defineSaga({ name: 'keyed', input: anyInput })
    .step('pay', mcpTask('rogue.hang_once', { key: 'key', ...brief }), { with: () => ({ amount: 5 }) })
    .returns((done) => done.pay);
  const engine = await useWorkingEngine([saga], { tools: rogue.pool });
  const run = await engine.sy.start(saga, {});
  const key = `${run.id}/pay/1`;
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: { amount: 5, key } });
  expect(rogue.count(`key:${key}`)).toBe(2);
  expect(rogue.journal().filter((word) => word.startsWith('key:'))).toHaveLength(2);
  await rogue.journaled('cancelled:hang_once');
});

test('[P3] an unsafe effect that timed out is not repeated: a person is asked', async () => {
  const rogue = await useRogue();
  const saga = defineSaga({ name: 'unkeyed', input: anyInput })
    .step('pay', mcpTask('rogue.hang_once', brief), { with: () => ({}) })
    .returns((done) => done.pay);
  const engine = await useWorkingEngine([saga], { tools: rogue.pool });
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'in_doubt' });
  expect(rogue.count('hang_once')).toBe(1);
});
