/**
 * One process at a time starts a Redis in a data folder: two servers on one append-only file destroy it.
 *
 * The lock is a file created exclusively, holding its owner's process id and a token. A lock whose owner has died, or
 * that is older than any start can take, is stale and is removed, by one of several contenders.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';

/** Longer than fetching packages on a slow line and starting the server may take together. */
const STALE_AFTER_MS = 300_000;
const RETRY_MS = 50;

/** A takeover is a read and a removal; one that takes longer has died. */
const GUARD_STALE_AFTER_MS = 10_000;

/**
 * Waits for the lock and returns its release.
 *
 * @param path the lock file; its folder is made
 * @throws SwitchyardError REDIS_UNAVAILABLE when another process holds it for longer than a start can take
 */
export async function lockStart(path: string): Promise<() => Promise<void>> {
  const content = `${process.pid} ${randomUUID()}`;
  const deadline = Date.now() + STALE_AFTER_MS;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  while (!(await createExclusively(path, content))) {
    const holder = await readFile(path, 'utf8').catch(() => undefined);
    if (holder !== undefined && (await isStale(path, holder))) await removeStale(path, holder);
    else if (Date.now() > deadline) {
      throw new SwitchyardError(
        'REDIS_UNAVAILABLE',
        `Another process has been starting a Redis here for ${STALE_AFTER_MS / 60_000} minutes. End it, or remove ${path}.`,
      );
    } else await delay(RETRY_MS);
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === content) await rm(path, { force: true });
  };
}

async function createExclusively(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string, holder: string): Promise<boolean> {
  const age = await stat(path).then(
    (stats) => Date.now() - stats.mtimeMs,
    () => 0,
  );
  if (age > STALE_AFTER_MS) return true;
  const pid = Number.parseInt(holder, 10);
  // Created and not yet written, unless it stays so.
  if (Number.isNaN(pid)) return age > 1_000;
  return !isAlive(pid);
}

/**
 * Removes a stale lock. Of several contenders one may do so, the one that makes the guard: without it a second, whose look
 * is a moment older, would remove the lock that the first has just taken.
 */
async function removeStale(path: string, staleContent: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createExclusively(guard, `${process.pid}`))) {
    const age = await stat(guard).then(
      (stats) => Date.now() - stats.mtimeMs,
      () => 0,
    );
    if (age > GUARD_STALE_AFTER_MS) await rm(guard, { force: true });
    return await delay(RETRY_MS);
  }
  try {
    const holder = await readFile(path, 'utf8').catch(() => undefined);
    if (holder === staleContent) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whether a process with this id exists; one of another user does too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
