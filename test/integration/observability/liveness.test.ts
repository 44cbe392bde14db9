/** A worker behind a path that has fallen silent: no error, no closed socket, and its event loop turns. */
import { expect, onTestFinished, test } from 'vitest';
import { serveProbes } from '../../../src/adapters/observability/probe-server.js';
import { switchyard } from '../../../src/engine/engine.js';
import { startTcpProxy } from '../../support/faults/tcp-proxy.js';
import { useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { echo } from '../../support/workflows.js';

test('a frozen connection turns liveness red, and it heals when the path does', async () => {
  const { url, prefix } = useRedis();
  const proxy = await startTcpProxy(Number(new URL(url).port));
  const worker = switchyard({ connection: proxy.url(url), prefix, workflows: [echo], logger: silentLog });
  const producer = switchyard({ connection: url, prefix, workflows: [echo], logger: silentLog });
  const workers = worker.workers({ graceMs: 0, clockCheckMs: 100, stuckAfterMs: 400 });
  const probes = await serveProbes({ port: 0, health: workers.health });
  onTestFinished(async () => {
    await probes.close();
    await workers.stop();
    await Promise.all([worker.close(), producer.close()]);
    await proxy.close();
  });
  const probe = async (path: string) => {
    const response = await fetch(`${probes.url}${path}`);
    return { status: response.status, body: await response.json() };
  };

  expect(await probe('/healthz')).toMatchObject({ status: 200 });
  expect(await probe('/readyz')).toMatchObject({
    status: 503,
    body: { status: 'not ready', findings: [expect.stringContaining('not been started')] },
  });
  await workers.start();
  expect(await probe('/readyz')).toEqual({ status: 200, body: { status: 'ready', findings: [] } });

  proxy.silence('toServer', 'toClient');
  const run = await producer.start(echo, { late: true });
  await expect
    .poll(() => probe('/healthz'), { timeout: 5_000 })
    .toMatchObject({
      status: 503,
      body: { status: 'dead', findings: [expect.stringContaining('Redis has answered nothing for')] },
    });
  expect(await probe('/readyz')).toMatchObject({ status: 503 });

  proxy.heal('delivered');
  await expect.poll(() => probe('/healthz'), { timeout: 10_000 }).toMatchObject({ status: 200 });
  await expect.poll(() => probe('/readyz'), { timeout: 10_000 }).toMatchObject({ status: 200 });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  await workers.stop();
  expect(await probe('/healthz')).toMatchObject({ status: 200 });
  expect(await probe('/readyz')).toMatchObject({ status: 503, body: { findings: ['the workers stop'] } });
});

test('a worker is alive and ready while somebody has paused its queue', async () => {
  const { url, prefix, redis } = useRedis();
  const sy = switchyard({ connection: url, prefix, workflows: [echo], logger: silentLog });
  const workers = sy.workers({ graceMs: 0, clockCheckMs: 50, stuckAfterMs: 100 });
  onTestFinished(async () => {
    await workers.stop();
    await sy.close();
  });
  await workers.start();
  await redis.hset(`${prefix}:tasks:meta`, 'paused', 1);
  const run = await sy.start(echo, {});
  expect(await run.wait('300ms')).toMatchObject({ status: 'queued' });
  expect(await workers.health()).toEqual({ alive: true, ready: true, findings: [] });
});

test('a Redis that is away for longer than the bound is waited for: alive all the time, and ready again with it', async () => {
  const { url, prefix } = useRedis();
  const proxy = await startTcpProxy(Number(new URL(url).port));
  const sy = switchyard({ connection: proxy.url(url), prefix, workflows: [echo], logger: silentLog });
  const workers = sy.workers({ graceMs: 0, clockCheckMs: 50, stuckAfterMs: 100 });
  onTestFinished(async () => {
    await workers.stop();
    await sy.close();
    await proxy.close();
  });
  await workers.start();
  await proxy.refuse();
  await expect.poll(() => workers.health()).toMatchObject({ ready: false });
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    expect(await workers.health()).toMatchObject({ alive: true, ready: false });
    await new Promise(setImmediate);
  }
  await proxy.listen();
  await expect
    .poll(
      async () => {
        const health = await workers.health();
        expect(health).toMatchObject({ alive: true });
        return health.ready;
      },
      { timeout: 10_000 },
    )
    .toBe(true);
});
