/** The tools themselves: what they do to a Redis is what they say. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cuttableDisk, smallDisk } from '../../support/faults/fault-disk.js';
import { type FaultRedis, type FaultRedisOptions, startFaultRedis } from '../../support/faults/fault-redis.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-fault-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function useRedis(options: FaultRedisOptions): Promise<FaultRedis> {
  const redis = await startFaultRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

test('is killed and started again on the same port and data', async () => {
  const redis = await useRedis({ folder: await temporaryFolder() });
  await redis.admin.set('a', '1');
  await redis.kill();
  await redis.start();
  expect(await redis.admin.get('a')).toBe('1');
});

test('is frozen and thawed', async () => {
  const redis = await useRedis({ folder: await temporaryFolder() });
  await redis.admin.ping();
  redis.freeze();
  let answered = false;
  const answer = redis.admin.ping().then(() => {
    answered = true;
  });
  // The kernel takes the bytes; only a process that runs can answer.
  await expect.poll(() => readFile(`/proc/${redis.pid()}/stat`, 'utf8')).toMatch(/\) T /);
  expect(answered).toBe(false);
  redis.thaw();
  await answer;
});

test.each(['a full file system', 'a limit on files'])('refuses writes on %s, and takes them again', async (how) => {
  const folder = await temporaryFolder();
  const disk = await smallDisk(join(folder, 'small'), 8 * 1024 * 1024);
  const redis = await startFaultRedis({ folder, dataFolder: disk.folder });
  onTestFinished(async () => {
    await redis.stop();
    await disk.remove();
  });
  const byLimit = how === 'a limit on files' || !disk.mounted;
  if (byLimit) await redis.limitFiles(1_000);
  else await disk.fill();
  const write = () => redis.admin.set('a', 'x'.repeat(2_000)).catch((error: Error) => error.message);
  await expect.poll(write, { timeout: 5_000 }).toContain('MISCONF');
  expect(await redis.refused('MISCONF')).toBeGreaterThan(0);
  if (byLimit) await redis.limitFiles('unlimited');
  else await disk.free();
  await expect.poll(write, { timeout: 5_000 }).toBe('OK');
});

test.each(['always', 'everysec'] as const)('a power cut under appendfsync %s keeps what was synced', async (fsync) => {
  const folder = await temporaryFolder();
  const disk = await cuttableDisk(folder, fsync);
  const redis = await startFaultRedis({ folder, dataFolder: disk.folder, fsync });
  onTestFinished(async () => {
    await redis.stop();
    await disk.remove();
  });
  for (let n = 0; n < 500; n += 1) await redis.admin.set(`key-${n}`, 'x'.repeat(100));
  redis.freeze();
  await disk.cut(() => redis.kill());
  await redis.start();
  const kept = (await redis.admin.keys('key-*')).length;
  // All were written within a second, the longest that everysec waits; it would have to sync right after the last one.
  if (fsync === 'always') expect(kept).toBe(500);
  else expect(kept).toBeLessThan(500);
});
