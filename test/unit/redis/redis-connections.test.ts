import { createRequire } from 'node:module';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRedisConnections, type RedisConnection } from '../../../src/adapters/redis-connections.js';
import { silentLog } from '../../support/silent-log.js';

/** What our own clients are made with; they are lazy, so nothing connects. */
function optionsFor(connection: RedisConnection, role: 'producer' | 'worker' = 'worker'): RedisOptions {
  const connections = createRedisConnections(connection, silentLog);
  onTestFinished(() => connections.close());
  return connections.open(role).options;
}

function lazy(options: RedisOptions): Redis {
  const client = new Redis({ ...options, lazyConnect: true });
  onTestFinished(() => client.disconnect());
  return client;
}

/** `Redis` as an application has it whose package manager installed ioredis twice. */
function anotherCopy(): typeof Redis {
  const require = createRequire(import.meta.url);
  const inCopy = (path: string) => /[\\/]ioredis[\\/]/.test(path);
  const first = Object.entries(require.cache).filter(([path]) => inCopy(path));
  for (const [path] of first) delete require.cache[path];
  const { Redis: Other }: { Redis: typeof Redis } = require('ioredis');
  for (const path of Object.keys(require.cache).filter(inCopy)) delete require.cache[path];
  for (const [path, module] of first) require.cache[path] = module;
  return Other;
}

describe('the place that a connection leads to', () => {
  const place = {
    host: 'redis.internal',
    port: 7000,
    username: 'app',
    password: 's3cret',
    db: 3,
    tls: { servername: 'redis.internal' },
  };

  test('is taken from options and from a client alike', () => {
    expect(optionsFor(place)).toMatchObject(place);
    expect(optionsFor(lazy(place))).toMatchObject(place);
  });

  test('is taken from a client of another copy of ioredis', () => {
    const Other = anotherCopy();
    const client = new Other({ ...place, lazyConnect: true });
    onTestFinished(() => client.disconnect());
    expect(client).not.toBeInstanceOf(Redis);
    expect(optionsFor(client)).toMatchObject(place);
  });

  test('is kept with everything that a Sentinel needs, and is always the master', () => {
    const sentinel: RedisOptions = {
      sentinels: [{ host: 'one', port: 26379 }],
      name: 'mymaster',
      sentinelUsername: 'watch',
      sentinelPassword: 'w4tch',
      enableTLSForSentinelMode: true,
      sentinelTLS: { servername: 'one' },
      tls: { servername: 'two' },
      natMap: { '10.0.0.1:6379': { host: 'outside', port: 1 } },
    };
    expect(optionsFor({ ...sentinel, role: 'slave' })).toMatchObject({ ...sentinel, role: 'master' });
    expect(optionsFor(lazy(sentinel))).toMatchObject(sentinel);
  });

  test('may be a socket', () => {
    expect(optionsFor({ path: '/run/redis.sock' })).toMatchObject({ path: '/run/redis.sock' });
    expect(optionsFor(lazy({ path: '/run/redis.sock' }))).toMatchObject({ path: '/run/redis.sock' });
  });
});

describe("how a connection waits and retries is its role's", () => {
  const applications: RedisOptions = {
    host: 'redis.internal',
    retryStrategy: () => null,
    enableOfflineQueue: false,
    lazyConnect: false,
    connectTimeout: 1,
    commandTimeout: 1,
    socketTimeout: 1,
    maxRetriesPerRequest: 7,
    autoResendUnfulfilledCommands: false,
    reconnectOnError: () => true,
  };

  test.each<[string, () => RedisConnection]>([
    ['options', () => applications],
    ['a client', () => lazy(applications)],
    ['an address', () => 'redis://redis.internal?maxRetriesPerRequest=7&enableOfflineQueue=&connectTimeout=1'],
  ])("and never the application's own, from %s", (_what, connection) => {
    const options = optionsFor(connection());
    expect(options).toMatchObject({
      host: 'redis.internal',
      enableOfflineQueue: true,
      lazyConnect: true,
      connectTimeout: 10_000,
      socketTimeout: 12_000,
      maxRetriesPerRequest: null,
      autoResendUnfulfilledCommands: true,
    });
    expect(options.commandTimeout).toBeUndefined();
    expect(options.retryStrategy?.(1)).toBeGreaterThan(0);
    expect(options.reconnectOnError?.(new Error('ERR other'))).toBe(false);
  });
});

describe('a connection that leads nowhere, or to a place that cannot serve, is refused with what to pass', () => {
  function refused(connection: RedisConnection, message: RegExp): void {
    expect(() => createRedisConnections(connection, silentLog)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringMatching(message) }),
    );
  }

  test('a Cluster', () => {
    const cluster = new Cluster([{ host: 'one', port: 1 }], { lazyConnect: true });
    onTestFinished(() => cluster.disconnect());
    refused(cluster, /Redis Cluster.*pass.*one Redis/);
  });

  test('options without a place, which would be localhost', () => {
    refused({}, /host, port, path or sentinels/);
    refused({ password: 's3cret', db: 1 }, /^(?!.*s3cret).*host, port, path or sentinels/);
  });

  test.each<[string, RedisConnection]>([
    ['options', { host: 'here', keyPrefix: 'app:' }],
    ['an address', 'redis://here?keyPrefix=app:'],
  ])("a keyPrefix in %s, under which BullMQ's scripts would miss their keys", (_what, connection) => {
    refused(connection, /keyPrefix.*use `prefix`/);
  });

  test('a client with a keyPrefix', () => {
    refused(lazy({ keyPrefix: 'app:' }), /keyPrefix.*use `prefix`/);
  });

  test('an address that is none', () => {
    refused('localhost:6379', /redis:\/\//);
  });
});

test('once closed it opens nothing more', async () => {
  const connections = createRedisConnections({ host: '127.0.0.1', port: 1 }, silentLog);
  const client = connections.open('producer');
  connections.close();
  expect(client.status).toBe('end');
  const closed = { code: 'ILLEGAL_STATE', message: expect.stringContaining('closed') };
  expect(() => connections.open('worker')).toThrow(expect.objectContaining(closed));
  await expect(connections.ready()).rejects.toMatchObject(closed);
});

test('one connection can be released; the others stay', async () => {
  const connections = createRedisConnections({ host: '127.0.0.1', port: 1 }, silentLog);
  onTestFinished(() => connections.close());
  const [one, other] = [connections.open('worker'), connections.open('worker')];
  connections.release(one);
  connections.release(one);
  expect([one.status, other.status]).toEqual(['end', 'wait']);
});

test.each<[string, RedisConnection, RegExp]>([
  [
    'Sentinels',
    {
      sentinels: [
        { host: '127.0.0.1', port: 1 },
        { host: '127.0.0.1', port: 2 },
      ],
      name: 'mymaster',
    },
    /at "mymaster" by the Sentinels 127\.0\.0\.1:1, 127\.0\.0\.1:2: none of the Sentinels answers/,
  ],
  ['a socket', { path: '/nowhere/redis.sock' }, /at the socket \/nowhere\/redis\.sock: there is no such socket/],
  ['a host', { host: '127.0.0.1', port: 1, password: 's3cret' }, /at 127\.0\.0\.1:1: nothing listens/],
  ['an IPv6 host', { host: '::1', port: 1 }, /at \[::1\]:1: /],
])('a failure names the place of %s', async (_what, connection, message) => {
  const connections = createRedisConnections(connection, silentLog);
  onTestFinished(() => connections.close());
  await expect(connections.ready()).rejects.toMatchObject({
    code: 'REDIS_UNAVAILABLE',
    message: expect.stringMatching(message),
  });
});
