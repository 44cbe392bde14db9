/** A worker that is started while Redis is away: an error at once for who typed the address, patience where it is asked for. */
import { expect, it, onTestFinished } from 'vitest';
import { startTcpProxy } from '../../support/faults/tcp-proxy.js';
import { redisUrl } from '../../support/redis.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { place } from './cli-process.js';
import { READY } from './shown.js';

async function useAwayRedis() {
  const proxy = await startTcpProxy(Number(new URL(redisUrl()).port));
  onTestFinished(() => proxy.close());
  await proxy.refuse();
  return { proxy, redis: proxy.url(redisUrl()) };
}

async function freePort(): Promise<number> {
  const proxy = await startTcpProxy(1);
  await proxy.close();
  return proxy.port;
}

it('without --wait-for-redis it ends at once with exit 3, probes or none', async () => {
  const { redis } = await useAwayRedis();
  const { run } = await place({ redis });
  for (const argv of [['worker'], ['worker', '--health-port', '0']]) {
    const began = performance.now();
    const { code, err } = await run(argv);
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringMatching(/nothing\s+listens\s+there/) });
    expect(performance.now() - began).toBeLessThan(10_000);
  }
});

it('with it the worker is alive and not ready until Redis is there, says once what it waits for, and works then', async () => {
  const { proxy, redis } = await useAwayRedis();
  const { start } = await place({ redis });
  const port = await freePort();
  const probe = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    return { status: response?.status, text: await response?.text() };
  };
  const starting = start(['worker', '--queues', 'runs,tasks', '--health-port', `${port}`, '--wait-for-redis'], READY);
  await expect
    .poll(() => probe('/readyz'), { timeout: 10_000 })
    .toMatchObject({ status: 503, text: expect.stringContaining('nothing listens there') });
  expect(await probe('/healthz')).toMatchObject({ status: 200 });
  await proxy.listen();
  const worker = await starting;
  await expect.poll(() => probe('/readyz'), { timeout: 10_000 }).toMatchObject({ status: 200 });
  worker.child.kill('SIGTERM');
  const { code, err } = await worker.ended;
  expect(code).toBe(0);
  expect(err.match(/It is tried again until it answers/g)).toHaveLength(1);
});

it('with it, too: what waiting does not mend is an error at once, and a stop ends the wait', async () => {
  const wrong = new URL((await useOwnRedis()).url);
  wrong.password = 'not-the-password';
  const refused = await (await place({ redis: wrong.href })).run(['worker', '--wait-for-redis']);
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('password') });

  const { redis } = await useAwayRedis();
  const { begin } = await place({ redis });
  const { child, ended } = begin(['worker', '--wait-for-redis']);
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
});
