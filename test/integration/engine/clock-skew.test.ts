/** A worker whose clock is wrong takes no jobs, and leaves them to one whose clock is right. */
import { expect, onTestFinished, test } from 'vitest';
import { createRedisConnections } from '../../../src/adapters/redis-connections.js';
import { RETENTION_DEFAULTS } from '../../../src/config.js';
import { createRegistry } from '../../../src/engine/registry.js';
import { createWorkers } from '../../../src/engine/workers.js';
import { redisKeys } from '../../../src/names.js';
import type { Workflow } from '../../../src/orchestrators/definition.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { Clock } from '../../../src/ports.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import { type TestEngine, useEngine } from '../../support/engine.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, echo, task } from '../../support/workflows.js';

/** Workers as the engine makes them, with a clock of the test's. */
async function workWith(engine: TestEngine, workflow: Workflow, clock: Clock, warnings: string[]) {
  const { url, prefix } = engine;
  const logger = { ...silentLog, warn: (_fields: object, message = '') => void warnings.push(message) };
  const connections = createRedisConnections(url, silentLog);
  const queues = createQueuePool(connections.open('producer'), prefix, () => undefined);
  const workers = createWorkers(
    {
      registry: createRegistry([workflow]),
      prefix,
      keys: redisKeys(prefix),
      retention: RETENTION_DEFAULTS,
      tools: undefined,
      clock,
      logger,
      connections,
      jobs: createRunJobs(queues, RETENTION_DEFAULTS),
    },
    { graceMs: 500, clockCheckMs: 20 },
  );
  onTestFinished(async () => {
    await workers.stop();
    await queues.close();
    connections.close();
  });
  await workers.start();
}

test('from its start: the run waits until the clock is mended, and then ends', async () => {
  const engine = useEngine([echo]);
  let off = 3_600_000;
  const warnings: string[] = [];
  await workWith(engine, echo, { now: () => Date.now() + off }, warnings);
  const run = await engine.sy.start(echo, { n: 1 });
  expect(await run.wait('1s')).toMatchObject({ status: 'queued' });
  expect(warnings).toEqual([expect.stringContaining('3600.0 s ahead of that of Redis')]);
  off = 0;
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { n: 1 } });
});

test('from one moment to the next: it takes no more, another worker does', async () => {
  const served: string[] = [];
  const flow = (by: string) =>
    defineFanOut({
      name: 'served',
      input: anyInput,
      branches: { only: { run: task('only', () => served.push(by)), with: (i) => i } },
      aggregate: () => null,
    });
  const engine = useEngine([flow('the sound one')]);
  let off = 0;
  const warnings: string[] = [];
  await workWith(engine, flow('the skewed one'), { now: () => Date.now() + off }, warnings);
  await (await engine.sy.start('served', {})).wait('10s');
  expect(served).toEqual(['the skewed one']);
  off = -5_000;
  await expect.poll(() => warnings).toEqual([expect.stringContaining('5.0 s behind that of Redis')]);
  await engine.work();
  for (let n = 0; n < 5; n += 1) {
    expect(await (await engine.sy.start('served', {})).wait('10s')).toMatchObject({ status: 'completed' });
  }
  expect(served.slice(1)).toEqual(Array.from({ length: 5 }, () => 'the sound one'));
});
