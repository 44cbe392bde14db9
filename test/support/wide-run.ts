/**
 * A fan-out of very many branches, stopped in mid-run: some have ended, some fail, as many as a worker takes are at work,
 * the rest waits. On a Redis of its own, so that what a request costs can be counted there.
 */
import { expect, onTestFinished } from 'vitest';
import { startApi } from '../../src/api/server.js';
import { switchyard } from '../../src/engine/engine.js';
import { PermanentError } from '../../src/errors.js';
import { defineFanOut } from '../../src/orchestrators/fan-out.js';
import { useRedisProcess } from './redis-process.js';
import { silentLog } from './silent-log.js';
import { anyInput, signal, task } from './workflows.js';

/** One in so many fails. */
export const FAILING = 50;
const AT_WORK = 25;

export async function wideRun(branches: number) {
  const { admin, url: connection } = await useRedisProcess();
  const go = signal();
  const wide = defineFanOut({
    name: 'wide',
    input: anyInput,
    each: task('one-of-many', async (at) => {
      if (Number(at) >= branches / 2) await go.happened;
      if (Number(at) % FAILING === 0) throw new PermanentError('one of those that fail');
      return { at, padding: 'x'.repeat(200) };
    }),
    split: () => Array.from({ length: branches }, (_, at) => at),
    aggregate: (results) => results.length,
  });
  const sy = switchyard({ connection, workflows: [wide], logger: silentLog });
  // What a worker asks of Redis by itself would be counted with the requests.
  const workers = sy.workers({
    ...{ concurrency: AT_WORK, graceMs: 1, clockCheckMs: 3_600_000, reconcileMs: 3_600_000 },
    ...{ lockDurationMs: 600_000, lockRenewMs: 300_000, stalledIntervalMs: 600_000 },
  });
  await workers.start();
  const api = await startApi({ sy, connection, port: 0, log: silentLog, rateLimit: false });
  onTestFinished(async () => {
    go.happen();
    await api.close();
    await workers.stop();
    await sy.close();
  });
  const run = await sy.start(wide, {});
  await expect
    .poll(async () => (await run.page({ limit: 0 })).counts.running, { timeout: 120_000, interval: 100 })
    .toBe(AT_WORK);
  const half = Math.ceil(branches / 2);
  await expect
    .poll(async () => (await run.page({ limit: 0 })).counts, { timeout: 120_000, interval: 100 })
    .toMatchObject({ waiting: branches - half - AT_WORK, running: AT_WORK });

  /** What one request costs: commands of Redis, those in scripts counted one by one, and milliseconds. */
  async function costOf(path: string) {
    await admin.config('RESETSTAT');
    const begun = performance.now();
    const response = await fetch(`${api.url}/v1/runs/${run.id}${path}`);
    const body: unknown = await response.json();
    const ms = performance.now() - begun;
    const stats = await admin.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(
      ([, name = '', n]) => [name, Number(n)] as const,
    );
    // The two by which it is counted.
    const own = calls.filter(([name]) => name !== 'config|resetstat' && name !== 'info');
    return { status: response.status, body, ms, commands: own.reduce((sum, [, n]) => sum + n, 0), calls: own };
  }
  return { run, half, costOf, finish: () => go.happen() };
}
