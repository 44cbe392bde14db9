/**
 * A Redis to be hurt: one per scenario, on a port of its own, that can be killed and started again on the same data,
 * frozen, filled, cut off from its disk. It dies with the process that started it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { findRedisBinary } from '../../../src/adapters/embedded-redis/binary.js';
import { parentDeathGuard } from '../../../src/adapters/mcp/parent-death-guard.js';
import { silentLog } from '../silent-log.js';

const run = promisify(execFile);

export interface FaultRedisOptions {
  /** For its log; and for its data, when `dataFolder` is absent. */
  readonly folder: string;
  readonly dataFolder?: string;
  readonly fsync?: 'always' | 'everysec';
  /** Default `noeviction`. */
  readonly eviction?: string;
}

export interface FaultRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: () => number;
  /** A client past all proxies, for the scenario itself; closed by `stop`. */
  readonly admin: Redis;
  /** As a crash: at once. Resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port and data; resolves when it has loaded them. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  config(name: string, value: string): Promise<void>;
  /** The longest file that it can write from now on, in bytes, or as long as it likes. */
  limitFiles(bytes: number | 'unlimited'): Promise<void>;
  /** Commands that it has refused with this error since it was started. */
  refused(error: 'OOM' | 'MISCONF'): Promise<number>;
  stop(): Promise<void>;
}

const READY_MS = 30_000;

export async function startFaultRedis(options: FaultRedisOptions): Promise<FaultRedis> {
  const { folder, dataFolder = join(folder, 'redis'), fsync = 'everysec', eviction = 'noeviction' } = options;
  await mkdir(dataFolder, { recursive: true });
  const binary = await findRedisBinary(silentLog);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: dataFolder,
    appendonly: 'yes',
    appendfsync: fsync,
    save: '',
    'maxmemory-policy': eviction,
    // A full disk must be met by the append-only file alone.
    'auto-aof-rewrite-percentage': '0',
  };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let child: ChildProcess | undefined;
  const admin = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    commandTimeout: READY_MS,
  });
  admin.on('error', () => undefined);

  async function start(): Promise<void> {
    const log = await open(join(folder, 'redis.log'), 'a');
    // A limit on files ends a process by a signal, unless the signal is ignored: then writing fails, as on a full disk.
    const guarded = [...(await parentDeathGuard()), 'sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh', binary.path, ...words];
    const [command = 'sh', ...args] = guarded;
    child = spawn(command, args, { env: { ...process.env, ...binary.env }, stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    await untilReady(child, folder, url);
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  await start();
  return {
    url,
    port,
    pid: () => child?.pid ?? 0,
    admin,
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async config(name, value) {
      await admin.config('SET', name, value);
    },
    async limitFiles(bytes) {
      await run('prlimit', ['--pid', String(child?.pid), `--fsize=${bytes}:unlimited`]);
    },
    async refused(error) {
      const text = await admin.info('errorstats');
      return Number(new RegExp(`errorstat_${error}:count=(\\d+)`).exec(text)?.[1] ?? 0);
    },
    async stop() {
      admin.disconnect();
      await kill();
    },
  };
}

async function untilReady(child: ChildProcess, folder: string, url: string): Promise<void> {
  const probe = new Redis(url, { retryStrategy: () => 25, maxRetriesPerRequest: null });
  probe.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => 'ended' as const);
  try {
    const first = await Promise.race([probe.ping(), ended, delay(READY_MS, 'late' as const, { ref: false })]);
    if (first === 'PONG') return;
    const log = await readFile(join(folder, 'redis.log'), 'utf8').catch(() => '');
    throw new Error(`Redis did not start (${first}): ${log.trim().split('\n').slice(-3).join(' | ')}`);
  } finally {
    probe.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address === 'object' && address) return address.port;
  throw new Error('there is no free port');
}
