/** Effects whose answer was lost at the last attempt; and stopping and waiting while Redis is gone. */
import { expect, test } from 'vitest';
import { switchyard } from '../../../src/engine/engine.js';
import { SwitchyardError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useWorkingEngine } from '../../support/engine.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, echo, signal, task } from '../../support/workflows.js';

function paying(found: unknown) {
  const asked: string[] = [];
  const pay = task(
    'pay',
    () => {
      throw new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });
    },
    { attempts: 1 },
  );
  const ask = task('ask', () => {
    asked.push('asked');
    return found;
  });
  const saga = defineSaga({ name: 'paying', input: anyInput })
    .step('pay', pay, { with: () => ({}), find: [ask, () => ({}), (answer) => answer ?? undefined] })
    .returns((done) => done.pay);
  return { saga, asked };
}

test('[P3] an answer lost at the last attempt is asked for: what has happened is recorded as done', async () => {
  const { saga, asked } = paying('paid after all');
  const { sy } = await useWorkingEngine([saga]);
  expect(await (await sy.start(saga, {})).wait('10s')).toMatchObject({ status: 'completed', output: 'paid after all' });
  expect(asked).toEqual(['asked']);
});

test('[P3] an answer lost at the last attempt is asked for: what has not happened has failed', async () => {
  const { saga, asked } = paying(null);
  const { sy } = await useWorkingEngine([saga]);
  expect(await (await sy.start(saga, {})).wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'TOOL_TIMEOUT' },
  });
  expect(asked).toEqual(['asked']);
});

test('workers stop within their grace although Redis has gone', async () => {
  const redis = await useOwnRedis();
  const [begun, mayEnd] = [signal(), signal()];
  const slow = task('slow', async () => {
    begun.happen();
    await mayEnd.happened;
  });
  const flow = defineFanOut({
    name: 'slow',
    input: anyInput,
    branches: { only: { run: slow, with: (input) => input } },
    aggregate: () => null,
  });
  const sy = switchyard({ connection: redis.url, workflows: [flow], logger: silentLog });
  const workers = sy.workers({ graceMs: 100 });
  await workers.start();
  await sy.start(flow, {});
  await begun.happened;
  process.kill(redis.pid, 'SIGKILL');
  mayEnd.happen();
  const stopping = performance.now();
  await workers.stop();
  expect(performance.now() - stopping).toBeLessThan(6_000);
  await sy.close();
});

test('a wait outlives an outage of Redis, and ends in its time when that lasts', async () => {
  const redis = await useOwnRedis();
  const sy = switchyard({ connection: redis.url, workflows: [echo], logger: silentLog });
  const run = await sy.start(echo, { n: 1 });
  process.kill(redis.pid, 'SIGSTOP');
  const waiting = run.wait('15s');
  const short = run.wait('1s').catch((error: unknown) => error);
  expect(await short).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  process.kill(redis.pid, 'SIGCONT');
  const workers = sy.workers({ graceMs: 100 });
  await workers.start();
  expect(await waiting).toMatchObject({ status: 'completed', output: { n: 1 } });
  await workers.stop();
  await sy.close();
});
