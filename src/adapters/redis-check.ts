/**
 * Is this Redis fit to hold runs? Asked once at start: a wrong eviction policy loses jobs in silence, weeks later.
 */
import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';

/** BullMQ 6 needs 6.2; 7 adds exact blocking timeouts and the multi-part AOF. */
const MINIMUM_VERSION = [6, 2] as const;
const RECOMMENDED_MAJOR = 7;

export interface RedisFinding {
  /** `error`: runs would be lost, it is refused. `warning`: works, with a cost that is named. `info`: could not be verified. */
  readonly level: 'error' | 'warning' | 'info';
  readonly what: string;
  /** The line that mends it. */
  readonly mend: string;
}

export interface RedisReport {
  readonly version: string | undefined;
  /** `maxmemory-policy`; undefined where the server tells neither by CONFIG nor by INFO. */
  readonly evictionPolicy: string | undefined;
  /** `appendfsync` where it is known and the AOF is on, else on or off; undefined where the server does not tell. */
  readonly aof: 'always' | 'everysec' | 'no' | 'on' | 'off' | undefined;
  readonly findings: readonly RedisFinding[];
}

/**
 * Asks INFO, and CONFIG where the server lets us; managed services and ACLs often deny one of them.
 *
 * @throws whatever the connection throws; a denied command is a finding, not an error
 */
export async function checkRedis(client: Redis): Promise<RedisReport> {
  const [info, config] = await Promise.all([readInfo(client), readConfig(client)]);
  const version = info.get('redis_version');
  const evictionPolicy = config.get('maxmemory-policy') ?? info.get('maxmemory_policy');
  const aof = aofOf(info, config);
  const findings = [versionFinding(version), evictionFinding(evictionPolicy), aofFinding(aof)];
  return { version, evictionPolicy, aof, findings: findings.filter((finding) => finding !== undefined) };
}

/**
 * {@link checkRedis}, and refuses a Redis that would lose runs.
 *
 * @throws SwitchyardError REDIS_UNSUITABLE with each error and the line that mends it
 */
export async function assertRedisSuitable(client: Redis): Promise<RedisReport> {
  const report = await checkRedis(client);
  const errors = report.findings.filter((finding) => finding.level === 'error');
  if (errors.length > 0) {
    const lines = errors.map((finding) => `${finding.what} ${finding.mend}`);
    throw new SwitchyardError('REDIS_UNSUITABLE', `This Redis is refused. ${lines.join(' ')}`);
  }
  return report;
}

type Settings = ReadonlyMap<string, string>;

const DENIED = /NOPERM|unknown command|unknown subcommand|not allowed|disabled|ERR unknown/i;

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
  return new Map(pairs);
}

async function readConfig(client: Redis): Promise<Settings> {
  const settings = new Map<string, string>();
  // One name at a time: several names in one CONFIG GET need Redis 7.
  for (const name of ['maxmemory-policy', 'appendonly', 'appendfsync']) {
    const reply = await unlessDenied(client.config('GET', name));
    const value = Array.isArray(reply) ? reply[1] : undefined;
    if (typeof value === 'string') settings.set(name, value);
  }
  return settings;
}

function aofOf(info: Settings, config: Settings): RedisReport['aof'] {
  const enabled = config.get('appendonly') ?? info.get('aof_enabled');
  if (enabled === undefined) return undefined;
  if (enabled === 'no' || enabled === '0') return 'off';
  const fsync = config.get('appendfsync');
  return fsync === 'always' || fsync === 'everysec' || fsync === 'no' ? fsync : 'on';
}

function versionFinding(version: string | undefined): RedisFinding | undefined {
  const [major, minor] = (version ?? '').split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major)) {
    return {
      level: 'info',
      what: 'Cannot verify the Redis version: INFO is denied.',
      mend: 'It must be 6.2 or newer.',
    };
  }
  if (major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1])) {
    return {
      level: 'error',
      what: `Redis ${version} is too old: BullMQ needs 6.2.`,
      mend: 'Upgrade it to Redis 7 or Valkey 8.',
    };
  }
  if (major >= RECOMMENDED_MAJOR) return undefined;
  return {
    level: 'warning',
    what: `Redis ${version} works, but an idle worker wakes less exactly for delayed jobs than with 7.`,
    mend: 'Upgrade it to Redis 7 or Valkey 8 when you can.',
  };
}

function evictionFinding(policy: string | undefined): RedisFinding | undefined {
  if (policy === 'noeviction') return undefined;
  const mend =
    'Run `redis-cli CONFIG SET maxmemory-policy noeviction` and put `maxmemory-policy noeviction` into redis.conf; a managed service has it among its parameters.';
  if (policy === undefined) {
    return { level: 'info', what: 'Cannot verify the eviction policy: CONFIG and INFO are denied.', mend };
  }
  return {
    level: 'error',
    what: `Its maxmemory-policy is ${policy}: when memory runs short it deletes jobs and saga logs, and runs are lost without a trace.`,
    mend,
  };
}

function aofFinding(aof: RedisReport['aof']): RedisFinding | undefined {
  const mend =
    'Run `redis-cli CONFIG SET appendonly yes` and put `appendonly yes` and `appendfsync everysec` into redis.conf.';
  switch (aof) {
    case 'always':
    case 'everysec':
    case 'on':
      return undefined;
    case undefined:
      return { level: 'info', what: 'Cannot verify the append-only file: CONFIG and INFO are denied.', mend };
    case 'off':
      return {
        level: 'warning',
        what: 'The append-only file is off: a crash of Redis loses every run since its last snapshot, while the effects of those runs stay.',
        mend,
      };
    case 'no':
      return {
        level: 'warning',
        what: 'appendfsync is no: a power loss takes whatever the operating system had not written yet, often 30 s of runs.',
        mend,
      };
  }
}
