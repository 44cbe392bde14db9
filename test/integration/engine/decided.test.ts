/** Fan-outs whose policy decides them before all of their branches have ended. */
import { Worker } from 'bullmq';
import { expect, test, vi } from 'vitest';
import { redisKeys } from '../../../src/names.js';
import type { FailurePolicy } from '../../../src/orchestrators/definition.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { Run } from '../../../src/queues/run-handle.js';
import { approval } from '../../../src/wait-task.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

/** A question may be seen before the run is told to stop. */
async function untilEnded(run: Run) {
  return await vi.waitFor(async () => {
    const now = await run.describe();
    expect(now.finishedAt).toBeDefined();
    return now;
  }, 10_000);
}

function asking(onFailure: FailurePolicy) {
  const ask = { run: approval(), with: () => ({ question: '?' }) };
  return defineFanOut({
    name: 'asking',
    input: anyInput,
    onFailure,
    branches: { a: ask, b: ask, c: ask },
    aggregate: (results) => Object.values(results).map(({ state }) => state),
  });
}

test('two yeses of three complete a quorum of two, and the third is asked no longer', async () => {
  const flow = asking({ quorum: 2 });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  await run.wait('10s');
  await run.approve({ stage: 'a' });
  expect(await run.status()).toBe('waiting_approval');
  await run.approve({ stage: 'b' });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: ['completed', 'completed', 'failed'] });
});

test('one no ends a fan-out of policy fail', async () => {
  const flow = asking('fail');
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  await run.wait('10s');
  await run.reject({ stage: 'b', by: 'anna' });
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', error: { code: 'REJECTED', step: 'b' } });
});

test('a run that was decided while nobody could say so is stopped by the reconciler', async () => {
  const flow = defineFanOut({
    name: 'mixed',
    input: anyInput,
    onFailure: { quorum: 1 },
    branches: {
      work: { run: task('work', () => 'done'), with: () => 0 },
      ask: { run: approval(), with: () => ({ question: '?' }) },
    },
    aggregate: ({ work }) => work.state,
  });
  const engine = useEngine([flow]);
  // It ends the branch as our worker does, and is gone before it looks at the run.
  const at = Date.now();
  const dying = new Worker('tasks', async () => ({ output: 'done', attempt: 1, startedAt: at, finishedAt: at }), {
    connection: { url: engine.url },
    prefix: engine.prefix,
  });
  const ended = new Promise((resolve) => dying.once('completed', resolve));
  await engine.work({ queues: ['runs'], reconcileMs: 100 });
  const run = await engine.sy.start(flow, {});
  await ended;
  await dying.close();
  expect(await untilEnded(run)).toMatchObject({ status: 'completed', output: 'completed' });
});

test('a stop whose process died before it took the questions away is finished by the reconciler', async () => {
  const flow = asking('collect');
  const engine = await useWorkingEngine([flow], {}, { reconcileMs: 100 });
  const run = await engine.sy.start(flow, {});
  await run.wait('10s');
  const keys = redisKeys(engine.prefix);
  const stop = { cause: 'cancelled', at: Date.now() };
  await engine.redis.hset(keys.log(run.id), 'stop', JSON.stringify(stop));
  await engine.redis.sadd(keys.stopping, run.id);
  expect(await untilEnded(run)).toMatchObject({ status: 'cancelled' });
});
