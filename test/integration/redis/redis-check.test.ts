import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkRedis, type RedisReport } from '../../../src/adapters/redis-check.js';
import { createRedisConnections, type RedisConnection } from '../../../src/adapters/redis-connections.js';
import { DEFAULT_PREFIX } from '../../../src/config.js';
import { infoOf, type RedisProcess, untilTrue, useRedisProcess } from '../../support/redis-process.js';
import { silentLog } from '../../support/silent-log.js';

/** `error: what`, for each finding. */
const said = ({ findings }: RedisReport) => findings.map(({ level, what }) => `${level}: ${what}`);
const EVERYSEC = 'info: appendfsync is everysec.';

/** What a Switchyard says at its start: its refusal, or nothing. */
async function startedOn(connection: RedisConnection, prefix?: string): Promise<unknown> {
  const connections = createRedisConnections(connection, silentLog, prefix);
  try {
    return await connections.ready().then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    connections.close();
  }
}

const refusedWith = (text: string) => ({ code: 'REDIS_UNSUITABLE', message: expect.stringContaining(text) });

function client(url: string): Redis {
  const opened = new Redis(url, { enableReadyCheck: false });
  onTestFinished(() => opened.disconnect());
  return opened;
}

describe('a single Redis', () => {
  test('with AOF always costs nothing that is to be said, with everysec a second', async () => {
    const { admin, url } = await useRedisProcess();
    expect(said(await checkRedis(admin))).toEqual([EVERYSEC]);
    await admin.config('SET', 'appendfsync', 'always');
    expect(said(await checkRedis(admin))).toEqual([]);
    expect(await startedOn(url)).toBeUndefined();
  });

  test('whose rewrites suspend fsync, and that closes idle connections, is warned of', async () => {
    const { admin } = await useRedisProcess(['no-appendfsync-on-rewrite yes', 'timeout 60', 'appendfsync always']);
    expect(said(await checkRedis(admin))).toEqual([
      'warning: no-appendfsync-on-rewrite is yes.',
      'warning: It closes connections that were idle for 60 s (timeout).',
    ]);
  });

  test('whose memory is nearly full is warned of, and then goes on by itself', async () => {
    const { admin, url } = await useRedisProcess();
    const limit = 8_000_000;
    await admin.config('SET', 'maxmemory', limit);
    for (let at = 0; Number(await infoOf(admin, 'used_memory')) < 0.92 * limit; at += 1)
      await admin.set(`ballast-${at}`, 'x'.repeat(100_000));
    expect(said(await checkRedis(admin))).toEqual([
      expect.stringMatching(/^warning: Its memory is 9\d % full\.$/),
      EVERYSEC,
    ]);
    expect(await startedOn(url)).toBeUndefined();
  });

  test('whose append-only file cannot be written is warned of, and does not take the mark of a first start', async () => {
    // A file that may not grow is what a full disk is to Redis.
    const { admin, url } = await useRedisProcess([], { limits: "trap '' XFSZ; ulimit -f 8" });
    const write = () => admin.set('ballast', 'x'.repeat(20_000)).catch(() => undefined);
    await untilTrue(async () => {
      await write();
      return (await infoOf(admin, 'aof_last_write_status')) === 'err';
    });
    expect(said(await checkRedis(admin))).toContain('warning: Its last write of the append-only file failed.');
    expect(await startedOn(url)).toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('MISCONF'),
    });
  });

  test('whose snapshot failed is warned of', async () => {
    const { admin, folder } = await useRedisProcess(['appendonly no', 'dbfilename dump.rdb']);
    await rm(folder, { recursive: true });
    await admin.set('a', '1');
    await admin.bgsave();
    await untilTrue(async () => (await infoOf(admin, 'rdb_last_bgsave_status')) === 'err');
    expect(said(await checkRedis(admin))).toEqual([
      'warning: The append-only file is off.',
      'warning: Its last snapshot failed.',
    ]);
  });
});

describe('a Redis that is asked less than it could tell', () => {
  test('for CONFIG is renamed is judged by INFO, and what cannot be verified is said', async () => {
    const { admin, url } = await useRedisProcess(['rename-command CONFIG ""']);
    expect(said(await checkRedis(admin))).toEqual([
      'info: Cannot verify appendfsync: CONFIG is denied.',
      'info: Cannot verify timeout: CONFIG is denied.',
    ]);
    expect(await startedOn(url)).toBeUndefined();
  });

  test('for CONFIG is renamed is refused all the same when INFO tells that it evicts', async () => {
    const { url } = await useRedisProcess(['rename-command CONFIG ""', 'maxmemory-policy allkeys-lru']);
    expect(await startedOn(url)).toMatchObject(refusedWith('Its maxmemory-policy is allkeys-lru.'));
  });

  test('by a user without INFO and CONFIG claims nothing', async () => {
    const { admin, port } = await useRedisProcess();
    await admin.acl('SETUSER', 'locked', 'on', '>pw', '~*', '+@all', '-config', '-info');
    expect(said(await checkRedis(client(`redis://locked:pw@127.0.0.1:${port}`)))).toEqual([
      'info: Cannot verify the Redis version: INFO is denied.',
      'info: Cannot verify the eviction policy: CONFIG and INFO are denied.',
      'info: Cannot verify the append-only file: CONFIG and INFO are denied.',
    ]);
  });

  test('by a user without scripts, or without our keys, is refused', async () => {
    const { admin, port } = await useRedisProcess();
    await admin.acl('SETUSER', 'mute', 'on', '>pw', '~*', '+@all', '-@scripting');
    await admin.acl('SETUSER', 'stranger', 'on', '>pw', '~theirs:*', '+@all');
    expect(await startedOn(`redis://mute:pw@127.0.0.1:${port}`)).toMatchObject(refusedWith('may not run scripts'));
    expect(await startedOn(`redis://stranger:pw@127.0.0.1:${port}`)).toMatchObject(
      refusedWith(`may not use the keys of ${DEFAULT_PREFIX}`),
    );
  });
});

describe('a replicated Redis', () => {
  async function pair(): Promise<{ readonly master: RedisProcess; readonly replica: RedisProcess }> {
    const master = await useRedisProcess(['repl-diskless-sync-delay 0']);
    const replica = await useRedisProcess([`replicaof 127.0.0.1 ${master.port}`, 'repl-diskless-sync-delay 0']);
    await untilTrue(async () => (await infoOf(replica.admin, 'master_link_status')) === 'up');
    await untilTrue(async () => /state=online/.test((await infoOf(master.admin, 'slave0')) ?? ''));
    return { master, replica };
  }

  test('whose master takes writes that no replica has is refused until one is required', async () => {
    const { master, replica } = await pair();
    expect(await startedOn(master.url)).toMatchObject(refusedWith('It has 1 replica and min-replicas-to-write 0.'));
    await master.admin.config('SET', 'min-replicas-to-write', 1);
    expect(said(await checkRedis(master.admin))).toEqual([EVERYSEC]);
    expect(await startedOn(master.url)).toBeUndefined();
    expect(await startedOn(replica.url)).toMatchObject(refusedWith(`This is a replica of 127.0.0.1:${master.port}.`));
  });

  test('where CONFIG is denied, INFO tells whether replicas are required, or it is said that nobody knows', async () => {
    const { master } = await pair();
    await master.admin.acl('SETUSER', 'managed', 'on', '>pw', '~*', '+@all', '-config');
    const managed = client(`redis://managed:pw@127.0.0.1:${master.port}`);
    expect(said(await checkRedis(managed))).toContain('info: Cannot verify min-replicas-to-write: CONFIG is denied.');
    await master.admin.config('SET', 'min-replicas-to-write', 1);
    expect(said(await checkRedis(managed)).filter((line) => line.includes('min-replicas'))).toEqual([]);
  });

  test('is reached through its Sentinel, and a Sentinel itself is refused', async () => {
    const { master } = await pair();
    await master.admin.config('SET', 'min-replicas-to-write', 1);
    const sentinel = await useRedisProcess([`sentinel monitor mine 127.0.0.1 ${master.port} 1`], {
      flags: ['--sentinel'],
      ready: (asked) => asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mine'),
    });
    const through = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'mine' };
    expect(await startedOn(through)).toBeUndefined();
    expect(await master.admin.hget(`${DEFAULT_PREFIX}:schema`, 'version')).toBe('1');
    expect(await startedOn(sentinel.url)).toMatchObject(refusedWith('A Sentinel answers at this address'));
  });
});

describe('a node of a Redis Cluster', () => {
  async function nodeOf(slots: readonly (string | number)[]): Promise<RedisProcess> {
    const node = await useRedisProcess(['cluster-enabled yes']);
    await node.admin.cluster('ADDSLOTSRANGE', ...(slots as [number, number]));
    await untilTrue(async () => /cluster_state:ok/.test(await node.admin.cluster('INFO')));
    return node;
  }

  test('needs a hash tag in the prefix, and is warned of', async () => {
    const node = await nodeOf([0, 16383]);
    expect(said(await checkRedis(node.admin))).toEqual(['warning: This is one node of a Redis Cluster.', EVERYSEC]);
    expect(await startedOn(node.url)).toBeUndefined();
    expect(await startedOn(node.url, 'sy')).toMatchObject(refusedWith('the prefix "sy" has no hash tag'));
  });

  test('that does not have the keys of the prefix is refused, with the one that does', async () => {
    const node = await nodeOf([0, 16383]);
    const other = await useRedisProcess(['cluster-enabled yes']);
    await other.admin.cluster('MEET', '127.0.0.1', node.port);
    await untilTrue(async () => /cluster_state:ok/.test(await other.admin.cluster('INFO')));
    expect(await startedOn(other.url)).toMatchObject(refusedWith(`Connect to 127.0.0.1:${node.port}.`));
  });

  test('whose slots nobody serves is not there yet', async () => {
    const { url } = await useRedisProcess(['cluster-enabled yes']);
    expect(await startedOn(url)).toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('CLUSTERDOWN'),
    });
  });
});
