/**
 * Is this Redis fit to hold runs? Asked once at start: a wrong eviction policy loses jobs in silence, weeks later. What it
 * is asked stands in `redis-facts.ts`, what each answer means in `redis-findings.ts`; docs/redis.md is the table of both.
 */
import type { Redis } from 'ioredis';
import { DEFAULT_PREFIX } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { type RedisFacts, readRedisFacts } from './redis-facts.js';
import { findingsOf, type RedisFinding } from './redis-findings.js';

export interface RedisReport extends RedisFacts {
  readonly findings: readonly RedisFinding[];
}

/** @throws whatever the connection throws; a denied command is a finding, not an error */
export async function checkRedis(client: Redis, prefix: string = DEFAULT_PREFIX): Promise<RedisReport> {
  const facts = await readRedisFacts(client, prefix);
  return { ...facts, findings: findingsOf(facts, prefix) };
}

/**
 * {@link checkRedis}, and refuses a Redis that would lose runs.
 *
 * @throws SwitchyardError REDIS_UNSUITABLE with each error, its cost and the line that mends it
 */
export async function assertRedisSuitable(client: Redis, prefix: string = DEFAULT_PREFIX): Promise<RedisReport> {
  const report = await checkRedis(client, prefix);
  const errors = report.findings.filter((finding) => finding.level === 'error');
  if (errors.length > 0) {
    const lines = errors.map(({ what, cost, mend }) => `${what} ${cost} ${mend}`);
    throw new SwitchyardError('REDIS_UNSUITABLE', `This Redis is refused. ${lines.join(' ')}`);
  }
  return report;
}
