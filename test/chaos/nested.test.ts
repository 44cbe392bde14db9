import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { useEngine } from '../support/engine.js';
import { CALLS, nestedWorkflows } from '../support/nested/workflow.js';
import { openTestRedis, testPrefix } from '../support/redis.js';

const PROGRAM = fileURLToPath(new URL('../support/nested/worker.ts', import.meta.url));
const RUNS = 60;
const KILLS = 12;

/** A worker process that is killed again and again, each time once it works and a little longer. */
async function killAgainAndAgain(url: string, prefix: string): Promise<{ readonly over: Promise<number> }> {
  let last: ChildProcess | undefined;
  let isOver = false;
  onTestFinished(async () => {
    isOver = true;
    if (!last || last.exitCode !== null || last.signalCode !== null) return;
    last.kill('SIGKILL');
    await once(last, 'exit');
  });
  async function go(): Promise<number> {
    let kills = 0;
    for (; kills < KILLS && !isOver; kills += 1) {
      last = spawn(process.execPath, ['--import', 'tsx', PROGRAM, url, prefix], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (last.stdout) await once(last.stdout, 'data');
      // A different moment of the work each time.
      await delay(40 + ((kills * 67) % 200));
      last.kill('SIGKILL');
      await once(last, 'exit');
    }
    if (!isOver) last = spawn(process.execPath, ['--import', 'tsx', PROGRAM, url, prefix], { stdio: 'ignore' });
    return kills;
  }
  return { over: go() };
}

test('runs inside runs, whose workers are killed again and again, end once each, with every effect under one key', async () => {
  const redis = openTestRedis();
  onTestFinished(() => redis.disconnect());
  const prefix = testPrefix();
  const { outer, all } = nestedWorkflows(redis, prefix);
  const { sy, url } = useEngine(all, { prefix });
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, n) => sy.start(outer, { n })));
  const { over } = await killAgainAndAgain(url, prefix);
  const states = await Promise.all(runs.map((run) => run.wait('150s')));
  expect(states.map(({ status }) => status)).toEqual(runs.map(() => 'completed'));
  expect(await over).toBe(KILLS);
  // Each has one middle with two inner ones, and no more; of each every step was done, under one key.
  const counts = await sy.list({ limit: 1 }).then(async () => await sy.counts());
  expect(counts).toMatchObject({
    outer: { completed: RUNS },
    middle: { completed: RUNS },
    inner: { completed: 2 * RUNS, open: 0 },
  });
  expect(await redis.scard(`${prefix}:${CALLS}`)).toBe(RUNS * (2 + 2 * 2));
}, 240_000);
