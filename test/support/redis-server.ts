import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startEmbeddedRedis, stopEmbeddedRedis } from '../../src/adapters/embedded-redis/embedded-redis.js';
import { silentLog } from './silent-log.js';

/** A data folder that goes with the test, and the Redis in it, should one be left running. */
export async function temporaryDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-data-'));
  onTestFinished(async () => {
    await stopEmbeddedRedis(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });
  return dataDir;
}

/** A Redis of the test's own, for tests that stop, freeze or reconfigure it; it goes with the test. */
export async function useOwnRedis(): Promise<{ readonly url: string; readonly pid: number; readonly dataDir: string }> {
  const dataDir = await temporaryDataDir();
  const { url, pid } = await startEmbeddedRedis({ dataDir, log: silentLog });
  return { url, pid, dataDir };
}
