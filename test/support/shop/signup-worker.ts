/**
 * A worker process of a team's own queue, whose processor starts a run and then ends its process, before its job has ended:
 * `node --import tsx signup-worker.ts <url> <our prefix> <their prefix>`.
 */
import { Worker } from 'bullmq';
import { switchyard } from '../../../src/engine.js';
import { openRedis } from '../../../src/adapters/redis.js';
import { silentLog } from '../silent-log.js';
import { signup } from './signup.js';

const [, , url = '', prefix = '', theirs = ''] = process.argv;
const sy = switchyard({ connection: url, prefix, workflows: [signup], logger: silentLog });
new Worker(
  'signups',
  async (job) => {
    await sy.start(signup, { id: job.data.id }, { key: `${job.queueName}:${job.id}` });
    process.kill(process.pid, 'SIGKILL');
  },
  { connection: openRedis(url, 'worker', { log: silentLog }), prefix: theirs, lockDuration: 300 },
);
