/** A process that works, loses its Redis, stops and closes: nothing of it may keep it alive. Told by its own standard input. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { switchyard } from '../../src/engine/engine.js';
import { silentLog } from './silent-log.js';
import { echo } from './workflows.js';

const [connection = '', prefix = ''] = process.argv.slice(2);
const sy = switchyard({ connection, prefix, workflows: [echo], logger: silentLog });
const workers = sy.workers({ graceMs: 100 });
await workers.start();
await (await sy.start(echo, {})).wait('15s');
process.stdout.write('works\n');
await once(process.stdin, 'data');
process.stdin.destroy();
// The outage is known to all of its connections by then.
while ((await workers.health()).ready) await delay(50);
await delay(2_000);
await workers.stop();
await sy.close();
