import { expect, onTestFinished, test } from 'vitest';
import { createClockGuard } from '../../../src/processors/clock-guard.js';
import { silentLog } from '../../support/silent-log.js';

const HOUR = 3_600_000;

/** A guard whose clock and Redis the test sets, and what it was told to do, in order. */
function guard(everyMs = 5) {
  const told: string[] = [];
  const now = { clock: 1_000_000, redis: 1_000_000 as number | Error };
  const warnings: string[] = [];
  const made = createClockGuard({
    clock: { now: () => now.clock },
    redisNow: () => (typeof now.redis === 'number' ? Promise.resolve(now.redis) : Promise.reject(now.redis)),
    everyMs,
    onSkewed: () => void told.push('pause'),
    onMended: () => void told.push('resume'),
    logger: { ...silentLog, warn: (_fields, message = '') => void warnings.push(message) },
  });
  onTestFinished(() => made.stop());
  return { made, now, told, warnings };
}

test.each([HOUR, -HOUR, 2_000, -2_000])(
  'a clock that is %d ms off stops the worker before its first job',
  async (off) => {
    const { made, now, told, warnings } = guard();
    now.clock += off;
    await made.start();
    expect(told).toEqual(['pause']);
    expect(warnings).toEqual([
      expect.stringContaining(off > 0 ? 's ahead of that of Redis' : 's behind that of Redis'),
    ]);
  },
);

test.each([0, 900, -900])('one that is %d ms off does not', async (off) => {
  const { made, now, told } = guard();
  now.clock += off;
  await made.start();
  expect(told).toEqual([]);
});

test('a clock that is set wrong later stops the worker once, and one that is mended starts it again', async () => {
  const { made, now, told, warnings } = guard();
  await made.start();
  now.clock += HOUR;
  await expect.poll(() => told).toEqual(['pause']);
  now.clock -= HOUR;
  await expect.poll(() => told).toEqual(['pause', 'resume']);
  expect(warnings).toHaveLength(2);
});

test('while Redis does not answer, nothing is known and nothing changes', async () => {
  const { made, now, told } = guard();
  now.clock += HOUR;
  now.redis = new Error('Connection is closed');
  await made.start();
  expect(told).toEqual([]);
  now.redis = 1_000_000;
  await expect.poll(() => told).toEqual(['pause']);
});
