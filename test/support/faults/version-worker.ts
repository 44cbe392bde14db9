/** `node --import tsx version-worker.ts <prefix> <file> <version,…>`: a worker that knows these versions and no other. */
import { switchyard } from '../../../src/engine/engine.js';
import { silentLog } from '../silent-log.js';
import { type Version, versioned } from './versions.js';

const [prefix = '', file = '', known = ''] = process.argv.slice(2);
const workflows = known.split(',').map((version) => versioned(Number(version) as Version, file, known));
const sy = switchyard({ connection: process.env.REDIS_URL ?? '', prefix, workflows, logger: silentLog });
await sy.workers({ concurrency: 5 }).start();
process.stdout.write('ready\n');
