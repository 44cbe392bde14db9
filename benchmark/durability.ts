/**
 * What each `appendfsync` costs: sagas of three no-op steps, in bursts and one at a time, on one private Redis whose
 * settings change from turn to turn, so that whatever else the machine does falls on all alike.
 *
 * What counts are the ratios: absolute numbers belong to the machine, those of `always` to its disk above all. It does not
 * measure replication.
 *
 *   npx tsx benchmark/durability.ts [turns]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { startEmbeddedRedis } from '../src/adapters/embedded-redis/embedded-redis.js';
import { createLogger } from '../src/adapters/logger.js';
import { defineSaga, defineTask, switchyard } from '../src/index.js';

const BURST = 100;
const ALONE = 15;
const SETTINGS = ['everysec', 'always', 'off'] as const;
type Setting = (typeof SETTINGS)[number];

const step = defineTask({
  name: 'step',
  input: z.object({}),
  output: z.object({}),
  key: true,
  run: () => ({}),
});
const none = () => ({});
const saga = defineSaga({ name: 'three-steps', input: z.object({}) })
  .step('one', step, { with: none })
  .step('two', step, { with: none })
  .step('three', step, { with: none })
  .returns((done) => Object.keys(done).length);

async function apply(redis: Redis, setting: Setting): Promise<void> {
  await redis.config('SET', 'appendonly', setting === 'off' ? 'no' : 'yes');
  if (setting !== 'off') await redis.config('SET', 'appendfsync', setting);
  // Switched on, the file is written anew from what is there: not part of what is measured.
  while (/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info('persistence'))) await delay(20);
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const turns = Number(process.argv[2] ?? 9);
const embedded = await startEmbeddedRedis({ dataDir: '.switchyard/benchmark', log: createLogger() });
const admin = new Redis(embedded.url);
const sy = switchyard({ connection: embedded.url, prefix: `{d${Date.now()}}`, workflows: [saga] });
const workers = sy.workers();
const once = async () => {
  const { status } = await (await sy.start(saga, {})).wait('30s');
  if (status !== 'completed') throw new Error(`a saga is ${status}`);
};
const rates = new Map<Setting, number[]>(SETTINGS.map((setting) => [setting, []]));
const times = new Map<Setting, number[]>(SETTINGS.map((setting) => [setting, []]));
try {
  await workers.start();
  for (let turn = -1; turn < turns; turn += 1) {
    for (const setting of turn % 2 === 0 ? SETTINGS : [...SETTINGS].reverse()) {
      await apply(admin, setting);
      const begun = performance.now();
      await Promise.all(Array.from({ length: BURST }, once));
      const rate = (1_000 * BURST) / (performance.now() - begun);
      const alone: number[] = [];
      for (let run = 0; run < ALONE; run += 1) {
        const start = performance.now();
        await once();
        alone.push(performance.now() - start);
      }
      // The first turn warms up.
      if (turn < 0) continue;
      rates.get(setting)?.push(rate);
      times.get(setting)?.push(median(alone));
    }
  }
} finally {
  await workers.stop();
  await sy.close();
  admin.disconnect();
  await embedded.stop();
}
for (const setting of SETTINGS) {
  const [rate, time] = [median(rates.get(setting) ?? []), median(times.get(setting) ?? [])];
  console.log(
    `${setting.padEnd(9)} ${rate.toFixed(0).padStart(5)} sagas/s in bursts   ${time.toFixed(1).padStart(6)} ms one at a time`,
  );
}
