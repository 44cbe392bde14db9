/** A root whose own functions end the process: bounded, whatever the pattern, and never called again past the bound. */
import { expect, test } from 'vitest';
import { MAX_CRASHES } from '../../../src/config.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

/** Where BullMQ counts the times that a job was found without its worker. */
async function crashed(engine: TestEngine, run: string): Promise<void> {
  await engine.redis.hset(`${engine.prefix}:runs:${run}`, 'stc', MAX_CRASHES + 1);
}

test('[P1] an aggregate that ends its process every time: the run fails as CRASH_LOOP without calling it again', async () => {
  let aggregated = 0;
  const deadly = defineFanOut({
    name: 'deadly',
    input: anyInput,
    branches: { only: { run: task('only'), with: (input) => input } },
    aggregate: () => {
      aggregated += 1;
    },
  });
  const engine = useEngine([deadly]);
  const run = await engine.sy.start(deadly, {});
  await crashed(engine, run.id);
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', error: { code: 'CRASH_LOOP' } });
  expect(aggregated).toBe(0);
});

test('[P1] [P4] a `returns` that ends its process every time: the saga is undone without calling it again', async () => {
  const diary: string[] = [];
  let returned = 0;
  const deadly = defineSaga({ name: 'deadly', input: anyInput })
    .step(
      'one',
      task('one', () => diary.push('one')),
      {
        with: () => ({}),
        undo: [task('undo', () => diary.push('undo one')), () => ({})],
      },
    )
    .returns(() => {
      returned += 1;
    });
  const engine = useEngine([deadly]);
  const run = await engine.sy.start(deadly, {});
  await crashed(engine, run.id);
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated', error: { code: 'CRASH_LOOP' } });
  expect(diary).toEqual(['one', 'undo one']);
  expect(returned).toBe(0);
});
