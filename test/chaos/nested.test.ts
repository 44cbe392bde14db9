import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { useEngine } from '../support/engine.js';
import { CALLS, nestedWorkflows } from '../support/nested/workflow.js';
import { openTestRedis, testPrefix } from '../support/redis.js';

const PROGRAM = fileURLToPath(new URL('../support/nested/worker.ts', import.meta.url));
const ROUNDS = 12;
const RUNS = 8;

/** One worker process at a time; the next takes the place of one that is killed. */
function useWorker(url: string, prefix: string) {
  let worker: ChildProcess | undefined;
  async function kill(): Promise<void> {
    if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  onTestFinished(kill);
  return {
    kill,
    async start(): Promise<void> {
      worker = spawn(process.execPath, ['--import', 'tsx', PROGRAM, url, prefix], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (worker.stdout) await once(worker.stdout, 'data');
    },
  };
}

test('runs inside runs, whose worker is killed at different moments, end once each, with every effect under one key', async () => {
  const redis = openTestRedis();
  onTestFinished(() => redis.disconnect());
  const prefix = testPrefix();
  const { outer, all } = nestedWorkflows(redis, prefix);
  const { sy, url } = useEngine(all, { prefix });
  const worker = useWorker(url, prefix);
  await worker.start();
  let struck = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const runs = await Promise.all(Array.from({ length: RUNS }, (_, n) => sy.start(outer, { n })));
    // From their first step to about their last.
    await delay(5 + round * 15);
    await worker.kill();
    struck += (await Promise.all(runs.map((run) => run.status()))).filter((status) => status === 'running').length;
    // No job loses its worker twice: one that does runs alone from then on, which is another test's matter.
    await worker.start();
    const states = await Promise.all(runs.map((run) => run.wait('60s')));
    expect([round, states.map(({ status }) => status)]).toEqual([round, runs.map(() => 'completed')]);
  }
  expect(struck).toBeGreaterThan(ROUNDS);
  // Each has one middle with two inner ones, and no more; of each every step was done, under one key.
  const total = ROUNDS * RUNS;
  expect(await sy.counts()).toMatchObject({
    outer: { completed: total },
    middle: { completed: total },
    inner: { completed: 2 * total, open: 0 },
  });
  expect(await redis.scard(`${prefix}:${CALLS}`)).toBe(total * (2 + 2 * 2));
}, 300_000);
