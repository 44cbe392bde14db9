/**
 * The only file that knows BullMQ's Worker: it turns a BullMQ job into an {@link ActiveJob}, and what a handler answers
 * into BullMQ's own words (return, throw, park, put back). It also holds the settings on which the promises rest.
 */
import { DelayedError, type Job, UnrecoverableError, WaitingChildrenError, Worker, type WorkerOptions } from 'bullmq';
import { WORKER_DEFAULTS } from '../config.js';
import type { RedisKeys } from '../names.js';
import type { Logger } from '../ports.js';
import type { ActiveJob, JobHandler } from './job.js';

export interface WorkerSettings {
  readonly lockDurationMs: number;
  readonly lockRenewMs: number;
  readonly stalledIntervalMs: number;
  readonly concurrency: number;
  readonly graceMs: number;
  readonly reconcileMs: number;
}

export interface QueueWorkerOptions {
  readonly queue: string;
  readonly connection: WorkerOptions['connection'];
  readonly prefix: string;
  readonly keys: RedisKeys;
  /** Shown in Bull Board as the job's worker. */
  readonly name: string;
  readonly handler: JobHandler;
  readonly settings: WorkerSettings;
  readonly logger: Logger;
}

/** One queue's worker. `start` and `stop` may be called twice. */
export interface QueueWorker {
  readonly queue: string;
  start(): void;
  /**
   * Takes no more jobs and lets the active ones end. After `graceMs` those that have not are aborted and put back, so that
   * another worker has them at once and no crash is counted.
   */
  stop(graceMs: number): Promise<void>;
}

/** An attempt that failed, with the delay that our policy gives it; BullMQ asks for it in `backoffStrategy`. */
class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  constructor(
    reason: string,
    readonly delayMs: number,
  ) {
    super(reason);
    // The reason carries the error; a stack of ours on every failed job would only cost Redis memory.
    this.stack = reason;
  }
}

/** Why a job's signal is aborted when its worker stops; such a job is put back rather than failed. */
const STOPPING = 'the worker stops';
const LOCK_LOST = 'the lock was lost to another worker';

/** Rounds after which a root that finds neither work nor an end is put back instead of keeping its worker busy. */
const MAX_ROUNDS = 100;

/** How long a worker that has put a job back lets others go first, each time it would fetch. */
const STEP_ASIDE_MS = 50;

/**
 * A worker that, having put a job back for another, does not snatch it again. All workers learn of a delayed job's time
 * and fetch in the same moment; without a handicap one that cannot run the job may win that race again and again.
 */
class PoliteWorker extends Worker {
  private asideUntil = 0;

  stepAside(forMs: number): void {
    this.asideUntil = Math.max(this.asideUntil, Date.now() + forMs + 2 * STEP_ASIDE_MS);
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    if (Date.now() < this.asideUntil) await this.delay(STEP_ASIDE_MS);
    return await super.moveToActive(token, name ?? '');
  }
}

export function createQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { queue, settings, logger } = options;
  let stopping: Promise<void> | undefined;
  // Three declared parameters: BullMQ passes the signal only to a processor whose length says that it takes one.
  const processor = (job: Job, token: string | undefined, signal: AbortSignal | undefined) =>
    processJob(options, job, token ?? '', signal ?? new AbortController().signal, (ms) => worker.stepAside(ms));
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
    settings: { backoffStrategy: (_attempts, _type, error) => (error instanceof AttemptFailed ? error.delayMs : 0) },
  });
  worker.on('error', (error) => logger.warn({ queue, error: error.message }, 'worker connection'));
  worker.on('stalled', (job) =>
    logger.warn({ queue, job }, 'a worker was lost while it had this job; it is run again'),
  );
  worker.on('lockRenewalFailed', (jobs) => {
    for (const job of jobs) worker.cancelJob(job, LOCK_LOST);
  });

  async function stop(graceMs: number): Promise<void> {
    const closed = worker.close();
    const grace = setTimeout(() => worker.cancelAllJobs(STOPPING), graceMs);
    await closed;
    clearTimeout(grace);
  }

  return {
    queue,
    start() {
      if (worker.isRunning() || stopping) return;
      worker.run().catch((error: unknown) => logger.error({ queue, error }, 'worker ended'));
    },
    stop(graceMs) {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

async function processJob(
  options: QueueWorkerOptions,
  job: Job,
  token: string,
  signal: AbortSignal,
  stepAside: (forMs: number) => void,
): Promise<unknown> {
  const { queue, keys, handler, logger } = options;
  const id = job.id ?? '';
  const active: ActiveJob = {
    id,
    data: job.data,
    attempt: Math.max(1, job.attemptsStarted),
    failures: job.attemptsMade,
    isLastAttempt: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
    crashes: job.stalledCounter,
    startedAt: job.processedOn ?? Date.now(),
    fence: { lockKey: keys.lock(queue, id), token },
    signal,
  };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const handled = await handler(active);
    if (handled.kind !== 'completed' && signal.aborted && signal.reason === STOPPING)
      return await putBack(job, token, 0);
    switch (handled.kind) {
      case 'completed':
        return handled.value;
      case 'park':
        if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
        break;
      case 'put-back':
        stepAside(handled.afterMs);
        return await putBack(job, token, handled.afterMs);
      case 'failed':
        if (handled.final) throw new UnrecoverableError(handled.error.toReason());
        throw new AttemptFailed(handled.error.toReason(), handled.delayMs);
      case 'fenced-off':
        // Whatever is thrown is refused for want of the lock; the attempt that holds it goes on.
        logger.warn({ queue, job: id }, 'another attempt of this job has begun; this one is dropped');
        throw new AttemptFailed('another attempt has begun', 0);
    }
  }
  logger.error({ queue, job: id }, 'a root goes round without finding work or an end; it is put back');
  return await putBack(job, token, options.settings.stalledIntervalMs);
}

/**
 * By way of the delayed jobs also when it is to be taken up at once: BullMQ's move back to the waiting ones tells nobody
 * of a job with a priority, and a worker that idles elsewhere would sleep on for 5 s.
 */
async function putBack(job: Job, token: string, afterMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + afterMs, token);
  throw new DelayedError();
}

export function workerSettings(overrides: Partial<WorkerSettings> = {}): WorkerSettings {
  return { ...WORKER_DEFAULTS, ...overrides };
}
