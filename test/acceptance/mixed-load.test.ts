import { expect, test } from 'vitest';
import { redisUrl, testPrefix } from '../support/redis.js';
import { mixedLoad } from './mixed-load.js';

test('[P1] two workers, three workflows at once, a tenth under ordered faults: every run ends as it should, books balance', async () => {
  const report = await mixedLoad({ redisUrl: redisUrl(), prefix: testPrefix(), runs: 40, workers: 2 });
  expect(report.wrong).toEqual([]);
}, 60_000);
