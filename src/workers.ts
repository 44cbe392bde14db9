/** The workers of one process: one per queue, started and stopped together. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from './adapters/clock.js';
import { createDeliveryRecord } from './adapters/delivery-record.js';
import { redisNow } from './adapters/redis-clock.js';
import { SwitchyardError, toSwitchyardError } from './errors.js';
import { CALLBACKS_QUEUE, RUNS_QUEUE } from './names.js';
import { createProcessing, type ProcessingDependencies } from './processing.js';
import { createClockGuard } from './processors/clock-guard.js';
import { createIsolation } from './processors/isolation.js';
import { createQueueWorker } from './processors/queue-worker.js';
import { createWorkerHealth, type WorkerHealth } from './processors/worker-health.js';
import { type WorkerSettings, workerSettings } from './processors/worker-settings.js';
import { warnOfForeignQueues } from './queues/foreign-queues.js';
import { reconcile } from './queues/reconcile.js';
import { applyConfigured } from './queues/set-limits.js';
import { NO_TELEMETRY } from './telemetry.js';

export type { WorkerHealth };

export interface WorkersOptions extends Partial<WorkerSettings> {
  /** Which queues to serve; all by default. */
  readonly queues?: readonly string[];
}

export interface Workers {
  readonly queues: readonly string[];
  /** @throws SwitchyardError REDIS_UNAVAILABLE, REDIS_UNSUITABLE; ILLEGAL_STATE once stopped */
  start(): Promise<void>;
  /** Lets active jobs end, puts back those that take longer than the grace. May be called twice. */
  stop(): Promise<void>;
  /** Whether they get on, for probes. Answers within a second, also when Redis does not. */
  health(): Promise<WorkerHealth>;
}

export function createWorkers(deps: ProcessingDependencies, { queues, ...overrides }: WorkersOptions = {}): Workers {
  const { registry, prefix, keys, retention, clock = systemClock, logger, telemetry = NO_TELEMETRY } = deps;
  const known = [...registry.queues(), ...(deps.callbacks ? [CALLBACKS_QUEUE] : [])];
  const served = queues ?? known;
  assertQueues(served, known);
  const settings = workerSettings(overrides);
  const processing = createProcessing(deps, (run) => {
    for (const worker of workers) worker.stopRun(run);
  });
  const { connection, subscriber, scripts, processors, schedules, latest, handlerOf, onEnded } = processing;
  const isolation = createIsolation();
  const workers = served.map((queue) =>
    createQueueWorker({
      queue,
      connection,
      prefix,
      keys,
      name: `${hostname()}:${process.pid}`,
      handler: handlerOf(queue),
      settings: { ...settings, concurrency: deps.everyday?.limits[queue]?.concurrency ?? settings.concurrency },
      isolation,
      onEnded,
      telemetry,
      logger,
    }),
  );
  const { stuckAfterMs, clockCheckMs: askedEveryMs } = settings;
  const health = createWorkerHealth({ queues: workers, stuckAfterMs, askedEveryMs, now: () => performance.now() });
  const askRedis = async () => {
    const time = await redisNow(connection);
    health.answered();
    return time;
  };
  const connected = asksOnce(askRedis, () => connection.status === 'ready' && subscriber.status === 'ready');
  const clockGuard = createClockGuard({
    clock,
    redisNow: askRedis,
    everyMs: settings.clockCheckMs,
    onSkewed: () => {
      health.set('clock-is-wrong');
      for (const worker of workers) worker.pause();
    },
    onMended: () => {
      health.set('serving');
      for (const worker of workers) worker.resume();
    },
    logger,
  });
  let reconciler: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | undefined;
  const lookForLostRuns = () => {
    // A little less than the interval, or the process that looks would meet its own turn the next time.
    const turnMs = Math.ceil(settings.reconcileMs * 0.9);
    const own = { scripts, keys, jobs: deps.jobs, schedules, latest };
    const telling = { callbacks: deps.callbacks, deliveries: createDeliveryRecord(scripts, keys) };
    const reconciling = { ...processors, ...own, ...telling, retention, workflows: registry.names };
    reconcile(reconciling, turnMs).catch((error: unknown) => {
      // The message alone: an error of the client carries the command's arguments.
      const { message: reason } = toSwitchyardError(error);
      if (!stopping) logger.warn({ reason }, 'looking for runs whose root job is gone failed; the next look follows');
    });
  };
  async function stop(): Promise<void> {
    health.set('stopping');
    clearInterval(reconciler);
    clockGuard.stop();
    processing.close();
    await Promise.all(workers.map((worker) => worker.stop(settings.graceMs)));
    processing.release();
  }
  return {
    queues: served,
    async start() {
      if (stopping)
        throw new SwitchyardError('ILLEGAL_STATE', 'these workers were stopped; make new ones with workers()');
      await deps.connections.ready();
      await warnOfForeignQueues(scripts, registry.foreignQueues, logger);
      await processing.start();
      if (deps.everyday) await applyConfigured({ scripts, keys, ...deps.everyday }, served, logger);
      health.set('serving');
      await clockGuard.start();
      for (const worker of workers) worker.start();
      if (reconciler || !served.includes(RUNS_QUEUE)) return;
      lookForLostRuns();
      reconciler = setInterval(lookForLostRuns, settings.reconcileMs);
      reconciler.unref();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    health: async () => health.look(await connected()),
  };
}

/** How long a probe waits for Redis. */
const PROBE_MS = 1_000;

/** Whether Redis answers in time. One question at a time: those that a frozen connection swallows must not pile up in it. */
function asksOnce(ask: () => Promise<unknown>, stands: () => boolean): () => Promise<boolean> {
  let asked: Promise<boolean> | undefined;
  return async () => {
    if (!stands()) return false;
    asked ??= ask()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        asked = undefined;
      });
    const limit = new AbortController();
    const late = delay(PROBE_MS, false, { signal: limit.signal }).catch(() => false);
    const answer = await Promise.race([asked, late]);
    limit.abort();
    return answer;
  };
}

function assertQueues(asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.filter((queue) => !known.includes(queue));
  if (unknown.length === 0) return;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `no workflow uses queue ${unknown.map((queue) => `"${queue}"`).join(', ')}; the queues are ${known.join(', ')}`,
  );
}
