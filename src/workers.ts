/** The workers of one process: one per queue, started and stopped together. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createCallbackSender } from './adapters/callback-sender.js';
import { systemClock } from './adapters/clock.js';
import { createDeliveryRecord } from './adapters/delivery-record.js';
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
import { observed } from './processors/observed-job.js';
import { createQueueWorker } from './processors/queue-worker.js';
import { createRootHandler } from './processors/root.js';
import { createStageHandler } from './processors/stage.js';
import { createTimerHandler, isTimer } from './processors/timer.js';
import { createWorkerHealth, type WorkerHealth } from './processors/worker-health.js';
import { type WorkerSettings, workerSettings } from './processors/worker-settings.js';
import { createAnswers } from './queues/answer-stage.js';
import { createAppendStages } from './queues/append-stages.js';
import { reconcile } from './queues/reconcile.js';
import type { RunJobs } from './queues/run-jobs.js';
import { createStopRun } from './queues/stop-run.js';
import type { Registry } from './registry.js';
import { NO_TELEMETRY, type Telemetry } from './telemetry.js';

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

export interface WorkersDependencies {
  readonly registry: Registry;
  readonly prefix: string;
  readonly keys: RedisKeys;
  readonly retention: Retention;
  readonly tools: ToolCaller | undefined;
  /** Where there are some, the ends of runs are told from here. */
  readonly callbacks?: CallbackRules | undefined;
  /** Nobody by default. */
  readonly telemetry?: Telemetry;
  /** The machine's by default. */
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly connections: RedisConnections;
  readonly jobs: RunJobs;
  /** Stands between the processors and their ports: `crash-test` stops a worker there. */
  readonly wrap?: (ports: WrappedPorts) => WrappedPorts;
}

export type WrappedPorts = Pick<ProcessorDependencies, 'log' | 'append' | 'tools'>;

export function createWorkers(deps: WorkersDependencies, { queues, ...overrides }: WorkersOptions = {}): Workers {
  const { registry, prefix, keys, retention, clock = systemClock, logger, telemetry = NO_TELEMETRY } = deps;
  const known = [...registry.queues(), ...(deps.callbacks ? [CALLBACKS_QUEUE] : [])];
  const served = queues ?? known;
  assertQueues(served, known);
  const settings = workerSettings(overrides);
  const connection = deps.connections.open('worker');
  const subscriber = deps.connections.open('worker');
  const scripts = createScriptRunner(connection);
  const log = createRunLog(scripts, keys, retention);
  const answers = createAnswers({ scripts, keys, log, clock, definition: registry.find });
  const stops = createStopSignals({
    subscriber,
    reader: connection,
    keys,
    onStop: (run) => {
      for (const worker of workers) worker.stopRun(run);
    },
    logger,
  });
  const ports: WrappedPorts = {
    log,
    append: createAppendStages(scripts, keys, deps.jobs),
    tools: deps.tools ?? noTools,
  };
  const processors: ProcessorDependencies = {
    ...(deps.wrap?.(ports) ?? ports),
    definition: registry.find,
    stop: createStopRun(scripts, keys),
    isStopping: stops.isStopping,
    answerAtDeadline: answers.answerAtDeadline,
    clock,
    random: Math.random,
    telemetry,
    logger,
  };
  const [root, timer, stage] = [
    createRootHandler(processors),
    createTimerHandler(processors),
    createStageHandler(processors),
  ];
  const isolation = createIsolation();
  const runs: JobHandler = (job) => (isTimer(job.data) ? timer(job) : root(job));
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
      handler: observed(handlers.get(queue) ?? stage, queue, processors),
      settings,
      isolation,
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
    reconcile({ ...processors, scripts, keys, jobs: deps.jobs }, turnMs).catch((error: unknown) => {
      // The message alone: an error of the client carries the command's arguments.
      const { message: reason } = toSwitchyardError(error);
      if (!stopping) logger.warn({ reason }, 'looking for runs whose root job is gone failed; the next look follows');
    });
  };
  async function stop(): Promise<void> {
    health.set('stopping');
    clearInterval(reconciler);
    clockGuard.stop();
    stops.close();
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
