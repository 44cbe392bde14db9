import { expect, test } from 'vitest';
import { PermanentError, SwitchyardError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { RetryFilter } from '../../../src/queues/retry-runs.js';
import { useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

/** A fan-out and a saga whose last step fails as long as the bank is down; how often their first parts were done. */
async function shop() {
  const bank = { isDown: true };
  const calls: unknown[] = [];
  const pay = task('pay', () => {
    if (bank.isDown) throw new PermanentError('the bank is down');
    return 'paid';
  });
  const first = task('first', (i) => calls.push(i));
  const fan = defineFanOut({
    name: 'fan',
    input: anyInput,
    branches: { first: { run: first, with: (i) => i.n }, pay: { run: pay, with: (i) => i } },
    onFailure: { quorum: 2 },
    aggregate: (r) => r.pay.state,
  });
  const saga = defineSaga({ name: 'saga', input: anyInput })
    .step('first', first, { with: ({ input }) => input.n, undo: [task('undo'), () => ({})] })
    .step('pay', pay, { with: () => ({}) })
    .returns((done) => done.pay);
  const engine = await useWorkingEngine([fan, saga]);
  const start = async (workflow: 'fan' | 'saga', n: number, tag?: string) => {
    const run = await engine.sy.start(workflow, { n }, tag === undefined ? {} : { tags: { batch: tag } });
    await run.wait('10s');
    return run;
  };
  const retry = async (filter: RetryFilter) => {
    const told = [];
    for await (const one of engine.sy.retry(filter, { by: 'me' })) told.push(one);
    return told;
  };
  return { ...engine, bank, calls, start, retry };
}

test('failed runs of a workflow are retried in their places, each told; again, nothing is left to retry', async () => {
  const { sy, bank, start, retry, calls } = await shop();
  const runs = [await start('fan', 1), await start('fan', 2), await start('fan', 3, 'b')];
  await start('saga', 4);
  expect(await retry({ workflow: 'fan', dryRun: true })).toEqual(
    runs.map(({ id }) => ({ run: id, outcome: 'in-place', as: id })).reverse(),
  );
  expect(await Promise.all(runs.map((run) => run.status()))).toEqual(['failed', 'failed', 'failed']);
  bank.isDown = false;
  expect(await retry({ workflow: 'fan', tag: 'batch=b' })).toMatchObject([{ run: runs[2]?.id, outcome: 'in-place' }]);
  expect(await runs[2]?.wait('10s')).toMatchObject({ status: 'completed', words: [{ command: 'retry', by: 'me' }] });
  expect(await retry({ workflow: 'fan', limit: 1 })).toHaveLength(1);
  expect(await retry({ workflow: 'fan' })).toHaveLength(1);
  for (const run of runs) expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(await retry({ workflow: 'fan' })).toEqual([]);
  // What had succeeded stands.
  expect(calls.sort()).toEqual([1, 2, 3, 4]);
  expect((await sy.list({ status: 'compensated' })).runs).toHaveLength(1);
});

test('what was undone begins anew as one other run, however often it is asked for', async () => {
  const { sy, bank, start, retry } = await shop();
  const undone = await start('saga', 1, 'x');
  const [foreseen] = await retry({ status: 'compensated', dryRun: true });
  expect(foreseen).toMatchObject({ run: undone.id, outcome: 'anew' });
  bank.isDown = false;
  const [told] = await retry({ status: 'compensated' });
  expect(told).toEqual(foreseen);
  const second = sy.run(told?.as ?? '');
  expect(await second.wait('10s')).toMatchObject({ status: 'completed', retryOf: undone.id, tags: { batch: 'x' } });
  expect(await retry({ status: 'compensated' })).toEqual([{ run: undone.id, outcome: 'before', as: second.id }]);
  expect(await retry({ status: 'compensated', dryRun: true })).toMatchObject([{ outcome: 'before' }]);
  expect((await sy.list({ workflow: 'saga' })).runs).toHaveLength(2);
});

test('asked for twice by its id, as by a client that lost the answer, it is that one other run too, and says so', async () => {
  const { sy, bank, start, retry } = await shop();
  const undone = await start('saga', 1);
  bank.isDown = false;
  const [first, lost] = await Promise.all([undone.retry({ by: 'me' }), undone.retry({ by: 'me' })]);
  expect(lost.id).toBe(first.id);
  expect([first.duplicate, lost.duplicate].sort()).toEqual([false, true]);
  expect(await sy.run(undone.id).retry()).toMatchObject({ id: first.id, duplicate: true });
  expect(await retry({ status: 'compensated' })).toEqual([{ run: undone.id, outcome: 'before', as: first.id }]);
  expect(await first.wait('10s')).toMatchObject({ status: 'completed', retryOf: undone.id });
  expect((await sy.list({ workflow: 'saga' })).runs).toHaveLength(2);
});

test('only those that ended within a time, and a run that cannot be retried is told and stops nothing', async () => {
  const { start, retry, redis, prefix, sy } = await shop();
  const old = await start('fan', 1);
  const lost = await start('fan', 2);
  const young = await start('fan', 3);
  await redis.hset(`${prefix}:log:${old.id}`, 'finishedAt', Date.now() - 7_200_000);
  await redis.hset(`${prefix}:log:${lost.id}`, 'version', 9);
  expect(await retry({ workflow: 'fan', since: '1h', dryRun: true })).toEqual([
    { run: young.id, outcome: 'in-place', as: young.id },
    { run: lost.id, outcome: 'refused', error: expect.objectContaining({ code: 'UNKNOWN_WORKFLOW' }) },
  ]);
  await expect(retry({ status: 'completed' as 'failed' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(retry({ limit: 0 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await sy.run(old.id).status()).toBe('failed');
});

test('[P3] a run of which an effect may have happened is left out, unless it is asked for', async () => {
  const flow = defineFanOut({
    name: 'doubtful',
    input: anyInput,
    branches: {
      mail: {
        run: task('mail', () => {
          throw new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });
        }),
        with: () => 0,
      },
    },
    aggregate: () => null,
  });
  const { sy } = await useWorkingEngine([flow]);
  await (await sy.start(flow, {})).wait('10s');
  const told = async (filter: RetryFilter) => {
    const outcomes = [];
    for await (const { outcome } of sy.retry({ workflow: 'doubtful', dryRun: true, ...filter })) outcomes.push(outcome);
    return outcomes;
  };
  expect(await told({})).toEqual(['refused']);
  expect(await told({ inDoubt: true })).toEqual(['in-place']);
});
