/**
 * A worker that a team has already, as a task: `fromQueue('crm', { job: 'lookup', … })` stands as a branch, a route or an
 * escalation, and their worker runs it like every other job of theirs. It knows nothing of us: its retries, locks and stalls
 * are its own queue's, and what it returns is checked when the run reads it.
 *
 * Not as an effect of a saga: such a worker records no intent before it acts, so nobody could tell afterwards whether an
 * effect has to be undone.
 */
import type { z } from 'zod';
import { type Duration, MAX_DELAY_MS, TASK_DEFAULTS, toMsWithin } from './config.js';
import { SwitchyardError } from './errors.js';
import type { ForeignJob, KeepJobs, Task } from './task.js';

/** A task that another's worker runs. */
export type QueueTask<In = never, Out = unknown> = Task<In, Out> & { readonly foreign: ForeignJob };

interface QueueTaskSpec<In extends z.ZodType, Out extends z.ZodType> {
  /** Prefix of the queue's keys. Default `bull`, as BullMQ has it. In a Redis Cluster it must share our prefix's hash tag. */
  readonly prefix?: string;
  /** Name of the job. */
  readonly job: string;
  /** What their processor finds as `job.data`. Checked before the job is added: what it refuses is INVALID_INPUT. */
  readonly input: In;
  /** What their processor returns. What this refuses is a failed stage, BAD_OUTPUT. */
  readonly output: Out;
  /** Attempts in all. Default 1, as for any job that is added without: whether theirs bears repeating only they know. */
  readonly attempts?: number;
  /** Wait before the next attempt, as BullMQ reckons it: the same each time, or doubled. Default: none. */
  readonly backoff?: { readonly type?: 'fixed' | 'exponential'; readonly delay: Duration };
  /** In their queue, where jobs without one come first. Default: none. */
  readonly priority?: number;
  /**
   * How long their queue keeps ended jobs: give what its own producers give, since BullMQ cleans the whole queue by the job
   * that ends. Default: not set, for as long as somebody removes them.
   */
  readonly removeOnComplete?: KeepJobs;
  readonly removeOnFail?: KeepJobs;
}

/** BullMQ's own bound. */
const MAX_PRIORITY = 2 ** 21;

/**
 * A worker of BullMQ 5.7.5 or newer, untouched, as a task.
 * @throws SwitchyardError INVALID_DEFINITION
 */
export function fromQueue<In extends z.ZodType, Out extends z.ZodType>(
  queue: string,
  spec: QueueTaskSpec<In, Out>,
): QueueTask<z.input<In>, z.output<Out>> {
  const { prefix = 'bull', job, attempts = 1, backoff, priority } = spec;
  const name = `${queue}.${job}`;
  assertSpec(name, [
    [isQueueName(queue), `queue "${queue}" is none of BullMQ's: its names have no ":"`],
    [
      prefix !== '' && !prefix.endsWith(':'),
      `prefix "${prefix}" is none: give what their workers have, such as "bull"`,
    ],
    [job !== '', 'job is empty: give the name that their processor knows'],
    [isWhole(attempts, 1), `attempts is ${attempts}; it must be a whole number from 1`],
    [priority === undefined || isWhole(priority, 1, MAX_PRIORITY), `priority is ${priority}; use 1 to ${MAX_PRIORITY}`],
  ]);
  const delay = (asked: Duration) =>
    toMsWithin(
      asked,
      { min: 0, max: MAX_DELAY_MS },
      { code: 'INVALID_DEFINITION', what: `task "${name}": backoff.delay` },
    );
  const foreign: ForeignJob = Object.freeze({
    prefix,
    job,
    ...(backoff && { backoff: { type: backoff.type ?? 'fixed', delay: delay(backoff.delay) } }),
    ...(priority !== undefined && { priority }),
    ...(spec.removeOnComplete !== undefined && { removeOnComplete: spec.removeOnComplete }),
    ...(spec.removeOnFail !== undefined && { removeOnFail: spec.removeOnFail }),
  });
  return Object.freeze({
    kind: 'task' as const,
    name,
    queue,
    input: spec.input,
    output: spec.output,
    attempts,
    // Neither is asked of a worker of ours: both are their queue's.
    backoff: TASK_DEFAULTS.backoff,
    timeoutMs: TASK_DEFAULTS.timeoutMs,
    effect: { kind: 'unsafe' as const },
    foreign,
    load: () =>
      Promise.reject(new Error(`"${name}" is run by a worker of queue ${prefix}:${queue}, and has no code here`)),
  });
}

function isQueueName(name: string): boolean {
  return name !== '' && !name.includes(':');
}

function isWhole(value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function assertSpec(name: string, rules: readonly (readonly [kept: boolean, fault: string])[]): void {
  const broken = rules.find(([kept]) => !kept);
  if (broken) throw new SwitchyardError('INVALID_DEFINITION', `task "${name}" (fromQueue): ${broken[1]}`);
}

/** Their queue, for messages: as it stands in Redis. */
export function describeQueue({ queue, foreign }: Pick<Task, 'queue' | 'foreign'>): string {
  return `${foreign?.prefix}:${queue}`;
}
