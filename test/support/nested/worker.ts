/** A worker process of {@link nestedWorkflows}: `node --import tsx worker.ts <url> <prefix>`. */
import { openRedis } from '../../../src/adapters/redis.js';
import { switchyard } from '../../../src/engine/engine.js';
import { silentLog } from '../silent-log.js';
import { nestedWorkflows } from './workflow.js';

const [, , connection = '', prefix = ''] = process.argv;
const redis = openRedis(connection, 'worker', { log: silentLog });
const { all: workflows } = nestedWorkflows(redis, prefix);
const sy = switchyard({ connection, prefix, workflows, logger: silentLog });
await sy.workers({ lockDurationMs: 500, lockRenewMs: 100, stalledIntervalMs: 200, reconcileMs: 500 }).start();
process.stdout.write('ready\n');
