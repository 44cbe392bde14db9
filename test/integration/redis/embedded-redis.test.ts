import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  findEmbeddedRedis,
  startEmbeddedRedis,
  stopEmbeddedRedis,
} from '../../../src/adapters/embedded-redis/embedded-redis.js';
import { resolveRedis } from '../../../src/adapters/resolve-redis.js';
import { temporaryDataDir, useOwnRedis } from '../../support/redis-server.js';
import { silentLog as log } from '../../support/silent-log.js';

const MODULE = new URL('../../../dist/adapters/embedded-redis/embedded-redis.js', import.meta.url).href;

/** Another process that starts a Redis in the folder, reports its address and id, and stays. */
async function starter(dataDir: string, detached: boolean) {
  const program = `
    import { startEmbeddedRedis } from ${JSON.stringify(MODULE)};
    const quiet = () => undefined;
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
    const { url, pid } = await startEmbeddedRedis({ dataDir: ${JSON.stringify(dataDir)}, detached: ${detached}, log });
    process.stdout.write(JSON.stringify({ url, pid }));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  const { url, pid }: { url: string; pid: number } = JSON.parse(String(text));
  return {
    url,
    pid,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Resolves when the server at the other end has closed the connection. */
async function connected(url: string): Promise<{ readonly redis: Redis; readonly closed: Promise<unknown> }> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  const closed = once(redis, 'end');
  await redis.ping();
  return { redis, closed };
}

beforeEach(() => {
  vi.stubEnv('REDIS_URL', undefined);
  vi.stubEnv('NODE_ENV', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the embedded Redis', () => {
  test('listens on loopback behind a password, with AOF and noeviction, and tells its password to the owner only', async () => {
    const { url, dataDir } = await useOwnRedis();
    const { hostname, port, password } = new URL(url);
    expect(hostname).toBe('127.0.0.1');
    expect(password.length).toBeGreaterThanOrEqual(32);

    const redis = new Redis(url);
    expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec']);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    redis.disconnect();

    const stranger = new Redis({
      port: Number(port),
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    stranger.on('error', () => undefined);
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH|closed/);
    for (const file of ['state.json', 'address.json', 'redis.conf', 'redis.log']) {
      expect((await stat(join(dataDir, 'redis', file))).mode & 0o777, file).toBe(0o600);
    }
  });

  test('keeps what was written over a stop and a start, in a folder with a space and quotes', async () => {
    const dataDir = join(await temporaryDataDir(), 'my "data" \' folder');
    const first = await startEmbeddedRedis({ dataDir, log });
    const { redis, closed } = await connected(first.url);
    await redis.set('kept', 'yes');
    await first.stop();
    await closed;
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();

    const second = await startEmbeddedRedis({ dataDir, log });
    const again = await connected(second.url);
    expect(await again.redis.get('kept')).toBe('yes');
    await second.stop();
    await second.stop();
  });

  test('is reached by who was left waiting for it, because the next one has its address', async () => {
    const dataDir = await temporaryDataDir();
    const first = await startEmbeddedRedis({ dataDir, log });
    const waiting = new Redis(first.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    onTestFinished(() => waiting.disconnect());
    waiting.on('error', () => undefined);
    await waiting.set('kept', 'yes');
    const lost = once(waiting, 'reconnecting');
    await stopEmbeddedRedis(dataDir);
    await lost;

    const second = await startEmbeddedRedis({ dataDir, log });
    expect(second).toMatchObject({ url: first.url, started: true });
    expect(await waiting.get('kept')).toBe('yes');
    await second.stop();
    expect((await stat(join(dataDir, 'redis', 'address.json'))).mode & 0o777).toBe(0o600);
  });

  test('whose port somebody else has taken meanwhile starts on another, with another password, and has its data', async () => {
    const dataDir = await temporaryDataDir();
    const first = await startEmbeddedRedis({ dataDir, log });
    await (await connected(first.url)).redis.set('kept', 'yes');
    await first.stop();
    const other = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');

    const second = await startEmbeddedRedis({ dataDir, log });
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    expect(new URL(second.url).password).not.toBe(new URL(first.url).password);
    expect(await (await connected(second.url)).redis.get('kept')).toBe('yes');
    await second.stop();
  });

  test('is started once by several that start at once, and only who started it ends it', async () => {
    const dataDir = await temporaryDataDir();
    const all = await Promise.all([1, 2, 3].map(() => startEmbeddedRedis({ dataDir, log })));
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    expect(all.filter(({ started }) => started)).toHaveLength(1);

    await Promise.all(all.filter(({ started }) => !started).map(({ stop }) => stop()));
    expect(await findEmbeddedRedis(dataDir)).toBe(all[0]?.url);
    await Promise.all(all.map(({ stop }) => stop()));
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
  });

  test('ends with its starter, also when that is killed', async () => {
    const dataDir = await temporaryDataDir();
    const { url, kill } = await starter(dataDir, false);
    const { closed } = await connected(url);
    await kill();
    await closed;
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
  });

  test('outlives its starter when detached, until it is stopped through the folder', async () => {
    const dataDir = await temporaryDataDir();
    const { url, pid, kill } = await starter(dataDir, true);
    await kill();
    expect(await startEmbeddedRedis({ dataDir, detached: true, log })).toMatchObject({ url, pid, started: false });
    const { closed } = await connected(url);
    expect(await stopEmbeddedRedis(dataDir)).toBe(true);
    await closed;
    expect(await stopEmbeddedRedis(dataDir)).toBe(false);
  });

  test('left behind by a starter that died without taking it along, is ended, and a new one has its data', async () => {
    const dataDir = await temporaryDataDir();
    const { url, pid, kill } = await starter(dataDir, true);
    const { redis, closed } = await connected(url);
    await redis.set('kept', 'yes');
    await kill();
    const path = join(dataDir, 'redis', 'state.json');
    const deadOwner = spawn(process.execPath, ['-e', '']);
    await once(deadOwner, 'exit');
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), owner: deadOwner.pid }));

    const next = await startEmbeddedRedis({ dataDir, log });
    await closed;
    expect(next.pid).not.toBe(pid);
    expect(await (await connected(next.url)).redis.get('kept')).toBe('yes');
  });

  test('that ends with another process is refused to one who wants it to stay', async () => {
    const { dataDir } = await useOwnRedis();
    await expect(startEmbeddedRedis({ dataDir, detached: true, log })).rejects.toMatchObject({
      code: 'ILLEGAL_STATE',
      message: expect.stringContaining(`belongs to process ${process.pid}`),
    });
  });

  test('whose port now belongs to somebody else is taken for ended, and nobody is killed', async () => {
    const dataDir = await temporaryDataDir();
    const other = await useOwnRedis();
    const { port } = new URL(other.url);
    await mkdir(join(dataDir, 'redis'));
    const url = `redis://:stale@127.0.0.1:${port}`;
    const state = { url, pid: process.pid, port: Number(port), startedAt: 0, source: 'path' };
    await writeFile(join(dataDir, 'redis', 'state.json'), JSON.stringify(state));

    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
    expect(await stopEmbeddedRedis(dataDir)).toBe(false);
    expect(await findEmbeddedRedis(other.dataDir)).toBe(other.url);
  });

  test('that does not answer is an error that names its process, not a second server on the same file', async () => {
    const { dataDir, pid } = await useOwnRedis();
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(startEmbeddedRedis({ dataDir, log })).rejects.toMatchObject({
        code: 'REDIS_UNAVAILABLE',
        message: expect.stringContaining(`process ${pid}) does not answer`),
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('that cannot start says so with the last lines of its log', async () => {
    const dataDir = await temporaryDataDir();
    await mkdir(join(dataDir, 'redis'));
    await writeFile(join(dataDir, 'redis', 'appendonlydir'), 'a file in the way');
    await expect(startEmbeddedRedis({ dataDir, log })).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringMatching(/ended at its start.*redis\.log.*appendonly/s),
    });
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
  });
});

describe('which Redis a command uses', () => {
  test('a given address is taken before REDIS_URL, and REDIS_URL before the embedded one', async () => {
    const { dataDir, url } = await useOwnRedis();
    vi.stubEnv('REDIS_URL', 'redis://from-env:1');
    expect(await resolveRedis({ redisUrl: 'redis://flag:2', dataDir, mode: 'start', log })).toEqual({
      url: 'redis://flag:2',
      origin: 'env',
    });
    expect(await resolveRedis({ dataDir, mode: 'attach', log })).toEqual({ url: 'redis://from-env:1', origin: 'env' });
    vi.stubEnv('REDIS_URL', '');
    expect(await resolveRedis({ dataDir, mode: 'attach', log })).toEqual({ url, origin: 'embedded' });
  });

  test('a wrong address is an error, never a fallback', async () => {
    const { dataDir } = await useOwnRedis();
    await expect(resolveRedis({ redisUrl: 'localhost:6379', dataDir, mode: 'start', log })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
    });
  });

  test('attaching without a running one says how to start it, as REDIS_UNAVAILABLE', async () => {
    const dataDir = await temporaryDataDir();
    await expect(resolveRedis({ dataDir, mode: 'attach', log })).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('set REDIS_URL, or start one with `switchyard up`'),
    });
  });

  test('starting gives the starter alone a way to stop it', async () => {
    const dataDir = await temporaryDataDir();
    const first = await resolveRedis({ dataDir, mode: 'start', log });
    const second = await resolveRedis({ dataDir, mode: 'start', log });
    expect(second).toEqual({ url: first.url, origin: 'embedded' });
    await first.stop?.();
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
  });

  test.each(['start', 'attach'] as const)('in production only REDIS_URL counts (%s)', async (mode) => {
    const { dataDir } = await useOwnRedis();
    vi.stubEnv('NODE_ENV', 'production');
    await expect(resolveRedis({ dataDir, mode, log })).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringMatching(/NODE_ENV is production: set REDIS_URL/),
    });
  });
});
