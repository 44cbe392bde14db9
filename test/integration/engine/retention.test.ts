import { expect, test } from 'vitest';
import { switchyard } from '../../../src/engine/engine.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { redisUrl } from '../../support/redis.js';
import { echo, task } from '../../support/workflows.js';

test.each([{ ageMs: 1_000.5 }, { ageMs: 0 }, { count: 0 }])('retention %j is refused at once', (retention) => {
  expect(() => switchyard({ connection: redisUrl(), workflows: [echo], retention })).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIG' }),
  );
});

test('with the least count the run that has just ended is the one that is kept', async () => {
  const { sy } = await useWorkingEngine([echo], { retention: { count: 1 } });
  const first = await sy.start(echo, { n: 1 });
  await first.wait('10s');
  const second = await sy.start(echo, { n: 2 });
  expect(await second.wait('10s')).toMatchObject({ status: 'completed', output: { n: 2 } });
  await expect(first.describe()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
});

test('BullMQ keeps as many roots as there are retained runs of all workflows together', async () => {
  const workflows = Array.from({ length: 12 }, (_, i) =>
    defineFanOut({ ...echo, name: `echo-${i}`, branches: { only: { run: task('echo'), with: (input) => input } } }),
  );
  const newer = defineFanOut({
    ...echo,
    name: 'echo-0',
    version: 2,
    branches: { only: { run: task('echo'), with: (input) => input } },
  });
  const { sy, redis, prefix } = useEngine([...workflows, newer], { retention: { ageMs: 60_000, count: 100 } });
  const { id } = await sy.start('echo-3', {});
  const kept = async (key: string) => {
    const options = JSON.parse((await redis.hget(`${prefix}:${key}`, 'opts')) ?? '{}');
    expect(options.removeOnFail).toEqual(options.removeOnComplete);
    return options.removeOnComplete;
  };
  expect(await kept(`runs:${id}`)).toEqual({ age: 60, count: 1_200 });
  expect(await kept(`tasks:${id}-only`)).toEqual({ age: 60, count: 12_000 });
});
