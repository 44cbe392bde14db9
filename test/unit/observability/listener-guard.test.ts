import { expect, test } from 'vitest';
import { createListenerGuard } from '../../../src/listener-guard.js';
import type { Logger } from '../../../src/ports.js';
import { silentLog } from '../../support/silent-log.js';

function guarded() {
  const lines: Record<string, unknown>[] = [];
  const time = { now: 0 };
  const logger: Logger = { ...silentLog, error: (fields) => void lines.push({ ...fields }) };
  return { lines, time, guard: createListenerGuard(logger, () => time.now) };
}
const fail = (message: string) => () => {
  throw new Error(message);
};

test('says a failure at once, then at most once a minute, with how many there were', () => {
  const { lines, time, guard } = guarded();
  guard.attempt(fail('first'));
  for (let n = 0; n < 5; n += 1) guard.attempt(fail('again'));
  time.now = 59_999;
  guard.attempt(fail('still'));
  expect(lines).toMatchObject([{ reason: 'first', at: expect.stringContaining('listener-guard.test') }]);
  time.now = 60_000;
  guard.attempt(fail('later'));
  expect(lines[1]).toMatchObject({ reason: 'later', before: 6 });
});

test("the work's own failure is its caller's, and nothing is said of it", async () => {
  const { lines, guard } = guarded();
  const lost = new Error('the card is declined');
  const refuse = () => {
    throw lost;
  };
  expect(() => guard.within((work) => work(), refuse)).toThrow(lost);
  const rejects = () =>
    guard.within(
      async (work) => await work(),
      () => Promise.reject(lost),
    );
  await expect(rejects()).rejects.toBe(lost);
  await new Promise(setImmediate);
  expect(lines).toEqual([]);
});

test('what the listener makes of the result is not what the caller gets', async () => {
  const { lines, guard } = guarded();
  expect(
    guard.within(
      (work) => `${work()} wrapped`,
      () => 'result',
    ),
  ).toBe('result');
  expect(
    await guard.within(
      () => Promise.reject(new Error('no')),
      async () => 'result',
    ),
  ).toBe('result');
  await expect.poll(() => lines).toMatchObject([{ reason: 'no' }]);
});
