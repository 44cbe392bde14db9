/** The end of an effect's job as one script: all of it, or nothing. */
import { expect, test } from 'vitest';
import { redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

test('[P2] an end that comes after another attempt has begun records nothing and appends nothing', async () => {
  const seen: unknown[] = [];
  const one = task(
    'one',
    async (_input, { run, attempt }) => {
      const keys = redisKeys(engine.prefix);
      if (attempt === 1) {
        // As when this worker was frozen: somebody else holds the lock, and dies.
        await engine.redis.set(keys.lock('tasks', `${run}-one`), 'theirs', 'PX', 300);
        return 'late';
      }
      const next = keys.job('tasks', `${run}-two`);
      seen.push(await engine.redis.hexists(keys.log(run), 'done/one'), await engine.redis.exists(next));
      return 'in time';
    },
    { idempotent: true },
  );
  const saga = defineSaga({ name: 'late', input: anyInput })
    .step('one', one, { with: () => ({}) })
    .step('two', task('two'), { with: ({ done }) => ({ one: done.one }) })
    .returns((done) => done);
  const engine = useEngine([saga]);
  await engine.work({ stalledIntervalMs: 100, lockDurationMs: 2_000, lockRenewMs: 1_000 });
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: { two: { one: 'in time' } } });
  expect(seen).toEqual([0, 0]);
});

test('[P4] a step that ends while its run is to stop is recorded, and nothing is begun after it', async () => {
  const undone: unknown[] = [];
  const one = task('one', async (_input, { run, signal }) => {
    await engine.sy.run(run).cancel();
    // Undeterred: what it does has happened.
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 'all the same';
  });
  const saga = defineSaga({ name: 'stopped', input: anyInput })
    .step('one', one, {
      with: () => ({}),
      undo: [task('undo', (input) => void undone.push(input)), ({ output }) => output],
    })
    .step('two', task('two'), { with: () => ({}) })
    .returns(() => null);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  expect(await engine.redis.exists(redisKeys(engine.prefix).job('tasks', `${run.id}-two`))).toBe(0);
});

test('a worker of ours ends effects that way: what its jobs return tells nothing that the log has', async () => {
  const saga = defineSaga({ name: 'short', input: anyInput })
    .step(
      'one',
      task('one', () => 'what it did'),
      { with: () => ({}) },
    )
    .returns((done) => done.one);
  const engine = useEngine([saga]);
  await engine.work();
  const run = await engine.sy.start(saga, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'what it did' });
  const returned = await engine.redis.hvals(`${redisKeys(engine.prefix).root(run.id)}:processed`);
  expect(returned.map((json) => JSON.parse(json))).toEqual([
    { output: null, attempt: 1, startedAt: expect.any(Number), finishedAt: expect.any(Number) },
  ]);
});
