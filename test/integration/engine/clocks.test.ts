/** Clocks of runs whose jobs somebody removed by hand, or that lose their worker; and the deadline of a run that is retried. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_CRASHES } from '../../../src/config.js';
import { RUNS_QUEUE } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { signal as signalTask } from '../../../src/wait-task.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const patient = defineSaga({ name: 'patient', input: anyInput, deadline: '2h' })
  .step('word', signalTask({ name: 'word', output: anyInput, deadline: '1h', default: { by: 'default' } }), {
    with: () => null,
  })
  .returns(({ word }) => word?.by);

function rootsOf(engine: TestEngine): Queue {
  const queue = new Queue(RUNS_QUEUE, { connection: engine.redis, prefix: engine.prefix });
  onTestFinished(() => queue.close());
  return queue;
}

/** When each clock of a run is due, by the log and by its job. */
async function clocksOf(engine: TestEngine, run: string) {
  const known = JSON.parse((await engine.redis.hget(`${engine.prefix}:log:${run}`, 'clocks')) ?? '{}');
  const jobs = await rootsOf(engine).getDelayed();
  const due = jobs.map(({ id, timestamp, delay }) => [`${engine.prefix}:${RUNS_QUEUE}:${id}`, timestamp + delay]);
  return { known, wound: Object.fromEntries(due) as Record<string, number> };
}

test('[P1] clocks that were cleaned away are wound again, for the time that they had', async () => {
  const engine = useEngine([patient]);
  await engine.work({ reconcileMs: 100 });
  const run = await engine.sy.start(patient, {});
  const wound = async () => Object.keys((await clocksOf(engine, run.id)).wound).length;
  await expect.poll(wound, { timeout: 10_000 }).toBe(2);
  const before = await clocksOf(engine, run.id);
  await rootsOf(engine).clean(0, 100, 'delayed');
  await expect.poll(wound, { timeout: 10_000 }).toBe(2);
  const after = await clocksOf(engine, run.id);
  expect(after.known).toEqual(before.known);
  for (const [clock, due] of Object.entries(before.wound)) {
    expect(Math.abs((after.wound[clock] ?? 0) - due)).toBeLessThan(1_000);
  }
});

test('[P1] a clock that was due while its job was gone rings at once; one that has rung is not wound again', async () => {
  const engine = useEngine([patient]);
  const first = await engine.work();
  const run = await engine.sy.start(patient, {});
  await expect.poll(() => engine.redis.zcard(`${engine.prefix}:runs:delayed`), { timeout: 10_000 }).toBe(2);
  await first.stop();
  await rootsOf(engine).clean(0, 100, 'delayed');
  const [log, answer] = [`${engine.prefix}:log:${run.id}`, `${engine.prefix}:runs:${run.id}-~answer.word`];
  const { known } = await clocksOf(engine, run.id);
  expect(Object.keys(known)).toHaveLength(2);
  await engine.redis.hset(log, 'clocks', JSON.stringify({ ...known, [answer]: String(Date.now() - 1) }));
  await engine.redis.del(`${engine.prefix}:reconciler`);
  await engine.work({ reconcileMs: 100 });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'default' });
  expect(Object.keys((await clocksOf(engine, run.id)).known)).toEqual([`${engine.prefix}:runs:${run.id}-~deadline`]);
});

test('a run that goes on after its end keeps its deadline, and the clock stops with its second end', async () => {
  const [again, mayEnd] = [signal(), signal()];
  let tried = 0;
  const flow = defineFanOut({
    name: 'second-try',
    input: anyInput,
    deadline: '1h',
    branches: {
      only: {
        run: task(
          'only',
          async () => {
            tried += 1;
            if (tried === 1) throw new Error('not yet');
            again.happen();
            await mayEnd.happened;
          },
          { attempts: 1 },
        ),
        with: () => 1,
      },
    },
    aggregate: () => 'done',
  });
  const engine = useEngine([flow]);
  await engine.work();
  const run = await engine.sy.start(flow, {});
  const due = (await clocksOf(engine, run.id)).known;
  expect(await run.wait('10s')).toMatchObject({ status: 'failed' });
  await expect.poll(() => engine.redis.zcard(`${engine.prefix}:runs:completed`)).toBe(1);
  await run.retry();
  await again.happened;
  const { known, wound } = await clocksOf(engine, run.id);
  expect(known).toEqual(due);
  expect(Object.keys(wound)).toEqual([`${engine.prefix}:runs:${run.id}-~deadline`]);
  mayEnd.happen();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect((await clocksOf(engine, run.id)).wound).toEqual({});
});

test('[P1] a clock that ends its process every time is over, says so, and is not wound again', async () => {
  const mayEnd = signal();
  const flow = defineFanOut({
    name: 'deadly-clock',
    input: anyInput,
    deadline: '1ms',
    branches: { only: { run: task('only', () => mayEnd.happened), with: () => 1 } },
    aggregate: () => 'done',
  });
  const engine = useEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const clock = `${run.id}-~deadline`;
  await engine.redis.hset(`${engine.prefix}:runs:${clock}`, 'stc', MAX_CRASHES + 1);
  await engine.work({ reconcileMs: 100 });
  await expect.poll(async () => (await rootsOf(engine).getJob(clock))?.failedReason).toContain('CRASH_LOOP');
  expect((await clocksOf(engine, run.id)).known).toEqual({});
  mayEnd.happen();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'done' });
});
