/** What a Worker's settings break, and what they only cost. */
import { expect, test } from 'vitest';
import { type HostedWorkerOptions, judgeSettings } from '../../../src/hosted-settings.js';

const ours = () => 0;
const fit: HostedWorkerOptions = {
  prefix: '{sy0}',
  maxStalledCount: 6,
  lockDuration: 5_000,
  stalledInterval: 1_500,
  settings: { backoffStrategy: ours },
};
const judge = (changed: HostedWorkerOptions) =>
  judgeSettings({ ...fit, ...changed }, { prefix: '{sy0}', isOurBackoff: (strategy) => strategy === ours });

test('nothing is wrong with the least that is needed', () => {
  expect(judge({})).toEqual({ broken: [], costly: [] });
});

test.each<[HostedWorkerOptions, string]>([
  [{ prefix: undefined }, 'prefix is "bull"'],
  [{ maxStalledCount: undefined }, 'maxStalledCount is 1'],
  [{ maxStalledCount: 5 }, 'lost 6 times'],
  [{ settings: undefined }, 'settings.backoffStrategy'],
  [{ settings: { backoffStrategy: () => 1 } }, 'settings.backoffStrategy'],
  [{ maxStartedAttempts: 10 }, 'maxStartedAttempts is 10'],
  [{ skipLockRenewal: true }, 'skipLockRenewal'],
  [{ lockRenewTime: 3_000 }, 'lockRenewTime (3000)'],
])('%j breaks a promise', (changed, why) => {
  expect(judge(changed)).toEqual({ broken: [expect.stringContaining(why)], costly: [] });
});

test.each<[HostedWorkerOptions, string]>([
  [{ lockDuration: undefined, stalledInterval: undefined }, 'up to 90 s'],
  [{ lockDuration: 500 }, 'lockDuration is 500'],
  [{ concurrency: 200 }, 'concurrency is 200'],
  [{ limiter: { max: 1, duration: 1_000 } }, 'limiter is set'],
  [{ skipStalledCheck: true }, 'skipStalledCheck'],
])('%j has a price', (changed, why) => {
  expect(judge(changed)).toEqual({ broken: [], costly: [expect.stringContaining(why)] });
});
