/** `npm run load -- [runs of each workflow] [workers]`: the acceptance load on a private Redis. */
import { embeddedRedis } from '../../src/embedded-redis.js';
import { mixedLoad } from './mixed-load.js';

const [runs = '500', workers = '2'] = process.argv.slice(2);
const redis = await embeddedRedis('.switchyard/load');
try {
  const report = await mixedLoad({
    redisUrl: redis.url,
    prefix: `{load-${Date.now()}}`,
    runs: Number(runs),
    workers: Number(workers),
  });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.wrong.length === 0 ? 0 : 1;
} finally {
  await redis.stop();
}
