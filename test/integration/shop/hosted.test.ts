/** Stages inside a Worker that a team has: the same promises as in ours, or a Worker that runs none and says why. */
import { Queue, Worker, type WorkerOptions } from 'bullmq';
import { Worker as OldWorker } from 'bullmq5';
import { expect, onTestFinished, test } from 'vitest';
import { defineFanOut, defineSaga, type HostedProcessor, PermanentError } from '../../../src/index.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { theirConnection } from '../../support/foreign-queue.js';
import { recordingLog } from '../../support/recording-log.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const BILLING = 'billing';

/** A worker of theirs, closed with the test. */
function host(processor: HostedProcessor, options: Partial<WorkerOptions>): Worker {
  const worker = new Worker(BILLING, processor, { connection: theirConnection(), stalledInterval: 100, ...options });
  onTestFinished(() => worker.close(true));
  return worker;
}

/** Everything but their queue is ours. */
const workElsewhere = (engine: TestEngine, queues: readonly string[] = ['runs']) => engine.work({ queues });

test('[P4] a step that runs in their Worker is retried by our policy, recorded, and undone in order', async () => {
  const calls: unknown[] = [];
  const charge = task(
    'charge',
    (_input, { attempt, key, isLastAttempt }) => {
      calls.push(['charge', attempt, key.split('/').slice(1), isLastAttempt]);
      if (attempt < 3) throw new Error('busy');
      return 'charged';
    },
    { queue: BILLING, idempotent: true },
  );
  const refund = task('refund', () => void calls.push('refund'), { queue: BILLING });
  const order = defineSaga({ name: 'order', input: anyInput })
    .step('payment', charge, { with: () => 1, undo: [refund, () => 1] })
    .step(
      'label',
      task('label', () => Promise.reject(new PermanentError('no printer'))),
      { with: () => 2 },
    )
    .returns((_done, { executed, undone }) => ({ executed, undone }));
  const engine = useEngine([order]);
  host(engine.sy.processor([charge, refund]), engine.sy.workerOptions({ concurrency: 2 }));
  await workElsewhere(engine, ['runs', 'tasks']);
  const state = await (await engine.sy.start(order, {})).wait('10s');
  expect(state).toMatchObject({ status: 'compensated', output: { executed: ['payment'], undone: ['payment'] } });
  expect(calls).toEqual([
    ['charge', 1, ['payment', '1'], false],
    ['charge', 2, ['payment', '1'], false],
    ['charge', 3, ['payment', '1'], true],
    'refund',
  ]);
  expect(state.timeline.find(({ name }) => name === 'payment')?.attempts).toHaveLength(3);
});

const one = task('one', (input) => input, { queue: BILLING });
const two = task('two', (input) => input, { queue: BILLING });
const pair = defineFanOut({
  name: 'pair',
  input: anyInput,
  branches: { a: { run: one, with: () => 'a' }, b: { run: two, with: () => 'b' } },
  aggregate: (r) => [r.a, r.b].map((branch) => (branch.state === 'completed' ? branch.output : branch.state)),
});

test('their own jobs in the same queue go where they say', async () => {
  const engine = useEngine([pair]);
  const own: unknown[] = [];
  host(
    engine.sy.processor(pair, {
      otherwise: async ({ data }) => {
        own.push(data);
        return 'theirs';
      },
    }),
    engine.sy.workerOptions({}),
  );
  const queue = new Queue(BILLING, { connection: theirConnection(), prefix: engine.prefix });
  onTestFinished(() => queue.close());
  const job = await queue.add('invoice', { invoice: 1 });
  await workElsewhere(engine);
  expect(await (await engine.sy.start(pair, {})).wait('10s')).toMatchObject({
    status: 'completed',
    output: ['a', 'b'],
  });
  await expect.poll(async () => (await queue.getJob(job.id ?? ''))?.returnvalue).toBe('theirs');
  expect(own).toEqual([{ invoice: 1 }]);
});

test('a stage of a task that it was not made for is put back for another worker', async () => {
  const { log, lines } = recordingLog();
  const engine = useEngine([pair], { logger: log });
  host(engine.sy.processor(one), engine.sy.workerOptions({}));
  await workElsewhere(engine);
  const run = await engine.sy.start(pair, {});
  await expect.poll(() => lines.some((line) => JSON.stringify(line).includes('was not made for'))).toBe(true);
  host(engine.sy.processor(two), engine.sy.workerOptions({}));
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: ['a', 'b'] });
});

test('[P1] a Worker whose settings break a promise runs nothing of ours and says why; one that is right takes the job', async () => {
  const { log, lines } = recordingLog();
  const engine = useEngine([pair], { logger: log });
  const wrong = host(engine.sy.processor(), { prefix: engine.prefix, maxStalledCount: 1, maxStartedAttempts: 3 });
  await workElsewhere(engine);
  const run = await engine.sy.start(pair, {});
  const said = () => lines.map((line) => JSON.stringify(line)).join('\n');
  await expect
    .poll(said)
    .toContain('this Worker runs no stages: maxStalledCount is 1: BullMQ would fail a stage for good');
  expect(said()).toContain('settings.backoffStrategy is none of sy.workerOptions()');
  expect(said()).toContain('maxStartedAttempts is 3');
  await wrong.close();
  host(engine.sy.processor(), engine.sy.workerOptions({}));
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: ['a', 'b'] });
});

test('a Worker of a BullMQ that counts no crashes is refused in the same way', async () => {
  const { log, lines } = recordingLog();
  const engine = useEngine([pair], { logger: log });
  const process = engine.sy.processor();
  const old = new OldWorker(BILLING, (job, token) => process(Object(job), token), {
    ...engine.sy.workerOptions({}),
    connection: theirConnection(),
  });
  // It also looks at the job that was put back, and finds its lock gone.
  old.on('error', () => {});
  onTestFinished(() => old.close(true));
  await engine.sy.start(pair, {});
  await expect.poll(() => JSON.stringify(lines)).toContain('its BullMQ does not count crashes');
});

test('a stop reaches a stage in their Worker: its signal is aborted', async () => {
  const [begun, ended] = [signal(), signal()];
  const slow = task(
    'slow',
    (_input, { signal: stop }) =>
      new Promise((_resolve, reject) => {
        begun.happen();
        stop.addEventListener('abort', () => {
          ended.happen();
          reject(stop.reason);
        });
      }),
    { queue: BILLING },
  );
  const workflow = defineFanOut({
    name: 'slow-one',
    input: anyInput,
    branches: { slow: { run: slow, with: () => 1 } },
    aggregate: (r) => r.slow.state,
  });
  const engine = useEngine([workflow]);
  host(engine.sy.processor(slow), engine.sy.workerOptions({}));
  await workElsewhere(engine);
  const run = await engine.sy.start(workflow, {});
  await begun.happened;
  await run.cancel();
  await ended.happened;
  expect(await run.wait('10s')).toMatchObject({ status: 'cancelled' });
});

test('[P2] a stage whose worker died goes on in their Worker; at the bound of crashes it fails, and not before', async () => {
  const seen: number[] = [];
  const fragile = task('fragile', (_input, { attempt }) => seen.push(attempt), { queue: BILLING, idempotent: true });
  const workflow = defineFanOut({
    name: 'fragile-one',
    input: anyInput,
    branches: { only: { run: fragile, with: () => 1 } },
    aggregate: (r) => r.only.state,
  });
  const engine = useEngine([workflow]);
  await workElsewhere(engine);
  const run = await engine.sy.start(workflow, {});
  const jobKey = `${engine.prefix}:${BILLING}:${run.id}-only`;
  const doomed = new Worker(BILLING, undefined, {
    connection: theirConnection(),
    prefix: engine.prefix,
    lockDuration: 50,
  });
  onTestFinished(() => doomed.close(true));
  await expect.poll(async () => (await doomed.getNextJob('doomed', { block: false }))?.id).toBeDefined();
  // As it stands after five lost workers: the sixth is counted when the job is found.
  await engine.redis.hset(jobKey, 'stc', 4);
  host(engine.sy.processor(fragile), engine.sy.workerOptions({}));
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  expect(seen).toEqual([2]);
  expect(await engine.redis.hget(jobKey, 'stc')).toBe('5');
});

test('options that break a promise are refused where they are made', () => {
  const { sy, prefix } = useEngine([pair]);
  for (const [options, why] of [
    [{ maxStalledCount: 1 }, /maxStalledCount is 1.*a deployment included; give at least 6/],
    [{ prefix: 'bull' }, /prefix is "bull": runs are under "\{t-/],
    [{ lockDuration: 2_000, lockRenewTime: 1_500 }, /lockRenewTime \(1500\) is more than half/],
    [{ skipLockRenewal: true }, /skipLockRenewal/],
    [{ maxStartedAttempts: 3 }, /maxStartedAttempts is 3/],
  ] as const) {
    expect(() => sy.workerOptions(options)).toThrow(why);
  }
  const mine = () => 7;
  const made = sy.workerOptions({ concurrency: 3, name: 'mine', settings: { backoffStrategy: mine } });
  expect(made).toMatchObject({ concurrency: 3, name: 'mine', prefix, lockDuration: 5_000 });
  expect(made.settings.backoffStrategy(1, 'custom', new Error('theirs'))).toBe(7);
  expect(made.settings.backoffStrategy(1, 'switchyard', new Error('none of ours'))).toBe(0);
  expect(() => sy.processor(task('unknown'))).toThrow(/no workflow of this Switchyard has it/);
});
