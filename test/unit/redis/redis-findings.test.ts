import { expect, test } from 'vitest';
import type { RedisFacts } from '../../../src/adapters/redis-facts.js';
import { findingsOf } from '../../../src/adapters/redis-findings.js';

const GIB = 1024 ** 3;

/** A Redis as the documents ask for. */
const fit: RedisFacts = {
  infoDenied: false,
  configDenied: false,
  version: '7.0.15',
  mode: 'standalone',
  role: 'master',
  master: undefined,
  replicas: 0,
  minReplicas: 0,
  evictionPolicy: 'noeviction',
  aof: 'always',
  fsyncPausesOnRewrite: false,
  aofWritten: true,
  saved: true,
  maxMemory: GIB,
  usedMemory: GIB / 10,
  machineMemory: 8 * GIB,
  idleTimeoutS: 0,
  scripts: 'allowed',
  keys: 'allowed',
};

const said = (facts: Partial<RedisFacts>, prefix = '{sy0}') =>
  findingsOf({ ...fit, ...facts }, prefix).map(({ level, what }) => `${level}: ${what}`);

test('nothing is said of a Redis that is as it should be', () => {
  expect(said({})).toEqual([]);
});

test.each<[what: string, facts: Partial<RedisFacts>, finding: string]>([
  ['a version below 6.2', { version: '6.0.16' }, 'error: Redis 6.0.16 is too old: BullMQ needs 6.2.'],
  ['a version 5', { version: '5.0.14' }, 'error: Redis 5.0.14 is too old: BullMQ needs 6.2.'],
  ['a version below 7', { version: '6.2.14' }, 'warning: Redis 6.2.14 works, with less than 7 would give.'],
  ['a version that is none', { version: 'unstable' }, 'info: Cannot verify the Redis version.'],
  ['90 % of maxmemory', { usedMemory: 0.9 * GIB }, 'warning: Its memory is 90 % full.'],
  ['more than maxmemory', { usedMemory: 1.2 * GIB }, 'warning: Its memory is 120 % full.'],
  [
    'no maxmemory on a small machine',
    { maxMemory: 0, machineMemory: 2 * GIB },
    'info: It has no maxmemory, on a small machine.',
  ],
  [
    'no maxmemory and most of the machine',
    { maxMemory: 0, usedMemory: 6 * GIB },
    'warning: It has no maxmemory and uses 75 % of its machine.',
  ],
  ['several replicas', { replicas: 2 }, 'error: It has 2 replicas and min-replicas-to-write 0.'],
])('%s is said', (_what, facts, finding) => {
  expect(said(facts)).toEqual([finding]);
});

test.each<[what: string, facts: Partial<RedisFacts>]>([
  ['89 % of maxmemory', { usedMemory: 0.89 * GIB }],
  ['no maxmemory on a machine with room', { maxMemory: 0 }],
  ['no maxmemory where the machine is not told', { maxMemory: 0, machineMemory: undefined }],
  ['replicas of which one is required', { replicas: 2, minReplicas: 1 }],
  ['a required replica that is not there yet', { replicas: 0, minReplicas: 1 }],
  ['a prefix without braces outside of a Cluster', {}],
])('%s is not', (_what, facts) => {
  expect(said(facts, 'sy')).toEqual([]);
});

test('what is refused stands first, and each finding says what it costs and what to do', () => {
  const findings = findingsOf(
    { ...fit, aof: 'off', idleTimeoutS: 5, role: 'slave', evictionPolicy: 'volatile-lru' },
    '{sy0}',
  );
  expect(findings.map(({ level }) => level)).toEqual(['error', 'error', 'warning', 'warning']);
  for (const { cost, mend } of findings) expect([cost, mend].every((text) => /^[A-Z].*[.}]$/.test(text))).toBe(true);
});
