import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { switchyard } from '../../../src/engine/engine.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine } from '../../support/engine.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const flow = (version: number, answer: string) =>
  defineFanOut({
    name: 'versioned',
    version,
    input: anyInput,
    branches: { only: { run: task('only', () => answer), with: (i) => i } },
    aggregate: (r) => (r.only.state === 'completed' ? r.only.output : r.only.state),
  });

test('a worker puts back what it has no version for, and one that has it completes it', async () => {
  const [old, current] = [flow(1, 'old'), flow(2, 'new')];
  const engine = useEngine([old]);
  const ahead = engine.other([old, current]);
  await engine.work();
  const run = await ahead.start(current, {});
  await expect.poll(() => engine.redis.zcard(`${engine.prefix}:tasks:delayed`), { timeout: 5_000 }).toBeGreaterThan(0);
  const workers = ahead.workers({ graceMs: 500 });
  onTestFinished(() => workers.stop());
  await workers.start();
  expect(await run.wait('18s')).toMatchObject({
    status: 'completed',
    output: 'new',
    timeline: [{ state: 'completed' }],
  });
});

test('the newest version is what a name starts', async () => {
  const engine = useEngine([flow(2, 'new'), flow(1, 'old')]);
  await engine.work();
  expect(await (await engine.sy.start('versioned', {})).wait('10s')).toMatchObject({ output: 'new' });
});

test('being put back costs a job neither an attempt nor a longer backoff', async () => {
  const late = defineFanOut({
    name: 'late',
    input: anyInput,
    branches: {
      only: {
        run: task(
          'only',
          (_i, { attempt }) => {
            if (attempt === 1) throw new Error('the first attempt was somebody else');
            throw new Error(`attempt ${attempt}`);
          },
          { attempts: 2, backoff: { initial: 1, factor: 100_000, max: '1h', jitter: 0 } },
        ),
        with: (i) => i,
      },
    },
    aggregate: (r) => r.only.state,
  });
  const engine = useEngine([flow(1, 'x')]);
  const ahead = engine.other([late]);
  const ignorant = await engine.work({ queues: ['tasks'] });
  const run = await ahead.start(late, {});
  await expect.poll(() => engine.redis.zcard(`${engine.prefix}:tasks:delayed`), { timeout: 5_000 }).toBeGreaterThan(0);
  await ignorant.stop();
  const workers = ahead.workers({ graceMs: 500 });
  onTestFinished(() => workers.stop());
  await workers.start();
  expect(await run.wait('10s')).toMatchObject({ status: 'failed', timeline: [{ attempts: [{ n: 2 }, { n: 3 }] }] });
});

test('a queue that no workflow uses is refused, naming those that are', () => {
  const { sy } = useEngine([flow(1, 'x')]);
  expect(() => sy.workers({ queues: ['taks'] })).toThrow(/no workflow uses queue "taks"; the queues are runs, tasks/);
});

test('stop lets a short job end and puts a long one back for another worker, without a lost attempt', async () => {
  const began = signal();
  const release = signal();
  const attempts: number[] = [];
  const long = task('long', async (_i, context) => {
    attempts.push(context.attempt);
    if (context.attempt > 1) return 'elsewhere';
    began.happen();
    await release.happened;
    return 'here';
  });
  const saga = defineSaga({ name: 'handover', input: anyInput })
    .step(
      'short',
      task('short', () => 'done'),
      { with: () => 1 },
    )
    .step('long', { ...long, effect: { kind: 'idempotent' } }, { with: () => 1 })
    .returns((done) => done);
  const engine = useEngine([saga]);
  const leaving = await engine.work({ graceMs: 100 });
  const run = await engine.sy.start(saga, {});
  await began.happened;
  await leaving.stop();
  release.happen();
  const stoppedAt = performance.now();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { short: 'done', long: 'elsewhere' } });
  expect(attempts).toEqual([1, 2]);
  // Below the lock's 5 s: the job was handed over, not found stalled.
  expect(performance.now() - stoppedAt).toBeLessThan(4_000);
});

test('a job that is put back at a stop wakes a worker that idles elsewhere', async () => {
  const began = signal();
  const long = task(
    'long',
    (_i, { attempt }) => {
      if (attempt > 1) return 'elsewhere';
      began.happen();
      return new Promise(() => {});
    },
    { idempotent: true },
  );
  const wide = defineFanOut({
    name: 'idle',
    input: anyInput,
    branches: { long: { run: long, with: (i) => i } },
    aggregate: (r) => r.long,
  });
  const engine = useEngine([wide]);
  const leaving = await engine.work({ graceMs: 50 });
  const run = await engine.sy.start(wide, {});
  await began.happened;
  await engine.work();
  await leaving.stop();
  const stoppedAt = performance.now();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { output: 'elsewhere' } });
  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
});

test('an active job ends by itself within the grace', async () => {
  const began = signal();
  const release = signal();
  const attempts: number[] = [];
  const steady = task('steady', async (_i, { attempt }) => {
    attempts.push(attempt);
    began.happen();
    await release.happened;
    return 'ended';
  });
  const wide = defineFanOut({
    name: 'steady',
    input: anyInput,
    branches: { steady: { run: steady, with: (i) => i } },
    aggregate: (r) => r.steady,
  });
  const engine = useEngine([wide]);
  const leaving = await engine.work({ graceMs: 10_000, queues: ['tasks'] });
  const run = await engine.sy.start(wide, {});
  await began.happened;
  const stopped = leaving.stop();
  release.happen();
  await stopped;
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { output: 'ended' } });
  expect(attempts).toEqual([1]);
});

test('stopping twice, or without having started, is no harm', async () => {
  const { sy, ...engine } = useEngine([flow(1, 'x')]);
  const workers = await engine.work();
  await Promise.all([workers.stop(), workers.stop()]);
  await workers.stop();
  await sy.workers().stop();
});

test('nothing is left open: an application that closes ends by itself, and may close twice', async () => {
  const { redis, url, prefix } = useEngine([flow(1, 'x')]);
  const name = `left-open-${prefix}`;
  const sy = switchyard({
    connection: { host: new URL(url).hostname, port: Number(new URL(url).port), connectionName: name },
    prefix,
    workflows: [flow(1, 'x')],
    logger: silentLog,
    ...(new URL(url).password && { connection: connectionOf(url, name) }),
  });
  const workers = sy.workers({ graceMs: 500 });
  await workers.start();
  await (await sy.start('versioned', {})).wait('10s');
  await workers.stop();
  await sy.close();
  await sy.close();
  await expect.poll(async () => String(await redis.client('LIST')).includes(name), { timeout: 3_000 }).toBe(false);
});

function connectionOf(url: string, connectionName: string) {
  const { hostname: host, port, password } = new URL(url);
  return { host, port: Number(port), password: decodeURIComponent(password), connectionName };
}

test('the client that an application has already serves for its address alone', async () => {
  const engine = useEngine([]);
  const own = new Redis(engine.url, { maxRetriesPerRequest: 3, commandTimeout: 100 });
  onTestFinished(() => own.disconnect());
  const definition = flow(1, 'through it');
  const sy = engine.other([definition], { connection: own });
  const workers = sy.workers({ graceMs: 500 });
  onTestFinished(() => workers.stop());
  await workers.start();
  expect(await (await sy.start(definition, {})).wait('10s')).toMatchObject({ output: 'through it' });
});
