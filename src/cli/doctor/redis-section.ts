/** Redis itself: fit or not, its clock, and whose data is in it. What each fact means stands in `redis-findings.ts`. */

import { readKeySchema } from '../../adapters/key-schema.js';
import type { openRedis } from '../../adapters/redis.js';
import { checkRedis } from '../../adapters/redis-check.js';
import { redisNow } from '../../adapters/redis-clock.js';
import { CLOCK_SKEW_LIMIT_MS } from '../../config.js';
import type { Registry } from '../../engine/registry.js';
import type { Project } from '../project.js';
import { type Finding, finding, ok } from './finding.js';

export interface Asked {
  readonly client: ReturnType<typeof openRedis>;
  readonly prefix: string;
  readonly project: Project;
  readonly registry: Registry;
}

export async function redisFindings({ client, prefix }: Asked): Promise<readonly Finding[]> {
  const report = await checkRedis(client, prefix);
  const facts = [
    `version ${report.version ?? 'unknown'}`,
    `eviction ${report.evictionPolicy ?? 'unknown'}`,
    `append-only file ${report.aof ?? 'unknown'}`,
    report.replicas === undefined || report.replicas === 0 ? 'no replica' : `${report.replicas} replicas`,
  ];
  return [
    ok('redis', facts.join(', ')),
    ...report.findings.map(({ level, what, cost, mend }) => finding(level, 'redis', `${what} ${cost}`, mend)),
    await clockFinding(client),
    await schemaFinding(client, prefix),
  ];
}

async function clockFinding(client: Asked['client']): Promise<Finding> {
  const before = Date.now();
  const theirs = await redisNow(client);
  const after = Date.now();
  // Asked somewhere between the two: only what lies outside of them is certain.
  const offMs = theirs < before ? before - theirs : Math.max(0, theirs - after);
  if (offMs <= CLOCK_SKEW_LIMIT_MS) return ok('redis', "this machine's clock agrees with that of Redis");
  return finding(
    'error',
    'redis',
    `This machine's clock and that of Redis are ${offMs} ms apart: a worker here takes no jobs.`,
    'Set both by NTP (`timedatectl set-ntp true`).',
  );
}

async function schemaFinding(client: Asked['client'], prefix: string): Promise<Finding> {
  const { found, by, ours } = await readKeySchema(client, prefix);
  if (found === undefined) return ok('redis', `nothing is stored under ${prefix} yet`);
  if (found === String(ours)) return ok('redis', `what is stored under ${prefix} has version ${found}`);
  const newer = Number(found) > ours;
  return finding(
    newer ? 'error' : 'info',
    'redis',
    `What is stored under ${prefix} has version ${found}, by release ${by ?? 'unknown'}; this release knows ${ours}.`,
    newer
      ? 'Install that release or a later one, or use another `prefix`.'
      : 'The next start brings it to this version: stop earlier releases first.',
  );
}
