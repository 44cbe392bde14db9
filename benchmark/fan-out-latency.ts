/**
 * One at a time: how long a fan-out of three no-op tasks takes from its start to its result, against the same shape
 * hand-written on BullMQ (a flow of a parent and three children, awaited through queue events).
 *
 * Both run in this process, on one Redis, in turns of a few runs each, so that whatever else the machine does falls on
 * both alike. What counts is the ratio of the medians; absolute times belong to the machine.
 *
 * It does not measure throughput, other numbers of branches, or a worker on another host.
 *
 *   npm run benchmark -- [redis://…] [turns]
 */
import { performance } from 'node:perf_hooks';
import { FlowProducer, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { startEmbeddedRedis } from '../src/adapters/embedded-redis/embedded-redis.js';
import { createLogger } from '../src/adapters/logger.js';
import { defineFanOut, defineTask, switchyard } from '../src/index.js';

const RUNS_PER_TURN = 20;
const TARGET = 1.5;
/** The same workers' settings on both sides, or locks and sweeps would be compared instead of shapes. */
const SETTINGS = { concurrency: 25, lockDuration: 5_000, lockRenewTime: 1_000, stalledInterval: 1_500 };

type Shape = { readonly name: string; readonly once: () => Promise<void>; readonly close: () => Promise<void> };

async function rawBullmq(url: string, prefix: string): Promise<Shape> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const children = new Worker('tasks', async (job) => job.data, { connection, prefix, ...SETTINGS });
  const parents = new Worker('runs', async (job) => Object.values(await job.getChildrenValues()).length, {
    connection,
    prefix,
    ...SETTINGS,
  });
  const eventConnection = connection.duplicate();
  const events = new QueueEvents('runs', { connection: eventConnection, prefix });
  const flow = new FlowProducer({ connection, prefix });
  await Promise.all([children.waitUntilReady(), parents.waitUntilReady(), events.waitUntilReady()]);
  return {
    name: 'raw BullMQ flow',
    async once() {
      const { job } = await flow.add({
        name: 'run',
        queueName: 'runs',
        children: ['a', 'b', 'c'].map((name) => ({
          name,
          queueName: 'tasks',
          data: { name },
          opts: { ignoreDependencyOnFailure: true },
        })),
      });
      const branches: unknown = await job.waitUntilFinished(events);
      if (branches !== 3) throw new Error(`raw: ${String(branches)} branches`);
    },
    async close() {
      await Promise.all([children.close(), parents.close(), events.close(), flow.close()]);
      // BullMQ leaves clients that it was given to whoever made them.
      for (const client of [connection, eventConnection]) client.disconnect();
    },
  };
}

async function ours(url: string, prefix: string): Promise<Shape> {
  const noop = defineTask({
    name: 'noop',
    input: z.object({ name: z.string() }),
    output: z.object({ name: z.string() }),
    idempotent: true,
    run: (input) => input,
  });
  const branch = (name: string) => ({ run: noop, with: () => ({ name }) });
  const fanOut = defineFanOut({
    name: 'fan-out',
    input: z.object({}),
    branches: { a: branch('a'), b: branch('b'), c: branch('c') },
    aggregate: (results) => Object.values(results).filter((result) => result.state === 'completed').length,
  });
  const sy = switchyard({ connection: url, prefix, workflows: [fanOut] });
  const workers = sy.workers({ concurrency: SETTINGS.concurrency });
  await workers.start();
  return {
    name: 'Switchyard fan-out',
    async once() {
      const state = await (await sy.start(fanOut, {})).wait('10s');
      if (state.status !== 'completed' || state.output !== 3) throw new Error(`ours: ${JSON.stringify(state)}`);
    },
    async close() {
      await workers.stop();
      await sy.close();
    },
  };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function main(): Promise<void> {
  const [given, turnsGiven] = process.argv.slice(2);
  const turns = Number(turnsGiven ?? 25);
  const embedded = given
    ? undefined
    : await startEmbeddedRedis({ dataDir: '.switchyard/benchmark', log: createLogger() });
  const url = given ?? embedded?.url ?? '';
  const stamp = Date.now();
  const shapes = [await rawBullmq(url, `{raw${stamp}}`), await ours(url, `{sy${stamp}}`)];
  const times = new Map(shapes.map((shape) => [shape.name, [] as number[]]));
  try {
    for (let turn = -2; turn < turns; turn += 1) {
      for (const shape of turn % 2 === 0 ? shapes : [...shapes].reverse()) {
        for (let run = 0; run < RUNS_PER_TURN; run += 1) {
          const begun = performance.now();
          await shape.once();
          // The first turns warm up: code is compiled, scripts are loaded.
          if (turn >= 0) times.get(shape.name)?.push(performance.now() - begun);
        }
      }
    }
  } finally {
    await Promise.all(shapes.map((shape) => shape.close()));
    await embedded?.stop();
  }
  const medians = shapes.map((shape) => {
    const sorted = (times.get(shape.name) ?? []).toSorted((a, b) => a - b);
    const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
    console.log(`${shape.name.padEnd(20)} p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${sorted.length} runs`);
    return p50;
  });
  const ratio = (medians[1] ?? Number.NaN) / (medians[0] ?? Number.NaN);
  console.log(`ratio of the medians ${ratio.toFixed(2)}; the target is at most ${TARGET}`);
  process.exitCode = ratio <= TARGET ? 0 : 1;
}

await main();
