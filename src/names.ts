/** Every name that is stored: ids, queues, Redis keys. Whoever changes one changes what an upgrade finds in Redis. */
import { createHash, randomBytes } from 'node:crypto';

/** Roots of all runs. */
export const RUNS_QUEUE = 'runs';

/** Questions to people. No worker serves it: a run that asks one is parked by it. */
export const ATTENTION_QUEUE = 'attention';

/** Waits for a signal from outside. No worker serves it either. */
export const SIGNALS_QUEUE = 'signals';

/** News of ended runs for programs elsewhere; served where callbacks are configured. */
export const CALLBACKS_QUEUE = 'callbacks';

/** Our queues that no definition names: whoever looks after runs looks at these too. */
export const OWN_QUEUES = [ATTENTION_QUEUE, SIGNALS_QUEUE, CALLBACKS_QUEUE] as const;

/** Shard of every run for now: one Redis. It stands in each id so that ids stay valid when there are more. */
const SHARD = 0;

/**
 * A run's id: the workflow, the shard, then a digest of the key, or the time and randomness without one. Ids without a
 * key sort by time; two runs in one millisecond still differ.
 */
export function newRunId(workflow: string, key: string | undefined, now: number): string {
  if (key === undefined) {
    return `${workflow}-${SHARD}-t${now.toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`;
  }
  const digest = createHash('sha256').update(`${workflow}\0${key}`).digest('hex').slice(0, 24);
  return `${workflow}-${SHARD}-k${digest}`;
}

/** A run's id taken apart, or undefined when it is none. */
export function parseRunId(id: string): { readonly workflow: string; readonly shard: number } | undefined {
  const match = /^(.+)-(\d+)-[kt][0-9a-z]+$/.exec(id);
  return match?.[1] && match[2] ? { workflow: match[1], shard: Number(match[2]) } : undefined;
}

export function stageJobId(run: string, stage: string): string {
  return `${run}-${stage}`;
}

/** A clock of a run: a job in the queue of the roots, without a parent, which it would keep parked. `~` is in no stage's name. */
export function timerJobId(run: string, timer: string): string {
  return `${run}-~${timer}`;
}

/** The job that tells of a run's end: of each, where it was retried in its place. */
export function callbackJobId(run: string, delivery: number): string {
  return `${run}-~callback.${delivery}`;
}

/** Which end of which run a job of queue `callbacks` tells of, by its key; undefined for one that is none of ours. */
export function callbackOfJobKey(jobKey: string): { readonly run: string; readonly delivery: number } | undefined {
  const match = /:([^:]+)-~callback\.(\d+)$/.exec(jobKey);
  return match?.[1] ? { run: match[1], delivery: Number(match[2]) } : undefined;
}

/** The clock of a job of the queue of the roots. */
export function timerOfJobKey(run: string, jobKey: string): string {
  return stageOfJobKey(run, jobKey).slice(1);
}

/** The stage of a child, from its BullMQ key `<prefix>:<queue>:<run>-<stage>`. */
export function stageOfJobKey(run: string, jobKey: string): string {
  return jobKey.slice(jobKey.lastIndexOf(':') + 1 + run.length + 1);
}

/** Whether a job's key is none of a queue of ours, `<prefix>:<queue>:<id>`: neither a queue nor an id has a `:`. */
export function isForeignJob(prefix: string, jobKey: string): boolean {
  if (!jobKey.startsWith(`${prefix}:`)) return true;
  return jobKey.slice(prefix.length + 1).split(':').length !== 2;
}

/** The key that every attempt of one effect gives to its tool. `call` counts a task's calls from 1. */
export function effectKey(run: string, stage: string, call: string | number): string {
  return `${run}/${stage}/${call}`;
}

/** An effect's key taken apart, or undefined when it is none of ours. */
export function parseEffectKey(
  key: string,
): { readonly run: string; readonly workflow: string; readonly stage: string; readonly call: string } | undefined {
  const [run = '', stage = '', call = '', ...more] = key.split('/');
  const workflow = parseRunId(run)?.workflow;
  if (workflow === undefined || stage === '' || call === '' || more.length > 0) return undefined;
  return { run, workflow, stage, call };
}

/** Whether the run was started with a key, so that the same key makes the same run again. */
export function isKeyedRunId(id: string): boolean {
  return /-k[0-9a-f]+$/.test(id);
}

/** Redis keys of one shard. BullMQ's own are `<prefix>:<queue>:…`, so no queue may have one of their names. */
export function redisKeys(prefix: string) {
  const index = `${prefix}:index`;
  return {
    prefix,
    /** Hash: everything of ours about one run. */
    log: (run: string) => `${prefix}:log:${run}`,
    /** Hash of BullMQ's: the run's root job. */
    root: (run: string) => `${prefix}:${RUNS_QUEUE}:${run}`,
    job: (queue: string, id: string) => `${prefix}:${queue}:${id}`,
    lock: (queue: string, id: string) => `${prefix}:${queue}:${id}:lock`,
    /** Sorted sets of run ids by time of acceptance: all; and by `workflow`, `status`, or both, with `*` for any. */
    index: (workflow: string, status: string) => `${index}:${workflow}:${status}`,
    indexBase: index,
    /** Sorted set of run ids by time of acceptance: those with the tag `name=value`. No workflow's name begins with `~`. */
    tagged: (tag: string) => `${index}:~tag:${tag}`,
    /** Hash: the tags of each run that has some, for as long as it stands in the index. */
    tags: `${index}:~tags`,
    /** Hash: since when a workflow is paused, by whom and why; the same of queues. And the channel on which workers are told. */
    paused: `${index}:~paused`,
    pausedQueues: `${index}:~paused-queues`,
    pauses: `${index}:~pauses`,
    /** Hashes: schedules, and what became of their ticks, by name. */
    schedules: `${index}:~schedules`,
    ticks: `${index}:~ticks`,
    /** Hash: who set the limits of a queue, its configuration or a command. */
    limits: `${index}:~limits`,
    /** Sorted set of keys of jobs that are to tell of a run's end, by the time of that end, until they have. */
    untold: `${index}:~untold`,
    /** String: what such a job tells, or that it has. Apart from the job, which somebody may remove. */
    told: (run: string, delivery: number) => `${prefix}:${CALLBACKS_QUEUE}:${callbackJobId(run, delivery)}:told`,
    /** Sorted set of keys of jobs that are held back while their workflow is paused. */
    held: (workflow: string) => `${index}:~held:${workflow}`,
    /** Stream: one entry each time a run ends, or stops until a person has answered. */
    settled: `${prefix}:settled`,
    /** Hash: the version of all of this. */
    schema: `${prefix}:schema`,
    /** String with a limit of time: a process has just looked for lost runs. */
    reconciler: `${prefix}:reconciler`,
    /** Set of runs that are to stop and have not ended; and the channel on which workers are told. */
    stopping: `${prefix}:stopping`,
    stops: `${prefix}:stops`,
  };
}

export type RedisKeys = ReturnType<typeof redisKeys>;

export const RESERVED_QUEUES: ReadonlySet<string> = new Set([
  RUNS_QUEUE,
  ...OWN_QUEUES,
  'log',
  'index',
  'schema',
  'settled',
  'reconciler',
  'stopping',
  'stops',
]);
