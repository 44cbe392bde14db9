/** Redis servers with settings of a test's own; each ends, with its folder, when the test does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { findRedisBinary } from '../../src/adapters/embedded-redis/binary.js';
import { silentLog } from './silent-log.js';

export interface RedisProcess {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly child: ChildProcess;
  /** A client without retries, for what the test itself asks. */
  readonly admin: Redis;
}

interface RedisProcessOptions {
  /** Arguments of `redis-server` in front of its configuration, such as `--sentinel` behind it. */
  readonly flags?: readonly string[];
  /** Shell commands that run in the server's process before it. */
  readonly limits?: string;
  /** Asked of the server until it is answered. */
  readonly ready?: (client: Redis) => Promise<unknown>;
}

const SAFE = ['appendonly yes', 'appendfsync everysec', 'save ""', 'maxmemory-policy noeviction'];

/** @param lines of `redis.conf`; with none it is as the documents ask for */
export async function useRedisProcess(
  lines: readonly string[] = [],
  { flags = [], limits, ready = (client) => client.ping() }: RedisProcessOptions = {},
): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-redis-process-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const { path, env } = await findRedisBinary(silentLog);
  const own = flags.includes('--sentinel') ? [] : SAFE;
  const configuration = [`port ${port}`, 'bind 127.0.0.1', 'dir .', ...own, ...lines];
  await writeFile(join(folder, 'redis.conf'), `${configuration.join('\n')}\n`);
  const log = await open(join(folder, 'redis.log'), 'w');
  const before = limits === undefined ? '' : `${limits}; `;
  const child = spawn('sh', ['-c', `${before}exec "$@"`, 'sh', path, 'redis.conf', ...flags], {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...env },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const admin = new Redis(url, { enableReadyCheck: false, lazyConnect: true, maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  onTestFinished(() => admin.disconnect());
  await untilTrue(async () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended at once: ${await readFile(join(folder, 'redis.log'), 'utf8')}`);
    return await ready(admin).then(
      () => true,
      () => false,
    );
  });
  return { port, url, folder, child, admin };
}

/** Polls until the server says so; whoever never sees it hangs until the test's time limit. */
export async function untilTrue(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await delay(20);
}

/** A line of `INFO`. */
export async function infoOf(client: Redis, name: string): Promise<string | undefined> {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(await client.info())?.[1];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
