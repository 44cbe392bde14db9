/** Workers that are stopped while they start: a signal to end comes when it likes. Nothing that was begun may go on. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { useEngine } from '../../support/engine.js';
import { echo } from '../../support/workflows.js';

/** The intervals that have been set from now on and not been cleared. */
function useIntervals(): ReadonlySet<unknown> {
  const running = new Set<unknown>();
  const [set, clear] = [globalThis.setInterval, globalThis.clearInterval];
  vi.spyOn(globalThis, 'setInterval').mockImplementation(((...of: Parameters<typeof set>) => {
    const timer = set(...of);
    running.add(timer);
    return timer;
  }) as typeof set);
  vi.spyOn(globalThis, 'clearInterval').mockImplementation((timer) => {
    running.delete(timer);
    clear(timer);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return running;
}

test('a stop in the middle of a start ends both, and leaves no interval behind, wherever it falls', async () => {
  const intervals = useIntervals();
  const engine = useEngine([echo]);
  // What is loaded with the first start is loaded by then: each stop falls between two answers of Redis.
  await (await engine.work()).stop();
  for (let turns = 0; turns < 60; turns += 1) {
    const sy = engine.other([echo]);
    const workers = sy.workers({ graceMs: 0 });
    const starting = workers.start();
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    await workers.stop();
    await starting;
    expect(await workers.health()).toMatchObject({ ready: false, findings: ['the workers stop'] });
    await sy.close();
  }
  await engine.sy.close();
  expect(intervals.size).toBe(0);
});

test('before anything was loaded: they are stopped, and are not started again', async () => {
  const { sy } = useEngine([echo]);
  const workers = sy.workers();
  const starting = workers.start();
  await workers.stop();
  await starting;
  await expect(workers.start()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});

test('what was refused at once still is: unknown queues, settings that break promises, a Switchyard that is closed', async () => {
  const { sy } = useEngine([echo]);
  expect(() => sy.workers({ queues: ['taks'] })).toThrow(/no workflow uses queue "taks"/);
  expect(() => sy.workers({ lockRenewMs: 4_000 })).toThrow(/lockRenewMs/);
  expect(() => sy.workerOptions({ maxStalledCount: 1 })).toThrow(/maxStalledCount is 1/);
  expect(() => sy.processor({ ...echo, name: 'other' })).toThrow(/no workflow of this Switchyard has it/);
  await sy.close();
  expect(() => sy.workers()).toThrow(/this Switchyard is closed/);
});
