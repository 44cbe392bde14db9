/**
 * A BullMQ job as an {@link ActiveJob}, and what its handler answers in BullMQ's own words: return, throw, park, put back. For
 * a Worker that is not ours too, which takes the same words, whichever copy of BullMQ it is of: it knows them by their names.
 */
import { DelayedError, UnrecoverableError, WaitingChildrenError } from 'bullmq';
import { AttemptFailed } from '../attempt-failed.js';
import type { RedisKeys } from '../names.js';
import type { Logger } from '../ports.js';
import { parseTrace } from '../trace-context.js';
import type { BullmqJob } from './bullmq-job.js';
import type { Finishing } from './finishing.js';
import type { ActiveJob, Begun, JobHandler } from './job.js';

/** Why a job's signal is aborted when its worker stops; such a job is put back rather than failed. */
export const STOPPING = 'the worker stops';

/** Rounds after which a root that finds neither work nor an end is put back instead of keeping its worker busy. */
const MAX_ROUNDS = 100;
const ROUND_PAUSE_MS = 1_500;

export interface WorkedJobOptions {
  readonly queue: string;
  readonly keys: RedisKeys;
  readonly handler: JobHandler;
  readonly logger: Logger;
  /** Of a worker that completes jobs with their ends. */
  readonly finishing?: Finishing | undefined;
  readonly begun?: Begun | undefined;
}

export async function processJob(
  options: WorkedJobOptions,
  job: BullmqJob,
  token: string,
  signal: AbortSignal,
  stepAside: (forMs: number) => void,
): Promise<unknown> {
  const { queue, keys, handler, logger, finishing, begun } = options;
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
    log: logger,
    ...(finishing && { takesEnds: true, begun }),
    trace: parseTrace(job.opts.telemetry?.metadata),
  };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const handled = await handler(active);
    if (handled.kind === 'held') throw new DelayedError();
    if (handled.kind !== 'completed' && signal.aborted && signal.reason === STOPPING)
      return await putBack(job, token, 0);
    switch (handled.kind) {
      case 'completed':
        if (handled.end) finishing?.expect(job, { end: handled.end, fence: active.fence, next: handled.next });
        return handled.value;
      case 'park':
        if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
        if (handled.elseMs !== undefined) return await putBack(job, token, handled.elseMs);
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
  return await putBack(job, token, ROUND_PAUSE_MS);
}

/**
 * By way of the delayed jobs also when it is to be taken up at once: BullMQ's move back to the waiting ones tells nobody
 * of a job with a priority, and a worker that idles elsewhere would sleep on for 5 s.
 */
export async function putBack(job: Pick<BullmqJob, 'moveToDelayed'>, token: string, afterMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + afterMs, token);
  throw new DelayedError();
}
