/** A run to write to, once in Redis and once in memory: what the suite of this folder is run against. */
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.js';
import { createRunLog } from '../../../src/adapters/run-log.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS, type Retention } from '../../../src/config.js';
import type { SwitchyardError } from '../../../src/errors.js';
import { type RedisKeys, redisKeys, timerJobId } from '../../../src/names.js';
import type { WorkflowDefinition } from '../../../src/orchestrators/definition.js';
import type { AppendStages, StopRun } from '../../../src/orchestrators/move.js';
import type { OperatorRequest } from '../../../src/orchestrators/operate.js';
import { runTimers } from '../../../src/orchestrators/waits.js';
import type { Fence, RunLog } from '../../../src/ports.js';
import type { Handled } from '../../../src/processors/job.js';
import { acceptRun } from '../../../src/queues/accept-run.js';
import { createAnswers } from '../../../src/queues/answer-stage.js';
import { createAppendStages } from '../../../src/queues/append-stages.js';
import { createQueuePool } from '../../../src/queues/queue-pool.js';
import { createRunControl } from '../../../src/queues/run-control.js';
import { createRunJobs } from '../../../src/queues/run-jobs.js';
import type { Said } from '../../../src/queues/said.js';
import { createStopRun } from '../../../src/queues/stop-run.js';
import { firstStages, recordFields, unstarted } from '../../../src/queues/unstarted-run.js';
import type { StageResult } from '../../../src/schema.js';
import { createMemoryLog } from '../../../src/testing/memory-log.js';
import { MemoryQueue } from '../../../src/testing/memory-queue.js';
import { MemoryRun } from '../../../src/testing/memory-run.js';
import { createMemoryWords } from '../../../src/testing/memory-words.js';
import { useRedis } from '../../support/redis.js';

/** How a child's job ended. */
export type JobEnd = StageResult | SwitchyardError;

type SaidOfStage = Said & { readonly stage?: string };

export interface Subject {
  readonly run: string;
  readonly definition: WorkflowDefinition;
  readonly log: RunLog;
  readonly append: AppendStages;
  readonly stop: StopRun;
  /** Holds the lock, and has lost it. */
  readonly fence: Fence;
  readonly late: Fence;
  approve(said?: SaidOfStage): Promise<unknown>;
  reject(said?: SaidOfStage): Promise<unknown>;
  signal(stage: string, value: unknown): Promise<unknown>;
  atDeadline(stage: string): Promise<unknown>;
  say(request: OperatorRequest): Promise<unknown>;
  reopen(said?: Said): Promise<boolean>;
  /** A worker has run the child's job. */
  endJob(stage: string, end: JobEnd): Promise<void>;
  /** A worker has completed the root. */
  endRoot(): Promise<void>;
  /** What some other script has written. */
  set(field: string, value: string): Promise<void>;
  setClocks(clocks: Readonly<Record<string, number>>): Promise<void>;
}

export interface RedisSubject extends Subject {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** The same with another retention. */
  readonly logWith: (retention: Retention) => RunLog;
}

const START = { key: 'k', priority: 'HIGH' } as const;

export async function inRedis(definition: WorkflowDefinition, input: unknown = { n: 1 }): Promise<RedisSubject> {
  const { redis, prefix } = useRedis();
  const keys = redisKeys(prefix);
  const scripts = createScriptRunner(redis);
  const queues = createQueuePool(redis, prefix, () => undefined);
  onTestFinished(() => queues.close());
  const jobs = createRunJobs(queues, RETENTION_DEFAULTS);
  const { id: run } = await acceptRun({ scripts, keys, jobs, clock: systemClock }, definition, input, START);
  const fence = { lockKey: keys.lock('tasks', `${run}-pay`), token: 'the attempt that holds it' };
  await redis.set(fence.lockKey, fence.token);
  const logWith = (retention: Retention) => createRunLog(scripts, keys, retention);
  const log = logWith(RETENTION_DEFAULTS);
  const stop = createStopRun(scripts, keys);
  const facing = { scripts, keys, jobs, log, stop, clock: systemClock, definition: () => definition };
  const [answers, control] = [createAnswers(facing), createRunControl(facing)];
  const root = keys.root(run);
  return {
    ...{ run, definition, log, logWith, stop, fence, redis, keys },
    append: createAppendStages(scripts, keys, jobs),
    late: { ...fence, token: 'an earlier attempt' },
    approve: (said) => answers.approve(run, said),
    reject: (said) => answers.reject(run, said),
    signal: (stage, value) => answers.signal(run, stage, value),
    atDeadline: (stage) => answers.answerAtDeadline(run, definition, stage),
    say: (request) => control.say(run, request),
    reopen: (said) => control.reopen(run, said),
    async endJob(stage, end) {
      const job = jobs.keyOf(definition, run, stage);
      await redis.srem(`${root}:dependencies`, job);
      if (end instanceof Error) await redis.hset(`${root}:failed`, job, end.toReason());
      else await redis.hset(`${root}:processed`, job, JSON.stringify(end));
    },
    async endRoot() {
      await redis.zrem(`${prefix}:runs:waiting-children`, run);
      await redis.zrem(`${prefix}:runs:prioritized`, run);
      await redis.zadd(`${prefix}:runs:completed`, 1, run);
    },
    async set(field, value) {
      await redis.hset(keys.log(run), field, value);
    },
    async setClocks(clocks) {
      const byJob = Object.entries(clocks).map(([name, due]) => [keys.job('runs', timerJobId(run, name)), String(due)]);
      await redis.hset(keys.log(run), 'clocks', JSON.stringify(Object.fromEntries(byJob)));
    },
  };
}

export async function inMemory(definition: WorkflowDefinition, input: unknown = { n: 1 }): Promise<Subject> {
  const facts = unstarted(definition, input, START, Date.now());
  const { id: run } = facts.record;
  const memory = new MemoryRun(run, recordFields(definition, facts.record));
  const queue = new MemoryQueue(memory, definition, Date.now);
  queue.begin(facts, firstStages(definition, facts), runTimers(definition.deadlineMs));
  const fence = { lockKey: 'the lock', token: 'the attempt that holds it' };
  memory.lock(fence);
  const log = createMemoryLog(memory);
  const words = createMemoryWords({ run: memory, queue, log, definition, clock: systemClock });
  const never = () => Promise.reject(new Error('nothing of this is due'));
  return {
    ...{ run, definition, log, fence, append: queue.append, stop: queue.stop },
    late: { ...fence, token: 'an earlier attempt' },
    approve: words.approve,
    reject: words.reject,
    signal: words.signal,
    atDeadline: words.answerAtDeadline,
    say: words.say,
    reopen: words.reopen,
    async endJob(stage, end) {
      const handled: Handled =
        end instanceof Error
          ? { kind: 'failed', error: end, final: true, delayMs: 0 }
          : { kind: 'completed', value: end };
      const notYet: Handled = { kind: 'put-back', afterMs: 3_600_000 };
      const isIt = (data: unknown) => typeof data === 'object' && data && 'stage' in data && data.stage === stage;
      const work = () =>
        queue.work({ root: never, timer: never, stage: async ({ data }) => (isIt(data) ? handled : notYet) });
      while ((await work()) === undefined);
    },
    async endRoot() {
      await queue.work({ stage: never, timer: never, root: async () => ({ kind: 'completed', value: null }) });
    },
    async set(field, value) {
      memory.fields.set(field, value);
    },
    async setClocks(clocks) {
      for (const [name, due] of Object.entries(clocks)) memory.noteClock(name, due);
    },
  };
}
