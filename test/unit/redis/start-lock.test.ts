import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockStart } from '../../../src/adapters/embedded-redis/start-lock.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-lock-'));
  path = join(folder, 'start.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** Contenders that each take the lock, look at it and let it go: the most that held it at once. */
async function mostHolders(contenders: number): Promise<number> {
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: contenders }, async () => {
      const unlock = await lockStart(path);
      holders += 1;
      most = Math.max(most, holders);
      await readFile(path);
      holders -= 1;
      await unlock();
    }),
  );
  return most;
}

test('of many contenders one at a time holds the lock, and nothing is left behind', async () => {
  expect(await mostHolders(5)).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a process that has died is taken over, by one of several contenders at a time', async () => {
  await writeFile(path, `${await deadPid()} left-over`);
  expect(await mostHolders(3)).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('a lock older than any start is taken over although its process lives', async () => {
  await writeFile(path, `${process.pid} forgotten`);
  await utimes(path, new Date(0), new Date(0));
  const unlock = await lockStart(path);
  await unlock();
  expect(await readdir(folder)).toEqual([]);
});

test("a release leaves another holder's lock alone", async () => {
  const unlock = await lockStart(path);
  await writeFile(path, 'somebody else');
  await unlock();
  expect(await readFile(path, 'utf8')).toBe('somebody else');
});
