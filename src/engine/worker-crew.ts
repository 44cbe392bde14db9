/**
 * What the workers of one process are made of, once they are to start: the processors, BullMQ's Workers, and what looks after
 * them. Loaded by `workers.ts`, and by nobody else.
 */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../adapters/clock.js';
import { createDeliveryRecord } from '../adapters/delivery-record.js';
import { redisNow } from '../adapters/redis-clock.js';
import { toSwitchyardError } from '../errors.js';
import { RUNS_QUEUE } from '../names.js';
import { createClockGuard } from '../processors/clock-guard.js';
import { createIsolation } from '../processors/isolation.js';
import { createQueueWorker } from '../processors/queue-worker.js';
import { warnOfForeignQueues } from '../queues/foreign-queues.js';
import { reconcile } from '../queues/reconcile.js';
import { applyConfigured } from '../queues/set-limits.js';
import { NO_TELEMETRY } from '../telemetry.js';
import type { WorkerSettings } from '../worker-settings.js';
import { createProcessing, type ProcessingDependencies } from './processing.js';
import { createWorkerHealth, type WorkerHealth } from './worker-health.js';

export interface Crew {
  /** Redis is known to suit us by then. Resolves too when it is stopped meanwhile: then nothing of it goes on. */
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<WorkerHealth>;
}

export interface CrewPlan {
  readonly served: readonly string[];
  readonly settings: WorkerSettings;
}

export function createCrew(deps: ProcessingDependencies, { served, settings }: CrewPlan): Crew {
  const { registry, prefix, keys, retention, clock = systemClock, logger, telemetry = NO_TELEMETRY } = deps;
  const processing = createProcessing(deps, (run) => {
    for (const worker of workers) worker.stopRun(run);
  });
  const { connection, subscriber, scripts, processors, schedules, latest, handlerOf, onEnded, finish } = processing;
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
      finish,
      onEnded,
      telemetry,
      logger,
    }),
  );
  const { stuckAfterMs, clockCheckMs: askedEveryMs } = settings;
  const health = createWorkerHealth({
    ...{ queues: workers, stuckAfterMs, askedEveryMs },
    // At its end nobody makes another.
    reconnects: () => connection.status !== 'ready' && connection.status !== 'end',
    now: () => performance.now(),
  });
  connection.on('ready', health.connected);
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
  let stopping = false;
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
  /** Each of them may find, when its answer comes, that the crew was stopped: what it began then nobody would end. */
  async function begin(): Promise<void> {
    const steps = [
      () => warnOfForeignQueues(scripts, registry.foreignQueues, logger),
      () => processing.start(),
      async () => {
        if (deps.everyday) await applyConfigured({ scripts, keys, ...deps.everyday }, served, logger);
      },
      async () => {
        health.set('serving');
        await clockGuard.start();
      },
    ];
    for (const step of steps) if (!stopping) await step();
    if (stopping) return;
    for (const worker of workers) worker.start();
    if (reconciler || !served.includes(RUNS_QUEUE)) return;
    lookForLostRuns();
    reconciler = setInterval(lookForLostRuns, settings.reconcileMs);
    reconciler.unref();
  }

  return {
    async start() {
      try {
        await begin();
      } catch (error) {
        // A stop takes the connections away.
        if (!stopping) throw error;
      }
    },
    async stop() {
      stopping = true;
      health.set('stopping');
      clearInterval(reconciler);
      clockGuard.stop();
      processing.close();
      await Promise.all(workers.map((worker) => worker.stop(settings.graceMs)));
      processing.release();
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
