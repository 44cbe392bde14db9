/** What is counted before a run of the suite and after it: connections, child processes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { checkHistory } from '../../src/orchestrators/invariants/check.js';
import type { Remains } from '../../src/orchestrators/invariants/history.js';
import { childProcesses } from './processes.js';

export interface Counts {
  readonly 'connections to Redis': number;
  readonly 'child processes': number;
}

export async function countRemains(redis: Redis): Promise<Counts> {
  const clients = String(await redis.client('LIST'));
  return {
    'connections to Redis': clients.trim().split('\n').length,
    'child processes': childProcesses(process.pid).length,
  };
}

/** Redis notices a closed connection a moment after it was closed, and a killed process is gone a moment later. */
const SETTLE_MS = 5_000;

export async function checkRemains(redis: Redis, before: Counts): Promise<ReturnType<typeof checkHistory>> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const remains = compare(before, await countRemains(redis));
    const verdict = checkHistory({ submissions: [], runs: new Map(), definition: () => undefined, remains });
    if (verdict.violations.length === 0 || performance.now() > deadline) return verdict;
    await delay(50);
  }
}

function compare(before: Counts, after: Counts): readonly Remains[] {
  return (Object.keys(before) as (keyof Counts)[]).map((what) => ({ what, before: before[what], after: after[what] }));
}
