/**
 * Our processor inside a Worker that a team has. The Worker is theirs: when it is started, paused and closed, and which
 * connection it has. What happens to a job of ours is what happens to it in a worker of ours: the same handler, fence, log and
 * crash bound. A Worker whose settings break a promise is refused its first job of ours, which is put back for another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { toSwitchyardError } from '../errors.js';
import type { HostedWorkerOptions, Verdict } from '../hosted-settings.js';
import type { RedisKeys } from '../names.js';
import type { Logger } from '../ports.js';
import type { BullmqJob } from './bullmq-job.js';
import { type Isolation, letIn } from './isolation.js';
import { isForward, type JobHandler, LOCK_LOST, putBackMs, RUN_STOPS } from './job.js';
import { processJob, putBack } from './worked-job.js';

/** A job as BullMQ passes it to a processor, whichever copy of BullMQ made it. */
export interface HostedJob extends BullmqJob {
  readonly queueName: string;
}

/** To be given to `new Worker(queue, processor, options)`. */
export type HostedProcessor = (job: HostedJob, token?: string, signal?: AbortSignal) => Promise<unknown>;

export interface HostedProcessorOptions {
  readonly keys: RedisKeys;
  readonly isolation: Isolation;
  readonly logger: Logger;
  /** What runs a queue's jobs: resolves once they may be run, Redis suits us, and stops are heard. */
  readonly handlers: () => Promise<(queue: string) => JobHandler>;
  /** To be told the data of each job of ours that has ended for good. */
  readonly onEnded: (data: unknown) => void;
  /** Whether this processor is for the job; another worker has it otherwise. */
  readonly isFor: (data: unknown) => boolean;
  readonly judge: (options: HostedWorkerOptions) => Verdict;
  /** What to do with jobs that are none of ours. */
  readonly otherwise: HostedProcessor | undefined;
}

export interface Hosted {
  readonly process: HostedProcessor;
  stopRun(run: string): void;
}

/** The part of a Worker that is used. */
interface HostedWorker {
  readonly opts: HostedWorkerOptions;
  on(event: 'lockRenewalFailed', listener: (jobs: readonly string[]) => void): unknown;
  on(event: 'completed' | 'failed', listener: (job: EndedJob | undefined) => void): unknown;
}

interface EndedJob {
  readonly data: unknown;
  /** Not yet, where it is tried again. */
  readonly finishedOn?: number | undefined;
}

export function createHostedProcessor(options: HostedProcessorOptions): Hosted {
  const { logger, keys } = options;
  const active = new Map<BullmqJob, AbortController>();
  const known = new WeakMap<object, boolean>();
  const handed = new Set<string>();

  /** Whether the Worker that has this job may run ours; what is wrong is said once. */
  function isFit(job: HostedJob): boolean {
    const worker = workerOf(job);
    if (!worker) return true;
    const before = known.get(worker);
    if (before !== undefined) return before;
    const { broken: unfit, costly } = options.judge(worker.opts);
    const broken = countsCrashes(job) ? unfit : [TOO_OLD, ...unfit];
    const fields = { queue: job.queueName };
    for (const what of costly) logger.warn(fields, `this Worker runs stages, at a price: ${what}`);
    for (const what of broken)
      logger.error(fields, `this Worker runs no stages: ${what}. Make its options by sy.workerOptions()`);
    known.set(worker, broken.length === 0);
    const tell = (ended: EndedJob | undefined): void => {
      if (ended?.finishedOn && isOurs(ended.data)) options.onEnded(ended.data);
    };
    worker.on('completed', tell);
    worker.on('failed', tell);
    worker.on('lockRenewalFailed', (ids) => {
      for (const [held, controller] of active) if (ids.includes(held.id ?? '')) controller.abort(LOCK_LOST);
    });
    return broken.length === 0;
  }

  async function run(
    handler: JobHandler,
    job: HostedJob,
    token: string,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const own = new AbortController();
    const both = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
    active.set(job, own);
    const entered = await letIn(options.isolation, logger, job, both);
    try {
      if ('keptOutMs' in entered) return await putBack(job, token, entered.keptOutMs);
      return await processJob({ queue: job.queueName, keys, handler, logger }, job, token, both, () => {});
    } finally {
      if ('leave' in entered) entered.leave();
      active.delete(job);
    }
  }

  /** That Redis does not suit us, or this Switchyard is closed, is no failure of the job. */
  async function handlers(job: HostedJob): Promise<((queue: string) => JobHandler) | undefined> {
    try {
      return await options.handlers();
    } catch (thrown) {
      const { code, message } = toSwitchyardError(thrown);
      logger.error({ queue: job.queueName, job: job.id, code }, `the job is put back: ${message}`);
      return undefined;
    }
  }

  return {
    // Three declared parameters: BullMQ passes the signal only to a processor whose length says that it takes one.
    async process(job: HostedJob, token: string | undefined, signal: AbortSignal | undefined) {
      const fit = isFit(job);
      if (options.otherwise && !isOurs(job.data)) return await options.otherwise(job, token, signal);
      const handlerOf = fit ? await handlers(job) : undefined;
      if (handlerOf && options.isFor(job.data)) return await run(handlerOf(job.queueName), job, token ?? '', signal);
      if (handlerOf && !handed.has(job.queueName)) {
        handed.add(job.queueName);
        logger.warn({ queue: job.queueName, job: job.id }, NOT_MINE);
      }
      return await handOn(job, token ?? '');
    },
    stopRun(run) {
      for (const [{ data }, controller] of active) if (isForward(data, run)) controller.abort(RUN_STOPS);
    },
  };
}

/**
 * Puts a job back that another Worker is to have. All that sleep on the queue learn when it is due and fetch it in the same moment,
 * and the one whose connection is oldest wins each time: this one, perhaps. So every other time it is due at once, while this
 * Worker's place is still taken.
 */
async function handOn(job: HostedJob, token: string): Promise<never> {
  const attempt = Math.max(1, job.attemptsStarted);
  if (attempt % 2 === 0) return await putBack(job, token, putBackMs(attempt));
  try {
    return await putBack(job, token, 0);
  } finally {
    await delay(STEP_ASIDE_MS);
  }
}

/** How long this Worker lets others go first. */
const STEP_ASIDE_MS = 100;

const NOT_MINE =
  'this queue has stages that sy.processor() was not made for; they are put back for another worker. Name their tasks too, or make it with none for all';

/** The Worker that holds a job; BullMQ keeps it with the job, under a name that its types hide. */
function workerOf(job: HostedJob): HostedWorker | undefined {
  const held: unknown = Reflect.get(job, 'queue');
  return isWorker(held) ? held : undefined;
}

function isWorker(held: unknown): held is HostedWorker {
  if (typeof held !== 'object' || held === null || !('opts' in held) || !('on' in held)) return false;
  return typeof held.opts === 'object' && held.opts !== null && typeof held.on === 'function';
}

/** Whether a job is of a run, by what every release of ours writes into it. */
function isOurs(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'v' in data && 'run' in data && 'workflow' in data;
}

const TOO_OLD = 'its BullMQ does not count crashes, and the bound on them could not be kept; upgrade it to BullMQ 6';

function countsCrashes({ attemptsStarted, stalledCounter }: Partial<HostedJob>): boolean {
  return [attemptsStarted, stalledCounter].every((count) => typeof count === 'number');
}
