/** Jobs whose server is paused or busy, on real Redis and against a real server: they wait, and lose no attempt. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { Run } from '../../../src/queues/run-handle.js';
import { mcpTask, type TaskContext } from '../../../src/task.js';
import { type TestEngine, useWorkingEngine } from '../../support/engine.js';
import { failureOf, type HttpRogue, rogueOverHttp } from '../../support/mcp/rogue.js';
import { anyInput, task } from '../../support/workflows.js';

const BRIEF = { breaker: { failures: 2, pause: '500ms', successes: 1 } };

async function useRogue(limits: object): Promise<HttpRogue> {
  const rogue = await rogueOverHttp({ limits });
  onTestFinished(() => rogue.close());
  await rogue.pool.call('rogue.echo', {}, { timeoutMs: 5_000, safeToRepeat: false });
  return rogue;
}

/** The server is gone, and two calls have found that out. */
async function pause(rogue: HttpRogue): Promise<void> {
  await rogue.kill();
  for (let n = 0; n < 2; n += 1)
    await failureOf(rogue.pool.call('rogue.echo', {}, { timeoutMs: 5_000, safeToRepeat: false }));
  expect(rogue.pool.health()).toMatchObject([{ breaker: 'open' }]);
}

/** Resolves when the stage has been refused at least so many times. */
function refused(run: Run, stage: string, times: number, code = 'SERVER_PAUSED') {
  const refusals = async () => {
    const entry = (await run.timeline()).find(({ name }) => name === stage);
    return entry?.attempts.filter(({ error }) => error?.code === code).length ?? 0;
  };
  return expect.poll(refusals, { timeout: 10_000 }).toBeGreaterThanOrEqual(times);
}

/** Attempts that BullMQ has counted for each job of the queue that tasks run in. */
async function attemptsMade({ url, prefix }: TestEngine): Promise<readonly number[]> {
  const queue = new Queue('tasks', { connection: { url }, prefix });
  try {
    const jobs = await queue.getJobs(['completed', 'failed', 'delayed', 'waiting', 'active', 'prioritized']);
    return jobs.map((job) => job.attemptsMade);
  } finally {
    await queue.close();
  }
}

test('a task with one attempt whose server is paused completes when the server is back, its attempt not burnt', async () => {
  const rogue = await useRogue(BRIEF);
  const flow = defineFanOut({
    name: 'asking',
    input: anyInput,
    branches: { ask: { run: mcpTask('rogue.echo', { attempts: 1 }), with: () => ({ n: 1 }) } },
    aggregate: (r) => (r.ask.state === 'completed' ? r.ask.output : r.ask),
  });
  const engine = await useWorkingEngine([flow], { tools: rogue.pool });
  await pause(rogue);
  const run = await engine.sy.start(flow, {});
  await refused(run, 'ask', 1);
  expect(await attemptsMade(engine)).toEqual([0]);
  await rogue.restart();
  expect(await run.wait('15s')).toMatchObject({
    status: 'completed',
    output: { n: 1 },
    timeline: [{ name: 'ask', state: 'completed' }],
  });
  // BullMQ counts the attempt that succeeded, and no other.
  expect(await attemptsMade(engine)).toEqual([1]);
  // However often it was put off, a branch says so once.
  const [ask] = await run.timeline();
  expect(ask?.attempts.filter(({ error }) => error !== undefined)).toHaveLength(1);
});

test('[P3] an unsafe step whose server is paused is put off, never in doubt, and happens once', async () => {
  const rogue = await useRogue(BRIEF);
  const saga = defineSaga({ name: 'unsafe', input: anyInput })
    .step('pay', mcpTask('rogue.echo', { attempts: 1 }), { with: () => ({ amount: 5 }) })
    .returns((done) => done.pay);
  const engine = await useWorkingEngine([saga], { tools: rogue.pool });
  await pause(rogue);
  const run = await engine.sy.start(saga, {});
  // Past a pause as well: its end is found out by a ping, and not by this step.
  await refused(run, 'pay', 2);
  expect(await run.status()).toBe('running');
  const before = rogue.count('echo');
  await rogue.restart();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: { amount: 5 } });
  expect(rogue.count('echo')).toBe(before + 1);
  expect(await attemptsMade(engine)).toEqual([1]);
});

test('an undo whose server is paused is put off, and the saga is compensated', async () => {
  const rogue = await useRogue(BRIEF);
  const saga = defineSaga({ name: 'undone', input: anyInput })
    .step('pay', task('pay'), { with: () => ({}), undo: [mcpTask('rogue.echo', { attempts: 1 }), () => ({ n: 1 })] })
    .step(
      'ship',
      task(
        'ship',
        async () => {
          await pause(rogue);
          throw new Error('no');
        },
        { attempts: 1 },
      ),
      { with: () => ({}) },
    )
    .returns(() => null);
  const engine = await useWorkingEngine([saga], { tools: rogue.pool });
  const run = await engine.sy.start(saga, {});
  await refused(run, 'pay.undo', 1);
  expect(await run.status()).toBe('compensating');
  await rogue.restart();
  expect(await run.wait('15s')).toMatchObject({ status: 'compensated' });
});

test('[P3] a lost effect whose question is refused stays in doubt until it can be asked', async () => {
  const rogue = await useRogue({ ...BRIEF, breaker: { ...BRIEF.breaker, failures: 1 } });
  const saga = defineSaga({ name: 'found', input: anyInput })
    .step('pay', mcpTask('rogue.die', { attempts: 1 }), {
      with: () => ({}),
      find: [mcpTask('rogue.echo', { idempotent: true }), () => ({ paid: true }), (answer) => answer],
    })
    .returns((done) => done.pay);
  const engine = await useWorkingEngine([saga], { tools: rogue.pool });
  const run = await engine.sy.start(saga, {});
  // The call is lost, which pauses the server, so the question is refused; the next attempt must ask before all else.
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: { paid: true } });
  expect(rogue.count('die')).toBe(1);
});

test('a task beyond the line of a busy server is put off and completes', async () => {
  const rogue = await useRogue({ concurrent: 1, waiting: 0 });
  const hold = mcpTask('rogue.hold', { attempts: 1 });
  const flow = defineFanOut({
    name: 'crowded',
    input: anyInput,
    branches: { one: { run: hold, with: () => ({ n: 1 }) }, two: { run: hold, with: () => ({ n: 2 }) } },
    aggregate: (r) => [r.one.state, r.two.state],
  });
  const engine = await useWorkingEngine([flow], { tools: rogue.pool });
  const run = await engine.sy.start(flow, {});
  const refusals = async () => (await run.timeline()).flatMap(({ attempts }) => attempts).filter(({ error }) => error);
  await expect.poll(refusals, { timeout: 10_000 }).toMatchObject([{ error: { code: 'SERVER_BUSY' } }]);
  rogue.release();
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: ['completed', 'completed'] });
  expect(rogue.count('hold')).toBe(2);
});

test('a task that has asked a tool for something unsafe before is not made again: its attempt fails', async () => {
  const rogue = await useRogue({ breaker: { failures: 2, pause: '1h' } });
  const twice = async (_input: unknown, { tool }: TaskContext) => {
    await tool('rogue.echo_text', {});
    await pause(rogue);
    return await tool('rogue.echo', {});
  };
  const flow = defineFanOut({
    name: 'twice',
    input: anyInput,
    branches: { only: { run: task('twice', twice, { attempts: 1 }), with: () => ({}) } },
    aggregate: (r) => r.only,
  });
  const engine = await useWorkingEngine([flow], { tools: rogue.pool });
  const run = await engine.sy.start(flow, {});
  expect(await run.wait('15s')).toMatchObject({
    status: 'failed',
    timeline: [
      { attempts: [{ error: { code: 'TOOL_UNAVAILABLE', message: expect.stringContaining('after other calls') } }] },
    ],
  });
  expect(rogue.count('echo_text')).toBe(1);
});
