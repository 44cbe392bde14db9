/**
 * How fast, compared with the same shape written by hand on BullMQ, a job per step: a fan-out (W1, and W1b of 1,000
 * branches), a route (W2), a saga (W3), and one that turns round at its last step (W3f). Tasks do nothing, every result is
 * checked.
 *
 * Both sides run in this process, on one Redis, in turns. What counts are the ratios of the medians, and what a run costs
 * Redis; times and rates belong to the machine. It does not measure several processes or other engines.
 *
 *   npm run benchmark -- [--only W3 …] [--turns 9] [--redis redis://…] [--delay ms]
 *
 * `--delay`: how long the way to Redis takes, and the way back as long again, as over a network.
 *
 * Ends with 1 when a target is missed.
 */
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../src/adapters/embedded-redis/embedded-redis.js';
import { createLogger } from '../src/adapters/logger.js';
import { startTcpProxy } from '../test/support/faults/tcp-proxy.js';
import { measure, type Row, type Shape } from './shapes/measure.js';
import { ourFanOut, ourRouting, ourSaga, ourWideFanOut } from './shapes/ours.js';
import { rawFanOut } from './shapes/raw-fan-out.js';
import { rawRouting } from './shapes/raw-routing.js';
import { rawSaga } from './shapes/raw-saga.js';
import { table } from './shapes/table.js';

const WIDE = 1_000;
const EACH_TURN = { alone: 20, burst: 300 };

const SHAPES: readonly Shape[] = [
  {
    name: 'W1',
    what: '3 branches and their aggregate',
    ours: ourFanOut,
    raw: (place) => rawFanOut(place, 3),
    ...EACH_TURN,
    kept: 1_000,
  },
  {
    name: 'W2',
    what: 'classifier, one of 5 handlers, what follows it',
    ours: ourRouting,
    raw: rawRouting,
    ...EACH_TURN,
  },
  {
    name: 'W3',
    what: 'saga of 5 steps with undos',
    ours: (place) => ourSaga(place, false),
    raw: (place) => rawSaga(place, false),
    ...EACH_TURN,
    kept: 1_000,
  },
  {
    name: 'W3f',
    what: 'the same, its step 5 fails for good: 4 undos by hand, 5 of ours',
    ours: (place) => ourSaga(place, true),
    raw: (place) => rawSaga(place, true),
    ...EACH_TURN,
  },
  {
    name: 'W1b',
    what: `${WIDE} branches and their aggregate`,
    ours: (place) => ourWideFanOut(place, WIDE),
    raw: (place) => rawFanOut(place, WIDE),
    alone: 1,
  },
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    turns: { type: 'string', default: '9' },
    redis: { type: 'string' },
    delay: { type: 'string', default: '0' },
  },
});
const [turns, delayMs] = [Number(values.turns), Number(values.delay)];
const unknown = values.only.filter((name) => !SHAPES.some((shape) => shape.name === name));
if (unknown.length > 0 || !Number.isInteger(turns) || turns < 1 || !(delayMs >= 0)) {
  console.error(
    `Usage: npm run benchmark -- [--only ${SHAPES.map(({ name }) => name).join('|')}] [--turns n] [--redis url] [--delay ms]`,
  );
  process.exit(2);
}
if (delayMs > 0 && values.redis !== undefined && !['127.0.0.1', 'localhost'].includes(new URL(values.redis).hostname)) {
  console.error('--delay stands in front of a Redis of this machine; another has its own');
  process.exit(2);
}
const chosen = SHAPES.filter(({ name }) => values.only.length === 0 || values.only.includes(name));

const embedded =
  values.redis === undefined
    ? await startEmbeddedRedis({ dataDir: '.switchyard/benchmark', log: createLogger() })
    : undefined;
const url = values.redis ?? embedded?.url ?? '';
const network = delayMs > 0 ? await startTcpProxy(Number(new URL(url).port || 6379)) : undefined;
network?.delay(delayMs);
const redis = new Redis(url);
const rows: Row[] = [];
try {
  for (const shape of chosen) {
    console.log(`${shape.name}: ${shape.what}`);
    rows.push(...(await measure(shape, redis, network?.url(url) ?? url, turns)));
  }
} finally {
  redis.disconnect();
  await network?.close();
  await embedded?.stop();
}
const { text, missed } = table(rows);
console.log(`\n${text}\n\n${missed === 0 ? 'every target is met' : `${missed} missed`}; medians of ${turns} turns`);
process.exitCode = missed === 0 ? 0 : 1;
