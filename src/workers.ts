/** The workers of one process: one per queue, started and stopped together. */
import { hostname } from 'node:os';
import { createCallbackSender } from './adapters/callback-sender.js';
import { systemClock } from './adapters/clock.js';
import { createDeliveryRecord } from './adapters/delivery-record.js';
import { createPauseSignals } from './adapters/pause-signals.js';
import { redisNow } from './adapters/redis-clock.js';
import type { RedisConnections } from './adapters/redis-connections.js';
import { createRunLog } from './adapters/run-log.js';
import { createScriptRunner } from './adapters/scripts.js';
import { createStopSignals } from './adapters/stop-signals.js';
import type { CallbackRules } from './callbacks.js';
import type { Retention } from './config.js';
import { SwitchyardError, toSwitchyardError } from './errors.js';
import { CALLBACKS_QUEUE, type RedisKeys, RUNS_QUEUE } from './names.js';
import type { Clock, Logger, ScriptRunner, ToolCaller } from './ports.js';
import { createCallbackHandler } from './processors/callback.js';
import { createClockGuard } from './processors/clock-guard.js';
import { createIsolation } from './processors/isolation.js';
import type { JobHandler, ProcessorDependencies } from './processors/job.js';
import { createQueueWorker, type WorkerSettings, workerSettings } from './processors/queue-worker.js';
import { createRootHandler } from './processors/root.js';
import { createStageHandler } from './processors/stage.js';
import { createTickHandler, isTick } from './processors/tick.js';
import { createTimerHandler, isTimer } from './processors/timer.js';
import type { QueueLimits } from './queue-limits.js';
import { createAnswers } from './queues/answer-stage.js';
import { createAppendStages } from './queues/append-stages.js';
import { createSiblingStop } from './queues/decided-fan-out.js';
import { createHoldBack } from './queues/hold-back.js';
import { createNestedRuns } from './queues/nested-runs.js';
import type { QueuePool } from './queues/queue-pool.js';
import { reconcile } from './queues/reconcile.js';
import { createRunControl } from './queues/run-control.js';
import type { RunJobs } from './queues/run-jobs.js';
import type { Schedules } from './queues/schedules.js';
import { applyConfigured } from './queues/set-limits.js';
import { createStopRun } from './queues/stop-run.js';
import { createTick } from './queues/tick.js';
import type { Registry } from './registry.js';

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

export interface WorkersDependencies {
  readonly registry: Registry;
  readonly prefix: string;
  readonly keys: RedisKeys;
  readonly retention: Retention;
  readonly tools: ToolCaller | undefined;
  /** Where there are some, the ends of runs are told from here. */
  readonly callbacks?: CallbackRules | undefined;
  /** The machine's by default. */
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly connections: RedisConnections;
  readonly jobs: RunJobs;
  /** Schedules, and what queues are limited to. */
  readonly everyday?: {
    readonly schedules: Schedules;
    readonly queues: QueuePool;
    readonly limits: Readonly<Record<string, QueueLimits>>;
  };
  /** Stands between the processors and their ports: `crash-test` stops a worker there. */
  readonly wrap?: (ports: WrappedPorts) => WrappedPorts;
}

/** Where a worker is put together without them. */
const NO_SCHEDULES: Pick<Schedules, 'list' | 'mend'> = { list: async () => [], mend: async () => {} };

export type WrappedPorts = Pick<ProcessorDependencies, 'log' | 'append' | 'tools'>;

export function createWorkers(deps: WorkersDependencies, { queues, ...overrides }: WorkersOptions = {}): Workers {
  const { registry, prefix, keys, retention, clock = systemClock, logger } = deps;
  const known = [...registry.queues(), ...(deps.callbacks ? [CALLBACKS_QUEUE] : [])];
  const served = queues ?? known;
  assertQueues(served, known);
  const settings = workerSettings(overrides);
  const connection = deps.connections.open('worker');
  const subscriber = deps.connections.open('worker');
  const scripts = createScriptRunner(connection);
  const log = createRunLog(scripts, keys, retention);
  const stop = createStopRun(scripts, keys);
  const facing = { scripts, keys, jobs: deps.jobs, log, stop, clock, definition: registry.find };
  const answers = createAnswers(facing);
  const stops = createStopSignals({
    subscriber,
    reader: connection,
    keys,
    onStop: (run) => {
      for (const worker of workers) worker.stopRun(run);
    },
    logger,
  });
  const pauses = createPauseSignals({ subscriber, reader: connection, keys, logger });
  const ports: WrappedPorts = {
    log,
    append: createAppendStages(scripts, keys, deps.jobs),
    tools: deps.tools ?? noTools,
  };
  const processors: ProcessorDependencies = {
    ...(deps.wrap?.(ports) ?? ports),
    definition: registry.find,
    stop,
    nested: createNestedRuns({ ...facing, control: createRunControl(facing) }),
    isStopping: stops.isStopping,
    holdBack: createHoldBack({ scripts, keys, clock, isPaused: pauses.isPaused }),
    answerAtDeadline: answers.answerAtDeadline,
    clock,
    random: Math.random,
    logger,
  };
  const schedules = deps.everyday?.schedules ?? NO_SCHEDULES;
  const newest = (workflow: string) => (registry.names.includes(workflow) ? registry.latest(workflow) : undefined);
  const [root, timer, stage] = [
    createRootHandler(processors),
    createTimerHandler(processors),
    createStageHandler(processors),
  ];
  const isolation = createIsolation();
  const onEnded = createSiblingStop(processors);
  const tickHandler = createTickHandler({
    tick: createTick({ ...processors, scripts, keys, jobs: deps.jobs, schedules, latest: newest }),
    logger,
  });
  const runs: JobHandler = (job) => {
    if (isTick(job.data)) return tickHandler(job);
    return isTimer(job.data) ? timer(job) : root(job);
  };
  const callback = deps.callbacks && callbackHandler(processors, deps.callbacks, scripts, keys);
  const handlers = new Map<string, JobHandler>([
    [RUNS_QUEUE, runs],
    ...(callback ? [[CALLBACKS_QUEUE, callback] as const] : []),
  ]);
  const workers = served.map((queue) =>
    createQueueWorker({
      queue,
      connection,
      prefix,
      keys,
      name: `${hostname()}:${process.pid}`,
      handler: handlers.get(queue) ?? stage,
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
    const own = { scripts, keys, jobs: deps.jobs, schedules, latest: newest };
    const reconciling = { ...processors, ...own, retention, workflows: registry.names };
    reconcile(reconciling, turnMs).catch((error: unknown) => {
      // The message alone: an error of the client carries the command's arguments.
      const { message: reason } = toSwitchyardError(error);
      if (!stopping) logger.warn({ reason }, 'looking for runs whose root job is gone failed; the next look follows');
    });
  };
  async function end(): Promise<void> {
    clearInterval(reconciler);
    clockGuard.stop();
    stops.close();
    pauses.close();
    await Promise.all(workers.map((worker) => worker.stop(settings.graceMs)));
    deps.connections.release(connection);
    deps.connections.release(subscriber);
  }
  return {
    queues: served,
    async start() {
      if (stopping)
        throw new SwitchyardError('ILLEGAL_STATE', 'these workers were stopped; make new ones with workers()');
      await deps.connections.ready();
      await stops.start();
      await pauses.start();
      if (deps.everyday) await applyConfigured({ scripts, keys, ...deps.everyday }, served, logger);
      await clockGuard.start();
      for (const worker of workers) worker.start();
      if (reconciler || !served.includes(RUNS_QUEUE)) return;
      lookForLostRuns();
      reconciler = setInterval(lookForLostRuns, settings.reconcileMs);
      reconciler.unref();
    },
    stop() {
      stopping ??= end();
      return stopping;
    },
  };
}

function callbackHandler(
  processors: ProcessorDependencies,
  rules: CallbackRules,
  scripts: ScriptRunner,
  keys: RedisKeys,
): JobHandler {
  const sender = createCallbackSender(rules, processors.clock);
  return createCallbackHandler({ ...processors, rules, sender, deliveries: createDeliveryRecord(scripts, keys) });
}

function assertQueues(asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.filter((queue) => !known.includes(queue));
  if (unknown.length === 0) return;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `no workflow uses queue ${unknown.map((queue) => `"${queue}"`).join(', ')}; the queues are ${known.join(', ')}`,
  );
}

export const noTools: ToolCaller = {
  call: (capability) =>
    Promise.reject(
      new SwitchyardError(
        'UNKNOWN_SERVER',
        `a task called "${capability}", but no tools are configured: pass \`tools\` to switchyard()`,
      ),
    ),
  close: () => Promise.resolve(),
};
