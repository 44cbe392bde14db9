/** A Redis to be hurt by one test; it goes, with its folder, when the test does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FaultRedis, startFaultRedis } from './fault-redis.js';

export async function useFaultRedis(): Promise<FaultRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-fault-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const redis = await startFaultRedis({ folder });
  onTestFinished(() => redis.stop());
  return redis;
}
