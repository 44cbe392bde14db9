/** The workers of one process: one per queue, started and stopped together. */
import { hostname } from 'node:os';
import { systemClock } from './adapters/clock.js';
import { redisNow } from './adapters/redis-clock.js';
import { SwitchyardError, toSwitchyardError } from './errors.js';
import { CALLBACKS_QUEUE, RUNS_QUEUE } from './names.js';
import { createProcessing, type ProcessingDependencies } from './processing.js';
import { createClockGuard } from './processors/clock-guard.js';
import { createIsolation } from './processors/isolation.js';
import { createQueueWorker } from './processors/queue-worker.js';
import { type WorkerSettings, workerSettings } from './processors/worker-settings.js';
import { createSiblingStop } from './queues/decided-fan-out.js';
import { warnOfForeignQueues } from './queues/foreign-queues.js';
import { reconcile } from './queues/reconcile.js';
import { applyConfigured } from './queues/set-limits.js';

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
}

export function createWorkers(deps: ProcessingDependencies, { queues, ...overrides }: WorkersOptions = {}): Workers {
  const { registry, prefix, keys, retention, clock = systemClock, logger } = deps;
  const known = [...registry.queues(), ...(deps.callbacks ? [CALLBACKS_QUEUE] : [])];
  const served = queues ?? known;
  assertQueues(served, known);
  const settings = workerSettings(overrides);
  const processing = createProcessing(deps, (run) => {
    for (const worker of workers) worker.stopRun(run);
  });
  const { connection, scripts, processors, schedules, latest, handlerOf } = processing;
  const isolation = createIsolation();
  const onEnded = createSiblingStop(processors);
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
      logger,
    }),
  );
  const clockGuard = createClockGuard({
    clock,
    redisNow: () => redisNow(connection),
    everyMs: settings.clockCheckMs,
    onSkewed: () => {
      for (const worker of workers) worker.pause();
    },
    onMended: () => {
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
    const reconciling = { ...processors, ...own, retention, workflows: registry.names };
    reconcile(reconciling, turnMs).catch((error: unknown) => {
      // The message alone: an error of the client carries the command's arguments.
      const { message: reason } = toSwitchyardError(error);
      if (!stopping) logger.warn({ reason }, 'looking for runs whose root job is gone failed; the next look follows');
    });
  };
  async function stop(): Promise<void> {
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
