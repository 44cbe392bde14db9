/** The only file that knows BullMQ's Worker: one for each queue that this process serves. */

import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job, Worker, type WorkerOptions } from 'bullmq';
import { delayOf } from '../attempt-failed.js';
import { toSwitchyardError } from '../errors.js';
import type { RedisKeys } from '../names.js';
import type { FinishEffect } from '../orchestrators/move.js';
import type { Logger } from '../ports.js';
import type { Telemetry } from '../telemetry.js';
import type { WorkerSettings } from '../worker-settings.js';
import { createAfterEnd } from './after-end.js';
import { createFinishing, type Finishing } from './finishing.js';
import { type Isolation, letIn } from './isolation.js';
import { isForward, type JobHandler, LOCK_LOST, putBackMs, RUN_STOPS } from './job.js';
import { processJob, putBack, STOPPING } from './worked-job.js';

export interface QueueWorkerOptions {
  readonly queue: string;
  readonly connection: WorkerOptions['connection'];
  readonly prefix: string;
  readonly keys: RedisKeys;
  /** Shown in Bull Board as the job's worker. */
  readonly name: string;
  readonly handler: JobHandler;
  readonly settings: WorkerSettings;
  /** Completes jobs with what else their ends say; without it that is written before. */
  readonly finish?: FinishEffect | undefined;
  /** Shared by all workers of a process: what ends one ends them all. */
  readonly isolation: Isolation;
  /** Told the data of each job that has ended for good here, once Redis has it; must not fail. */
  readonly onEnded?: (data: unknown) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** One queue's worker. `start` and `stop` may be called twice. */
export interface QueueWorker {
  readonly queue: string;
  start(): void;
  /** Takes no more jobs until `resume`; those that it has go on. Also before `start`. */
  pause(): void;
  resume(): void;
  /** Aborts what goes forward in this run; undos go on. */
  stopRun(run: string): void;
  /**
   * Takes no more jobs and lets the active ones end. After `graceMs` those that have not are aborted and put back, so that
   * another worker has them at once and no crash is counted.
   */
  stop(graceMs: number): Promise<void>;
  /** For how long it has not asked for jobs, though it should have. */
  stuckForMs(): number;
}

/** What BullMQ passes on from a connection that is down. */
const CONNECTION_ERROR = /ECONN|EPIPE|ETIMEDOUT|Connection is closed|Socket timeout|Stream isn't writeable/;

/** How long a worker that has put a job back lets others go first when the job's time has come. */
const STEP_ASIDE_MS = 100;

/**
 * A worker that, having put a job back for another, does not snatch it again. All workers learn of a delayed job's time
 * and fetch in the same moment; without a handicap one that cannot run the job may win that race again and again.
 */
class PoliteWorker extends Worker {
  /** When a job that was put back is due; 0: none is. */
  private dueAt = 0;
  /** Holds fetches up while a suspect is alone in the process. */
  isolation: Isolation | undefined;
  /** Told each time that Redis has answered a fetch. */
  onTurn: () => void = () => {};
  /** Told of each job with which this worker is done: Redis has its end, or has refused it. */
  onDone: (job: Job) => void = () => {};
  /** Of jobs that are completed with more than BullMQ's own command says. */
  finishing: Finishing | undefined;

  stepAside(dueInMs: number): void {
    this.dueAt = Date.now() + dueInMs;
  }

  /** What `close` would do once Redis has answered: neither is waited for, nor may a timer keep the process alive. */
  leave(): void {
    void this.lockManager.close();
    void this.disconnect().catch(() => {});
  }

  override async processJob(job: Job, token: string, fetchNext?: () => boolean): Promise<undefined | Job> {
    try {
      return (await super.processJob(job, token, fetchNext)) as undefined | Job;
    } finally {
      this.onDone(job);
    }
  }

  protected override async handleCompleted(...args: Parameters<Worker['handleCompleted']>): Promise<Job> {
    const [, job, token, fetchNext, span] = args;
    try {
      return await super.handleCompleted(...args);
    } catch (thrown) {
      // What Redis could not take (it is full, read-only, gone) is not the attempt's failure: what it did is done again, or found.
      if (!this.finishing?.expects(job) || toSwitchyardError(thrown).code !== 'REDIS_UNAVAILABLE') throw thrown;
      await job.moveToDelayed(Date.now() + putBackMs(Math.max(1, job.attemptsStarted)), token);
      return await this.handleFailed(new DelayedError(), job, token, fetchNext, span);
    }
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    const closed = this.isolation?.closed();
    if (closed) await closed;
    // It was asleep on the queue when it was paused. It took the call that woke it along: once, another worker that sleeps
    // there finds the job by itself, up to 5 s later.
    if (this.isPaused()) return await this.nextJobFromJobData();
    // Once, at the first fetch from that moment on, however late it comes: all other fetches are as fast as ever.
    if (this.dueAt > 0 && Date.now() > this.dueAt - STEP_ASIDE_MS) {
      this.dueAt = 0;
      await this.delay(STEP_ASIDE_MS);
    }
    const job = await super.moveToActive(token, name ?? '');
    this.onTurn();
    return job;
  }
}

/** After the grace, how long the jobs that were aborted then may take to be put back. */
const PUT_BACK_LIMIT_MS = 2_000;

export function createQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { queue, settings, logger } = options;
  let stopping: Promise<void> | undefined;
  let started = false;
  let turnedAt = performance.now();
  const turned = () => {
    turnedAt = performance.now();
  };
  // Three declared parameters: BullMQ passes the signal only to a processor whose length says that it takes one.
  const active = new Set<Job>();
  const processor = async (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown> => {
    active.add(job);
    const own = signal ?? new AbortController().signal;
    // Taken in any case: of a job that is put back it is not true any more when the job comes again.
    const begun = finishing?.begun(job.id ?? '', token ?? '');
    const entered = await letIn(options.isolation, logger, job, own);
    try {
      if ('keptOutMs' in entered) return await putBack(job, token ?? '', entered.keptOutMs);
      return await processJob({ ...options, finishing, begun }, job, token ?? '', own, (ms) => worker.stepAside(ms));
    } finally {
      if ('leave' in entered) entered.leave();
    }
  };
  const worker: PoliteWorker = new PoliteWorker(queue, processor, {
    connection: options.connection,
    prefix: options.prefix,
    name: options.name,
    autorun: false,
    concurrency: settings.concurrency,
    lockDuration: settings.lockDurationMs,
    lockRenewTime: settings.lockRenewMs,
    stalledInterval: settings.stalledIntervalMs,
    // BullMQ's own bound fails a job at its second crash; ours counts per job (MAX_CRASHES).
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy: (_attempts, _type, error) => delayOf(error) },
  });
  const finishing =
    options.finish &&
    createFinishing(worker.backend, {
      finish: options.finish,
      // Half of it, or what begins near its end would have no time left to be renewed in.
      heldForMs: settings.lockDurationMs / 2,
      isClosed: () => options.isolation.closed() !== undefined,
    });
  worker.finishing = finishing;
  worker.isolation = options.isolation;
  worker.onTurn = turned;
  worker.onDone = (job) => {
    active.delete(job);
    // A place is free: only from now on may it fetch.
    turned();
  };
  // An outage is logged once, by the connection; each queue's retries of it would say the same many times a second.
  worker.on('error', (error) => {
    const level = CONNECTION_ERROR.test(error.message) ? 'debug' : 'warn';
    logger[level]({ queue, reason: error.message }, 'worker');
  });
  worker.on('stalled', (job) => {
    options.telemetry.workerLost(queue);
    logger.warn({ queue, job }, 'a worker was lost while it had this job; it is run again');
  });
  const afterEnd = createAfterEnd(options.onEnded);
  worker.on('completed', afterEnd.tell);
  worker.on('failed', afterEnd.tell);
  worker.on('lockRenewalFailed', (jobs) => {
    for (const job of jobs) worker.cancelJob(job, LOCK_LOST);
  });

  async function stop(graceMs: number): Promise<void> {
    const limits = new AbortController();
    const { signal } = limits;
    // A worker without jobs has nothing to wait for but Redis.
    const grace = delay(active.size > 0 ? graceMs : 0, undefined, { signal }).then(async () => {
      worker.cancelAllJobs(STOPPING);
      await delay(PUT_BACK_LIMIT_MS, undefined, { signal });
      // Redis does not answer: nothing can be put back, and a worker that waits for it would never stop.
      if (active.size > 0) {
        const then = 'its active jobs are run again when their locks run out';
        logger.warn(
          { queue, active: active.size },
          `stopped without having put anything back, as Redis does not answer; ${then}`,
        );
      }
      worker.leave();
    });
    await Promise.race([worker.close().then(() => afterEnd.settled()), grace]);
    limits.abort();
    await grace.catch(() => {});
  }

  const ended = (error: unknown) =>
    logger.error({ queue, reason: error instanceof Error ? error.message : String(error) }, 'worker ended');
  return {
    queue,
    start() {
      if (worker.isRunning() || stopping) return;
      started = true;
      turned();
      worker.run().catch(ended);
    },
    pause: () => void worker.pause(true).catch(ended),
    resume() {
      turned();
      if (!stopping) worker.resume().catch(ended);
    },
    stopRun(run) {
      for (const { id, data } of active) if (id && isForward(data, run)) worker.cancelJob(id, RUN_STOPS);
    },
    stop(graceMs) {
      stopping ??= stop(graceMs);
      return stopping;
    },
    stuckForMs() {
      const waits = !started || stopping || worker.isPaused() || options.isolation.closed();
      return waits || active.size >= settings.concurrency ? 0 : performance.now() - turnedAt;
    },
  };
}
