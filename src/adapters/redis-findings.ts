/** What the facts about a Redis mean for runs: each finding with its cost and the line that mends it. Pure. */
import type { RedisFacts } from './redis-facts.js';

export interface RedisFinding {
  /**
   * `error`: runs would be lost without a trace, or could not be kept at all; it is refused. `warning`: it works, at a
   * cost. `info`: an ordinary cost, or what could not be verified.
   */
  readonly level: 'error' | 'warning' | 'info';
  readonly what: string;
  readonly cost: string;
  /** The line that mends it. */
  readonly mend: string;
}

type Rule = (facts: RedisFacts, prefix: string) => RedisFinding | undefined;

/** BullMQ 6 needs 6.2; 7 adds exact blocking timeouts and the multi-part AOF. */
const MINIMUM_VERSION = [6, 2] as const;
const RECOMMENDED_MAJOR = 7;

/** Shares of memory from which a person should act: retained runs and a burst of new ones need what is left. */
const NEARLY_FULL = 0.9;
const MUCH_OF_A_MACHINE = 0.6;
const SMALL_MACHINE_BYTES = 2 * 1024 ** 3;

const error = (what: string, cost: string, mend: string): RedisFinding => ({ level: 'error', what, cost, mend });
const warning = (what: string, cost: string, mend: string): RedisFinding => ({ level: 'warning', what, cost, mend });
const info = (what: string, cost: string, mend: string): RedisFinding => ({ level: 'info', what, cost, mend });

/** Every finding, the refusals first. */
export function findingsOf(facts: RedisFacts, prefix: string): readonly RedisFinding[] {
  // A Sentinel answers few questions, and none about the Redis that it watches.
  const rules = facts.mode === 'sentinel' ? [isSentinel] : RULES;
  const order = ['error', 'warning', 'info'];
  return rules
    .flatMap((rule) => rule(facts, prefix) ?? [])
    .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

const isSentinel: Rule = () =>
  error(
    'A Sentinel answers at this address, and no Redis.',
    'It keeps no data.',
    'Pass the Sentinels and the name of their master: `{ sentinels: [{ host, port }], name }`.',
  );

const version: Rule = ({ version: text, infoDenied }) => {
  const [major, minor] = (text ?? '').split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major)) {
    return info(
      `Cannot verify the Redis version${infoDenied ? ': INFO is denied' : ''}.`,
      'Below 6.2 BullMQ does not work.',
      'It must be 6.2 or newer.',
    );
  }
  if (major < MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor < MINIMUM_VERSION[1])) {
    return error(
      `Redis ${text} is too old: BullMQ needs 6.2.`,
      'Its scripts fail.',
      'Upgrade it to Redis 7 or Valkey 8.',
    );
  }
  if (major >= RECOMMENDED_MAJOR) return undefined;
  return warning(
    `Redis ${text} works, with less than 7 would give.`,
    'An idle worker wakes less exactly for delayed jobs.',
    'Upgrade it to Redis 7 or Valkey 8 when you can.',
  );
};

const role: Rule = ({ role: found, master }) => {
  if (found !== 'slave') return undefined;
  return error(
    `This is a replica${master ? ` of ${master}` : ''}.`,
    'It takes no writes, or loses them when it next synchronises.',
    'Connect to the master; behind Sentinel pass `{ sentinels, name }`, which finds it after each failover.',
  );
};

const replication: Rule = ({ role: found, replicas = 0, minReplicas, configDenied }) => {
  if (found !== 'master' || replicas === 0 || (minReplicas ?? 0) > 0) return undefined;
  const cost =
    'A failover loses what the replica had not received, without a trace; a master cut off from its replicas goes on accepting runs that are lost.';
  const mend =
    'Run `redis-cli CONFIG SET min-replicas-to-write 1` and put `min-replicas-to-write 1` into redis.conf, on the replicas too.';
  if (minReplicas === undefined && configDenied) {
    return info('Cannot verify min-replicas-to-write: CONFIG is denied.', cost, mend);
  }
  return error(`It has ${replicas} replica${replicas === 1 ? '' : 's'} and min-replicas-to-write 0.`, cost, mend);
};

const cluster: Rule = ({ mode, keys }, prefix) => {
  if (mode !== 'cluster') return undefined;
  if (!/\{[^{}]+\}/.test(prefix)) {
    return error(
      `This is a node of a Redis Cluster, and the prefix "${prefix}" has no hash tag.`,
      'The keys of one run lie in many slots, and every script is refused.',
      'Put the prefix in braces, such as {sy0}.',
    );
  }
  if (typeof keys === 'object') {
    return error(
      `This is a node of a Redis Cluster, and another has the keys of ${prefix}: ${keys.elsewhere}.`,
      'Every command is refused.',
      `Connect to ${keys.elsewhere}.`,
    );
  }
  return warning(
    'This is one node of a Redis Cluster.',
    `When the slot of ${prefix} moves to another node, by a failover or by hand, every command is refused until the address is changed.`,
    'Connect by a name that follows the master of that slot, or use a Redis behind Sentinel.',
  );
};

const eviction: Rule = ({ evictionPolicy: policy }) => {
  if (policy === 'noeviction') return undefined;
  const mend =
    'Run `redis-cli CONFIG SET maxmemory-policy noeviction` and put `maxmemory-policy noeviction` into redis.conf; a managed service has it among its parameters.';
  const cost = 'When memory runs short it deletes jobs and saga logs, and runs are lost without a trace.';
  if (policy === undefined) return info('Cannot verify the eviction policy: CONFIG and INFO are denied.', cost, mend);
  return error(`Its maxmemory-policy is ${policy}.`, cost, mend);
};

const aof: Rule = ({ aof: found, configDenied }) => {
  const mend =
    'Run `redis-cli CONFIG SET appendonly yes` and put `appendonly yes` and `appendfsync everysec` into redis.conf.';
  const off = 'A crash of Redis loses every run since its last snapshot, while the effects of those runs stay.';
  const second = 'A power loss takes up to the last second of accepted runs, while their effects stay.';
  switch (found) {
    case 'always':
      return undefined;
    case 'everysec':
      return info(
        'appendfsync is everysec.',
        second,
        'Where that is too much, `redis-cli CONFIG SET appendfsync always`.',
      );
    case 'on':
      return info(
        `Cannot verify appendfsync${configDenied ? ': CONFIG is denied' : ''}.`,
        second,
        'Look for it among the parameters of the service.',
      );
    case undefined:
      return info('Cannot verify the append-only file: CONFIG and INFO are denied.', off, mend);
    case 'off':
      return warning('The append-only file is off.', off, mend);
    case 'no':
      return warning(
        'appendfsync is no.',
        'A power loss takes whatever the operating system had not written yet, often 30 s of runs.',
        'Run `redis-cli CONFIG SET appendfsync everysec` and put `appendfsync everysec` into redis.conf.',
      );
  }
};

const rewrite: Rule = ({ aof: found, fsyncPausesOnRewrite }) => {
  if (!fsyncPausesOnRewrite || (found !== 'always' && found !== 'everysec')) return undefined;
  return warning(
    'no-appendfsync-on-rewrite is yes.',
    'While the append-only file is rewritten nothing is synced: a power loss then takes what `appendfsync no` would.',
    'Run `redis-cli CONFIG SET no-appendfsync-on-rewrite no`.',
  );
};

const persistence: Rule = ({ aofWritten, saved }) => {
  const mend = "Look at its log and at its disk's free space; it goes on by itself once it can write.";
  if (aofWritten === false)
    return warning('Its last write of the append-only file failed.', 'It refuses every write: runs pause.', mend);
  if (saved !== false) return undefined;
  return warning(
    'Its last snapshot failed.',
    'Where `stop-writes-on-bgsave-error` is yes, it refuses every write: runs pause.',
    mend,
  );
};

const memory: Rule = ({ maxMemory, usedMemory = 0, machineMemory = 0 }) => {
  const share = (of: number) => `${Math.round((100 * usedMemory) / of)} %`;
  if (maxMemory !== undefined && maxMemory > 0) {
    if (usedMemory < NEARLY_FULL * maxMemory) return undefined;
    return warning(
      `Its memory is ${share(maxMemory)} full.`,
      'Full, it refuses every write: runs pause until there is room.',
      'Raise `maxmemory`, or keep ended runs for a shorter time (`retention`).',
    );
  }
  if (maxMemory === undefined || machineMemory === 0) return undefined;
  const cost = 'It grows until the system kills it; without an append-only file all is lost then.';
  const mend = 'Run `redis-cli CONFIG SET maxmemory <two thirds of the machine>` and put it into redis.conf.';
  if (usedMemory >= MUCH_OF_A_MACHINE * machineMemory)
    return warning(`It has no maxmemory and uses ${share(machineMemory)} of its machine.`, cost, mend);
  return machineMemory <= SMALL_MACHINE_BYTES
    ? info('It has no maxmemory, on a small machine.', cost, mend)
    : undefined;
};

const idle: Rule = ({ idleTimeoutS: seconds = 0 }) => {
  if (seconds === 0) return undefined;
  return warning(
    `It closes connections that were idle for ${seconds} s (timeout).`,
    'An idle producer connects anew before its next run, and each closed connection is a warning in the log.',
    'Run `redis-cli CONFIG SET timeout 0`; dead connections are found by `tcp-keepalive`.',
  );
};

const permissions: Rule = ({ scripts, keys }, prefix) => {
  if (scripts === 'allowed' && keys !== 'denied') return undefined;
  const what = scripts === 'denied' ? 'may not run scripts (EVAL, EVALSHA)' : `may not use the keys of ${prefix}`;
  return error(
    `This user of Redis ${what}.`,
    'Nothing can be accepted or worked on.',
    'Give it the rule in docs/security.md ("Least privilege in Redis").',
  );
};

const unverified: Rule = ({ configDenied, infoDenied }) => {
  if (!configDenied || infoDenied) return undefined;
  return info(
    'Cannot verify timeout: CONFIG is denied.',
    'Where it is set, idle connections are closed and made anew.',
    'Look for it among the parameters of the service.',
  );
};

const RULES: readonly Rule[] = [
  version,
  role,
  replication,
  cluster,
  eviction,
  permissions,
  aof,
  rewrite,
  persistence,
  memory,
  idle,
  unverified,
];
