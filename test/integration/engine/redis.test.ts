import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../../../src/adapters/redis.js';
import { switchyard } from '../../../src/engine/engine.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { testPrefix } from '../../support/redis.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, signal, task } from '../../support/workflows.js';

const echo = defineFanOut({
  name: 'echo',
  input: anyInput,
  branches: { only: { run: task('echo'), with: (i) => i } },
  aggregate: (r) => r.only,
});

function open(connection: string) {
  const sy = switchyard({ connection, prefix: testPrefix(), workflows: [echo], logger: silentLog });
  onTestFinished(() => sy.close());
  return sy;
}

async function within(ms: number, work: Promise<unknown>): Promise<unknown> {
  const from = performance.now();
  const error = await work.then(
    () => 'resolved',
    (thrown: unknown) => thrown,
  );
  expect(performance.now() - from).toBeLessThan(ms);
  return error;
}

test('where nothing listens, a start is refused at once, workers too, and both can be closed', async () => {
  const sy = open('redis://127.0.0.1:1');
  expect(await within(5_000, sy.start(echo, {}))).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  const workers = sy.workers();
  expect(await within(5_000, workers.start())).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  expect(await within(2_000, workers.stop())).toBe('resolved');
  expect(await within(2_000, sy.close())).toBe('resolved');
});

test('where something listens and stays silent, a start is refused within its time', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  expect(await within(5_500, open(`redis://127.0.0.1:${port}`).start(echo, {}))).toMatchObject({
    code: 'REDIS_UNAVAILABLE',
  });
});

test('[P7] a Redis that evicts keys is refused, by producers and by workers', async () => {
  const { url } = await useOwnRedis();
  const sy = open(url);
  const client = openRedis(url, 'producer', { log: silentLog });
  onTestFinished(() => client.disconnect());
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await expect(sy.start(echo, {})).rejects.toMatchObject({
    code: 'REDIS_UNSUITABLE',
    message: expect.stringContaining('noeviction'),
  });
  await expect(sy.workers().start()).rejects.toMatchObject({ code: 'REDIS_UNSUITABLE' });
});

test.each(['branch', 'step'])(
  'a Redis that is full burns no attempt of a %s: the run goes on once there is room',
  async (kind) => {
    const { url } = await useOwnRedis();
    const client = openRedis(url, 'producer', { log: silentLog });
    onTestFinished(() => client.disconnect());
    const [began, release] = [signal(), signal()];
    const only = task(
      'only',
      async () => {
        began.happen();
        await release.happened;
        return 'stored';
      },
      { attempts: 1, idempotent: true },
    );
    const branch = defineFanOut({
      name: 'full',
      input: anyInput,
      branches: { only: { run: only, with: (i) => i } },
      aggregate: (r) => (r.only.state === 'completed' ? r.only.output : r.only.state),
    });
    const step = defineSaga({ name: 'full', input: anyInput })
      .step('only', only, { with: () => 1 })
      .returns((done) => done.only);
    const flow = kind === 'branch' ? branch : step;
    const sy = switchyard({ connection: url, prefix: testPrefix(), workflows: [flow], logger: silentLog });
    onTestFinished(() => sy.close());
    const workers = sy.workers({ graceMs: 500, lockDurationMs: 1_000, lockRenewMs: 300, stalledIntervalMs: 500 });
    onTestFinished(() => workers.stop());
    await workers.start();
    const run = await sy.start('full', {});
    await began.happened;
    await client.config('SET', 'maxmemory', '1mb');
    release.happen();
    // Long enough for the job to try and fail to say that it has ended.
    await expect
      .poll(async () => Number(/errorstat_OOM:count=(\d+)/.exec(await client.info('errorstats'))?.[1] ?? 0))
      .toBeGreaterThan(0);
    await client.config('SET', 'maxmemory', '0');
    expect(await run.wait('15s')).toMatchObject({
      status: 'completed',
      output: 'stored',
    });
  },
);
