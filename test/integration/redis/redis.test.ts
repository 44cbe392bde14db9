import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRedis, PRODUCER_COMMAND_TIMEOUT_MS, redisOptionsFor } from '../../../src/adapters/redis.js';
import { assertRedisSuitable, checkRedis } from '../../../src/adapters/redis-check.js';
import { connectOrFail } from '../../../src/adapters/redis-connect.js';
import { createRedisConnections } from '../../../src/adapters/redis-connections.js';
import type { Logger } from '../../../src/ports.js';
import { redisUrl, useRedis } from '../../support/redis.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { silentLog } from '../../support/silent-log.js';

function open(url: string, role: 'producer' | 'worker' = 'producer', log: Logger = silentLog): Redis {
  const client = openRedis(url, role, { log });
  onTestFinished(() => client.disconnect());
  return client;
}

/** A server that does with each connection what the test says; its address. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address ? `redis://127.0.0.1:${address.port}` : '';
}

/** An address whose connections reach the test run's Redis when the test lets them. */
async function proxy(onConnection: (socket: Socket, pass: () => void) => void): Promise<string> {
  const { hostname, port } = new URL(redisUrl());
  const address = await listen((socket) =>
    onConnection(socket, () => {
      const upstream = connect(Number(port || 6379), hostname);
      upstream.on('error', () => undefined);
      socket.once('close', () => upstream.destroy());
      socket.pipe(upstream).pipe(socket);
    }),
  );
  const url = new URL(redisUrl());
  url.host = new URL(address).host;
  return url.href;
}

/** An address at which nobody listens. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? `redis://:s3cret@127.0.0.1:${address.port}` : '';
}

describe('the first connection', () => {
  test.each(['producer', 'worker'] as const)(
    'of a %s is ready for commands, and asking again is harmless',
    async (role) => {
      const client = open(redisUrl(), role);
      await connectOrFail(client, redisUrl());
      await connectOrFail(client, redisUrl());
      expect(await client.ping()).toBe('PONG');
    },
  );

  test('where nobody listens is refused at once, with host and port and without the password', async () => {
    const url = await freeAddress();
    const failure = connectOrFail(open(url, 'worker'), url);
    await expect(failure).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    await expect(failure).rejects.toThrow(`Cannot use Redis at ${new URL(url).host}: nothing listens there`);
    await expect(failure).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('s3cret') }));
  });

  test('to an unknown host says that the name cannot be resolved', async () => {
    const url = 'redis://no-such-host.invalid:6379';
    await expect(connectOrFail(open(url), url)).rejects.toThrow(
      /no-such-host\.invalid:6379: the host name cannot be resolved/,
    );
  });

  test('with a wrong or a missing password says which, and what to set', async () => {
    const { url } = await useOwnRedis();
    const wrong = url.replace(/:[^:@]*@/, ':wrong@');
    await expect(connectOrFail(open(wrong), wrong)).rejects.toThrow(/it refuses the user name or password/);
    const missing = url.replace(/:[^:@]*@/, '');
    await expect(connectOrFail(open(missing), missing)).rejects.toThrow(
      /it requires a password: set REDIS_URL=redis:\/\/:<password>@/,
    );
  });

  test('by TLS to a Redis without it says so', async () => {
    const url = redisUrl().replace('redis:', 'rediss:');
    await expect(connectOrFail(open(url), url, 300)).rejects.toThrow(
      /\(TLS\): no TLS handshake in time: check that it speaks TLS/,
    );
  });

  test('to something that accepts and stays silent ends at the time limit', async () => {
    const url = await listen(() => undefined);
    await expect(connectOrFail(open(url, 'worker'), url, 200)).rejects.toThrow(
      /no answer within 0\.2 s: the connection stands/,
    );
  });
});

describe('a connection that is lost', () => {
  test("fails a producer's command within its time limit when Redis is down", async () => {
    const { url, pid } = await useOwnRedis();
    const client = open(url);
    await connectOrFail(client, url);
    const ended = once(client, 'close');
    process.kill(pid, 'SIGKILL');
    await ended;
    const asked = performance.now();
    await expect(client.set('a', '1')).rejects.toThrow(/retries per request|timed out/);
    expect(performance.now() - asked).toBeLessThan(PRODUCER_COMMAND_TIMEOUT_MS + 500);
  });

  test("fails a producer's command within its time limit when the server swallows it", async () => {
    const { url, pid } = await useOwnRedis();
    const client = open(url);
    await connectOrFail(client, url);
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(client.set('a', '1')).rejects.toThrow('Command timed out');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('that swallows everything is dropped after its silence and made again, and the command is answered', async () => {
    const connections: Socket[] = [];
    const url = await proxy((socket, pass) => {
      connections.push(socket);
      pass();
    });
    const options = { ...redisOptionsFor('worker'), socketTimeout: 300 };
    const client = new Redis(url, options);
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    await client.ping();
    connections[0]?.unpipe();
    expect(await client.ping()).toBe('PONG');
    expect(connections).toHaveLength(2);
  });

  test('is one warning and one all-clear in the log, never an unhandled error event', async () => {
    const lines: string[] = [];
    const log: Logger = {
      ...silentLog,
      warn: (_fields, message) => lines.push(`warn ${message}`),
      info: (_fields, message) => lines.push(`info ${message}`),
      child: () => log,
    };
    let refusals = 0;
    let live: Socket | undefined;
    const url = await proxy((socket, pass) => {
      if (refusals === 0) {
        live = socket;
        return pass();
      }
      refusals -= 1;
      socket.resetAndDestroy();
    });
    const client = open(url, 'worker', log);
    await client.ping();
    refusals = 3;
    live?.resetAndDestroy();
    expect(await client.ping()).toBe('PONG');
    expect(lines).toEqual([expect.stringMatching(/^warn lost Redis, reconnecting: /), 'warn connected to Redis again']);
  });

  test('together with others of one Switchyard is the same one warning and one all-clear', async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLog, warn: (_fields, message) => lines.push(message ?? ''), child: () => log };
    const sockets = new Set<Socket>();
    const url = await proxy((socket, pass) => {
      sockets.add(socket);
      pass();
    });
    const connections = createRedisConnections(url, log);
    onTestFinished(() => connections.close());
    const clients = (['producer', 'worker', 'worker'] as const).map((role) => connections.open(role));
    await Promise.all(clients.map((client) => client.ping()));
    // Not `once`, which takes the error in between for the end of its wait.
    const again = Promise.all(clients.map((client) => new Promise<void>((resolve) => client.once('ready', resolve))));
    for (const socket of sockets) socket.resetAndDestroy();
    await again;
    expect(lines).toEqual([expect.stringMatching(/^lost Redis, reconnecting: /), 'connected to Redis again']);
  });

  test('and given back while it was away, is not missed: the others’ all-clear is told, and their next outage', async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLog, warn: (_fields, message) => lines.push(message ?? ''), child: () => log };
    const sockets = new Set<Socket>();
    let away = false;
    const url = await proxy((socket, pass) => {
      sockets.add(socket);
      if (away) socket.resetAndDestroy();
      else pass();
    });
    const connections = createRedisConnections(url, log);
    onTestFinished(() => connections.close());
    const [kept, given] = [connections.open('worker'), connections.open('worker')];
    await Promise.all([kept.ping(), given.ping()]);
    const outage = async () => {
      away = true;
      for (const socket of sockets) socket.resetAndDestroy();
      await expect.poll(() => kept.status).not.toBe('ready');
    };
    const back = async () => {
      away = false;
      await expect.poll(() => kept.status).toBe('ready');
    };
    await outage();
    await expect.poll(() => given.status).toBe('reconnecting');
    connections.release(given);
    await back();
    await outage();
    await back();
    const told = [expect.stringMatching(/^lost Redis, reconnecting: /), 'connected to Redis again'];
    expect(lines).toEqual([...told, ...told]);
  });
});

describe('what a lost or refused connection logs', () => {
  test.each(['producer', 'worker'] as const)(
    "of a %s never has the password in it, not even through an application's own pino",
    async (role) => {
      const { url } = await useOwnRedis();
      const lines: string[] = [];
      // As applications have it: pino's own serializer copies every property of an error.
      const log: Logger = pino({ level: 'debug' }, { write: (line) => void lines.push(line) });
      const client = open(url.replace(/:[^:@]*@/, ':c4nary@'), role, log);
      const refused = once(client, 'error');
      client.connect().catch(() => undefined);
      await refused;
      expect(lines.join('')).toContain('WRONGPASS');
      expect(lines.join('')).not.toContain('c4nary');
    },
  );
});

describe('a failover that leaves the old socket open, to what is now a replica,', () => {
  async function demoted(role: 'producer' | 'worker', log: Logger = silentLog) {
    const { url } = await useOwnRedis();
    const [client, admin] = [open(url, role, log), open(url)];
    await client.ping();
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    return { client, promote: () => admin.call('REPLICAOF', 'NO', 'ONE') };
  }

  test('makes a worker connect anew, and its command is answered once there is a master', async () => {
    const warnings: string[] = [];
    const log: Logger = { ...silentLog, warn: (_fields, message) => warnings.push(message ?? ''), child: () => log };
    const { client, promote } = await demoted('worker', log);
    // More than once: it goes on for as long as there is no master, which takes a failover seconds.
    const moved = new Promise<void>((resolve) => {
      let times = 0;
      client.on('reconnecting', () => {
        times += 1;
        if (times === 3) resolve();
      });
    });
    const written = client.eval("return redis.call('SET', KEYS[1], 'yes')", 1, 'written');
    await moved;
    await promote();
    expect(await written).toBe('OK');
    expect(warnings).toEqual([expect.stringContaining('read-only replica')]);
  });

  test('makes a producer connect anew and try once, then say why, so that who waits can try again', async () => {
    const { client, promote } = await demoted('producer');
    const reconnected = once(client, 'ready');
    await expect(Promise.all([client.set('a', '1'), client.set('b', '2')])).rejects.toThrow('READONLY');
    await reconnected;
    await promote();
    expect(await client.set('a', '1')).toBe('OK');
  });
});

describe('whether a Redis is fit', () => {
  test("the tests' own is, without a finding", async () => {
    const { redis } = useRedis();
    expect(await assertRedisSuitable(redis)).toMatchObject({
      evictionPolicy: 'noeviction',
      findings: expect.not.arrayContaining([expect.objectContaining({ level: 'error' })]),
    });
  });

  test('an evicting one is refused with the line that mends it', async () => {
    const client = open((await useOwnRedis()).url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(assertRedisSuitable(client)).rejects.toMatchObject({
      code: 'REDIS_UNSUITABLE',
      message: expect.stringMatching(/is allkeys-lru.*redis-cli CONFIG SET maxmemory-policy noeviction.*redis\.conf/),
    });
  });

  test('one without AOF, or without fsync, works with a warning of what it costs', async () => {
    const client = open((await useOwnRedis()).url);
    await client.config('SET', 'appendfsync', 'no');
    expect((await checkRedis(client)).findings).toEqual([
      expect.objectContaining({ level: 'warning', cost: expect.stringContaining('power loss') }),
    ]);
    await client.config('SET', 'appendonly', 'no');
    const report = await assertRedisSuitable(client);
    expect(report.aof).toBe('off');
    expect(report.findings).toEqual([
      expect.objectContaining({ level: 'warning', mend: expect.stringContaining('CONFIG SET appendonly yes') }),
    ]);
  });
});
