/**
 * What a Redis says about itself, as far as it lets us ask: INFO, CONFIG where it is allowed (managed services and ACLs often
 * deny it), and two harmless commands that show whether scripts and our keys are. What is not told is undefined, never
 * guessed.
 */
import type { Redis } from 'ioredis';

export interface RedisFacts {
  readonly infoDenied: boolean;
  readonly configDenied: boolean;
  readonly version: string | undefined;
  readonly mode: 'standalone' | 'cluster' | 'sentinel' | undefined;
  readonly role: 'master' | 'slave' | undefined;
  /** Of a replica: where its master is. */
  readonly master: string | undefined;
  /** Replicas that are connected. */
  readonly replicas: number | undefined;
  /** Replicas without which it takes no writes. */
  readonly minReplicas: number | undefined;
  readonly evictionPolicy: string | undefined;
  /** `appendfsync` where it is known and the AOF is on, else on or off. */
  readonly aof: 'always' | 'everysec' | 'no' | 'on' | 'off' | undefined;
  /** Whether a rewrite of the AOF suspends fsync. */
  readonly fsyncPausesOnRewrite: boolean | undefined;
  /** Whether the last write of the AOF, and the last snapshot, succeeded. */
  readonly aofWritten: boolean | undefined;
  readonly saved: boolean | undefined;
  /** Bytes; a `maxMemory` of 0 is none. */
  readonly maxMemory: number | undefined;
  readonly usedMemory: number | undefined;
  readonly machineMemory: number | undefined;
  /** Seconds after which idle connections are closed; 0 is never. */
  readonly idleTimeoutS: number | undefined;
  readonly scripts: 'allowed' | 'denied';
  /** Whether keys under our prefix may be used here; `elsewhere` names the node of a Cluster that has them. */
  readonly keys: 'allowed' | 'denied' | { readonly elsewhere: string };
}

const CONFIG_NAMES = [
  'maxmemory-policy',
  'maxmemory',
  'appendonly',
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'min-replicas-to-write',
  'timeout',
] as const;

const DENIED = /NOPERM|unknown command|unknown subcommand|not allowed|disabled|ERR unknown/i;

/** @throws whatever the connection throws; a denied command is a fact, not an error */
export async function readRedisFacts(client: Redis, prefix: string): Promise<RedisFacts> {
  const [info, config, scripts, keys] = await Promise.all([
    readInfo(client),
    readConfig(client),
    unlessDenied(client.eval('return 1', 0)),
    readKeys(client, prefix),
  ]);
  const { redis_mode: mode, role, master_host: host } = info;
  return {
    infoDenied: Object.keys(info).length === 0,
    configDenied: Object.keys(config).length === 0,
    version: info.redis_version,
    mode: mode === 'standalone' || mode === 'cluster' || mode === 'sentinel' ? mode : undefined,
    role: role === 'master' || role === 'slave' ? role : undefined,
    master: host === undefined ? undefined : `${host}:${info.master_port ?? '?'}`,
    replicas: numberOf(info.connected_slaves),
    // INFO tells how many are good only where some are required.
    minReplicas: numberOf(config['min-replicas-to-write']) ?? (info.min_slaves_good_slaves ? 1 : undefined),
    evictionPolicy: config['maxmemory-policy'] ?? info.maxmemory_policy,
    aof: aofOf(info, config),
    fsyncPausesOnRewrite: flagOf(config['no-appendfsync-on-rewrite']),
    aofWritten: flagOf(info.aof_last_write_status),
    saved: flagOf(info.rdb_last_bgsave_status),
    maxMemory: numberOf(config.maxmemory ?? info.maxmemory),
    usedMemory: numberOf(info.used_memory),
    machineMemory: numberOf(info.total_system_memory),
    idleTimeoutS: numberOf(config.timeout),
    scripts: scripts === undefined ? 'denied' : 'allowed',
    keys,
  };
}

type Settings = Readonly<Record<string, string | undefined>>;

/** Undefined where the server refuses the command itself; a lost connection is thrown. */
async function unlessDenied<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && DENIED.test(error.message)) return undefined;
    throw error;
  }
}

async function readInfo(client: Redis): Promise<Settings> {
  const text = await unlessDenied(client.info());
  const pairs = (text ?? '').split(/\r?\n/).flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
  });
  return Object.fromEntries(pairs);
}

async function readConfig(client: Redis): Promise<Settings> {
  // One name at a time: several names in one CONFIG GET need Redis 7.
  const pairs = await Promise.all(
    CONFIG_NAMES.map(async (name): Promise<[string, string][]> => {
      const reply = await unlessDenied(client.config('GET', name));
      const value = Array.isArray(reply) ? reply[1] : undefined;
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  return Object.fromEntries(pairs.flat());
}

async function readKeys(client: Redis, prefix: string): Promise<RedisFacts['keys']> {
  try {
    return (await unlessDenied(client.exists(`${prefix}:schema`))) === undefined ? 'denied' : 'allowed';
  } catch (error) {
    const moved = error instanceof Error ? /^MOVED \d+ (\S+)/.exec(error.message)?.[1] : undefined;
    if (moved === undefined) throw error;
    return { elsewhere: moved };
  }
}

function aofOf(info: Settings, config: Settings): RedisFacts['aof'] {
  const enabled = config.appendonly ?? info.aof_enabled;
  if (enabled === undefined) return undefined;
  if (enabled === 'no' || enabled === '0') return 'off';
  const { appendfsync: fsync } = config;
  return fsync === 'always' || fsync === 'everysec' || fsync === 'no' ? fsync : 'on';
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'yes' || text === 'ok';
}
