/** A worker process of {@link poisoned}: `node --import tsx worker.ts <url> <prefix>`. */
import { switchyard } from '../../../src/engine/engine.js';
import { silentLog } from '../silent-log.js';
import { poisoned } from './workflow.js';

const [, , connection = '', prefix = ''] = process.argv;
const sy = switchyard({ connection, prefix, workflows: [poisoned], logger: silentLog });
await sy.workers({ lockDurationMs: 500, lockRenewMs: 100, stalledIntervalMs: 200 }).start();
