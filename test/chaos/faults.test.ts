/**
 * The fault scenarios, small: that each fault strikes, and that what is promised holds. `npm run chaos -- --faults` runs
 * them all, at size.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FaultScenario } from './faults/fault.js';
import { jobsRemoved, oldBullmqWorker } from './faults/meddling.js';
import { networkResets } from './faults/network.js';
import { duplicateSubmits, redisDownForProducers } from './faults/producers.js';
import { powerLostAlways, redisKilled } from './faults/redis-loss.js';
import { diskFull, evictingRedis, redisFrozen, redisFull } from './faults/redis-trouble.js';
import { twoVersions } from './faults/versions.js';
import { clockSkewed, eventLoopBlocked, workerFrozen, workersStopped } from './faults/workers.js';
import { randomOf } from './plan.js';

const SEED = 7;

test.each<[what: string, scenario: FaultScenario, runs: number]>([
  ['[P1] Redis is killed', redisKilled, 20],
  ['[P1] the power goes under appendfsync always', powerLostAlways, 12],
  ['Redis is frozen past every lock', redisFrozen, 12],
  ['Redis runs out of memory', redisFull, 12],
  ['Redis runs out of disk', diskFull, 12],
  ['[P7] Redis evicts', evictingRedis, 1],
  ['the network resets', networkResets, 40],
  ['clients meet no Redis', redisDownForProducers, 6],
  ['[P5] several clients say the same at once', duplicateSubmits, 10],
  ['[P2] a worker is frozen past its lock', workerFrozen, 12],
  ["[P2] a worker's event loop is blocked past its lock", eventLoopBlocked, 12],
  ['workers are told to stop', workersStopped, 20],
  ["workers' clocks are an hour off", clockSkewed, 6],
  ['two releases are at work at once', twoVersions, 10],
  ['[P1] a BullMQ 5.3 worker takes part', oldBullmqWorker, 20],
  ['[P1] jobs are removed by hand', jobsRemoved, 20],
])(
  '%s',
  async (_what, scenario, runs) => {
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-faults-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const report = await scenario({ folder, random: randomOf(SEED), runs, quick: true });
    expect(report.violations, JSON.stringify(report.counts)).toEqual([]);
    expect(Math.max(0, ...Object.values(report.faults))).toBeGreaterThan(0);
  },
  120_000,
);
