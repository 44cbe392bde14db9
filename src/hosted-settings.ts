/**
 * The settings of a Worker that is not ours, on which the promises rest all the same. Some break them: with BullMQ's
 * `maxStalledCount` of 1 a step whose worker was lost twice fails for good, and its saga turns round for two deployments.
 * Others only cost something. Pure.
 */
import { MAX_CRASHES, WORKER_DEFAULTS } from './config.js';
import { SwitchyardError } from './errors.js';

/** BullMQ's `settings.backoffStrategy`, of any release: as a method, whose parameters TypeScript compares both ways. */
export type BackoffStrategy = {
  call(attemptsMade: number, type?: string, error?: Error, job?: unknown): number | Promise<number>;
}['call'];

/** What is looked at of BullMQ's WorkerOptions, as a type of its own: a team's copy of BullMQ may be another than ours. */
export interface HostedWorkerOptions {
  readonly prefix?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly lockDuration?: number | undefined;
  readonly lockRenewTime?: number | undefined;
  readonly stalledInterval?: number | undefined;
  readonly maxStalledCount?: number | undefined;
  readonly maxStartedAttempts?: number | undefined;
  readonly skipLockRenewal?: boolean | undefined;
  readonly skipStalledCheck?: boolean | undefined;
  readonly limiter?: object | undefined;
  readonly settings?: { readonly backoffStrategy?: BackoffStrategy | undefined } | undefined;
}

export interface Verdict {
  /** The promises do not hold: no job of ours is run by this Worker. */
  readonly broken: readonly string[];
  /** They hold, at a price. */
  readonly costly: readonly string[];
}

/** BullMQ's own, where an option is not given. */
const BULLMQ = { lockDuration: 30_000, stalledInterval: 30_000, maxStalledCount: 1 } as const;

/** Beyond it a crash of the worker is noticed only when somebody has begun to look for it by hand. */
const SLOW_RECOVERY_MS = 60_000;

/** A garbage collection, or one busy CPU, and the lock is gone. */
const SHORTEST_LOCK_MS = 1_000;

/** Above some dozens the rate is flat, and whatever ends the process ends them all. */
const MANY_JOBS = 100;

/** Least `maxStalledCount` with which our own bound, and not BullMQ's, is the one that is met. */
const LEAST_STALLED_COUNT = MAX_CRASHES + 1;

export function judgeSettings(
  options: HostedWorkerOptions,
  expected: { readonly prefix: string; readonly isOurBackoff: (strategy: BackoffStrategy | undefined) => boolean },
): Verdict {
  const { lockDuration = BULLMQ.lockDuration, stalledInterval = BULLMQ.stalledInterval } = options;
  const { maxStalledCount = BULLMQ.maxStalledCount, prefix = 'bull', concurrency = 1 } = options;
  const renew = options.lockRenewTime ?? lockDuration / 2;
  const recoveryMs = lockDuration + 2 * stalledInterval;
  const broken: readonly (readonly [boolean, string])[] = [
    [
      prefix !== expected.prefix,
      `prefix is "${prefix}": runs are under "${expected.prefix}", and no job of theirs comes here`,
    ],
    [
      maxStalledCount < LEAST_STALLED_COUNT,
      `maxStalledCount is ${maxStalledCount}: BullMQ would fail a stage for good when its worker was lost ${maxStalledCount + 1} times, a deployment included; give at least ${LEAST_STALLED_COUNT}`,
    ],
    [
      !expected.isOurBackoff(options.settings?.backoffStrategy),
      'settings.backoffStrategy is none of sy.workerOptions(): BullMQ does not know our backoff, and a stage that failed once would stay active until it stalls',
    ],
    [
      options.maxStartedAttempts !== undefined,
      `maxStartedAttempts is ${options.maxStartedAttempts}: a stage that is put back, because its server is paused, counts as started`,
    ],
    [
      options.skipLockRenewal === true,
      'skipLockRenewal is set: a stage that takes longer than its lock is run twice at once',
    ],
    [
      renew * 2 > lockDuration,
      `lockRenewTime (${renew}) is more than half of lockDuration (${lockDuration}): a lock that runs out between two renewals gives its job to a second worker`,
    ],
  ];
  const costly: readonly (readonly [boolean, string])[] = [
    [
      recoveryMs > SLOW_RECOVERY_MS,
      `a stage whose worker was killed goes on after up to ${Math.round(recoveryMs / 1000)} s (lockDuration ${lockDuration}, stalledInterval ${stalledInterval}); ours take ${WORKER_DEFAULTS.lockDurationMs} and ${WORKER_DEFAULTS.stalledIntervalMs}`,
    ],
    [
      lockDuration < SHORTEST_LOCK_MS,
      `lockDuration is ${lockDuration}: a worker that is busy for as long loses its jobs, and they run twice`,
    ],
    [
      concurrency > MANY_JOBS,
      `concurrency is ${concurrency}: above some dozens nothing is gained, and one crash ends them all`,
    ],
    [
      options.limiter !== undefined,
      'limiter is set: stages wait with everything else in this queue, and a saga for each of its steps',
    ],
    [
      options.skipStalledCheck === true,
      'skipStalledCheck is set: a stage whose worker was killed waits for another worker of this queue to look',
    ],
  ];
  const said = (rules: typeof broken) => rules.flatMap(([holds, what]) => (holds ? [what] : []));
  return { broken: said(broken), costly: said(costly) };
}

/** Their options with what ours need added. @throws SwitchyardError INVALID_CONFIG for any that break a promise */
export function withOurSettings<Options extends HostedWorkerOptions>(
  options: Options,
  { prefix, backoff }: { readonly prefix: string; readonly backoff: BackoffStrategy },
) {
  const filled = {
    lockDuration: WORKER_DEFAULTS.lockDurationMs,
    stalledInterval: WORKER_DEFAULTS.stalledIntervalMs,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    concurrency: WORKER_DEFAULTS.concurrency,
    prefix,
    ...options,
    settings: { ...options.settings, backoffStrategy: backoff },
  };
  const { broken } = judgeSettings(filled, { prefix, isOurBackoff: () => true });
  if (broken.length === 0) return filled;
  throw new SwitchyardError('INVALID_CONFIG', `a Worker with these options cannot run stages: ${broken.join('; ')}`);
}
