/** Gathers what is known of a prefix once its runs have ended, as the history that the checker takes. */
import type { Redis } from 'ioredis';
import { createRunIndex } from '../../src/adapters/run-index.js';
import { createRunLog } from '../../src/adapters/run-log.js';
import { createScriptRunner } from '../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../src/config.js';
import { createRegistry } from '../../src/engine/registry.js';
import type { Facts, RunStatus } from '../../src/facts.js';
import { RUNS_QUEUE, redisKeys } from '../../src/names.js';
import { tasksOf, type Workflow } from '../../src/orchestrators/definition.js';
import type { History, OpenJob, Telling } from '../../src/orchestrators/invariants/history.js';
import { type JournalLine, readJournals } from '../support/crash-strikes.js';

export type RedisEvidence = Pick<History, 'runs' | 'openJobs' | 'endings' | 'definition'>;

/** Every run that Redis knows, and those that it should know. */
export async function redisEvidence(
  redis: Redis,
  prefix: string,
  workflows: readonly Workflow[],
  expected: Iterable<string>,
): Promise<RedisEvidence> {
  const keys = redisKeys(prefix);
  const scripts = createScriptRunner(redis);
  const log = createRunLog(scripts, keys, RETENTION_DEFAULTS);
  const index = createRunIndex(scripts, keys);
  const ids = new Set(expected);
  let cursor: string | undefined;
  do {
    const page = await index.list({ limit: 200, ...(cursor !== undefined && { cursor }) });
    for (const { id } of page.runs) ids.add(id);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const runs = new Map<string, Facts>();
  for (const id of ids) {
    const facts = await log.read(id);
    if (facts) runs.set(id, facts);
  }
  return {
    runs,
    openJobs: await openJobs(redis, prefix, workflows),
    endings: await endings(redis, keys.settled),
    definition: createRegistry(workflows).find,
  };
}

const LISTS = ['active', 'wait', 'paused'] as const;
const SETS = ['delayed', 'prioritized', 'waiting-children'] as const;

/** Jobs that have not ended, of every queue of the workflows. Ids of children end in their stage, roots are their runs. */
export async function openJobs(
  redis: Redis,
  prefix: string,
  workflows: readonly Workflow[],
): Promise<readonly OpenJob[]> {
  const queues = new Set([RUNS_QUEUE, ...workflows.flatMap(tasksOf).map((task) => task.queue)]);
  const found: OpenJob[] = [];
  for (const queue of queues) {
    const name = (state: string) => `${prefix}:${queue}:${state}`;
    for (const state of LISTS) found.push(...jobsOf(queue, state, await redis.lrange(name(state), 0, -1)));
    for (const state of SETS) found.push(...jobsOf(queue, state, await redis.zrange(name(state), '0', '-1')));
  }
  return found;
}

const RUN_ID = /^.+?-\d+-[kt][0-9a-z]+/;

function jobsOf(queue: string, state: string, ids: readonly string[]): readonly OpenJob[] {
  // BullMQ keeps a marker in some lists.
  return ids.flatMap((job) => {
    const run = RUN_ID.exec(job)?.[0];
    return run === undefined ? [] : [{ run, job: `${queue}:${job}`, state }];
  });
}

async function endings(redis: Redis, stream: string): Promise<readonly Telling[]> {
  const entries = await redis.xrange(stream, '-', '+');
  return entries.map(([, [, run = '', , status = '']]) => ({ run, status: status as RunStatus }));
}

type Line<Kind extends JournalLine['kind']> = Extract<JournalLine, { kind: Kind }>;

export interface WorkerEvidence extends Pick<History, 'attempts' | 'writes'> {
  readonly struck: readonly Line<'struck'>[];
  readonly begun: readonly Line<'begun'>[];
  /** Writes that were refused, because another attempt had begun. */
  readonly refused: number;
  /** The most often that one job lost its worker. */
  readonly mostCrashes: number;
}

export function workerEvidence(folder: string): WorkerEvidence {
  const lines = readJournals(folder);
  const of = <Kind extends JournalLine['kind']>(kind: Kind) =>
    lines.filter((line): line is Line<Kind> => line.kind === kind);
  const begun = of('begun');
  const writes = of('write');
  return {
    begun,
    struck: of('struck'),
    attempts: begun.map(({ at, ...attempt }) => ({ ...attempt, begunAt: at })),
    writes: writes.map(({ at, ...write }) => ({ ...write, sentAt: at })),
    refused: writes.filter(({ accepted }) => !accepted).length,
    mostCrashes: Math.max(0, ...begun.map(({ crashes }) => crashes)),
  };
}
