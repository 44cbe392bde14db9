import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { useEngine } from '../support/engine.js';
import { poisoned } from '../support/poison/workflow.js';

const PROGRAM = fileURLToPath(new URL('../support/poison/worker.ts', import.meta.url));

/** A worker process that is started again whenever it dies, as a supervisor would; resolves how often it died. */
function supervise(url: string, prefix: string): { readonly deaths: () => number } {
  let [deaths, over] = [0, false];
  let worker: ChildProcess | undefined;
  const start = () => {
    worker = spawn(process.execPath, ['--import', 'tsx', PROGRAM, url, prefix], { stdio: 'ignore' });
    worker.once('exit', () => {
      if (over) return;
      deaths += 1;
      start();
    });
  };
  start();
  onTestFinished(async () => {
    over = true;
    if (worker?.exitCode !== null || worker.signalCode !== null) return;
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  });
  return { deaths: () => deaths };
}

test('a poison job ends as CRASH_LOOP, and takes none of the jobs that ran beside it along', async () => {
  const { sy, url, prefix } = useEngine([poisoned]);
  const poison = await sy.start(poisoned, { kind: 'poison' });
  const innocent = await Promise.all(Array.from({ length: 8 }, () => sy.start(poisoned, { kind: 'innocent' })));
  const { deaths } = supervise(url, prefix);
  const states = await Promise.all(innocent.map((run) => run.wait('60s')));
  expect(states.map(({ status }) => status)).toEqual(innocent.map(() => 'completed'));
  expect(await poison.wait('60s')).toMatchObject({ status: 'failed', error: { code: 'ALL_BRANCHES_FAILED' } });
  expect((await poison.timeline())[0]?.attempts.at(-1)?.error?.code).toBe('CRASH_LOOP');
  expect(deaths()).toBeGreaterThan(5);
}, 120_000);
