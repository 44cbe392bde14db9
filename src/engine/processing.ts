/**
 * What runs jobs, whoever holds them: our own workers (`workers.ts`), or a Worker that a team has (`hosted.ts`). One set of
 * connections, one log, one handler for each kind of job.
 */

import { createCallbackSender } from '../adapters/callback-sender.js';
import { systemClock } from '../adapters/clock.js';
import { createDeliveryRecord } from '../adapters/delivery-record.js';
import { createPauseSignals } from '../adapters/pause-signals.js';
import type { RedisConnections } from '../adapters/redis-connections.js';
import { createRunLog } from '../adapters/run-log.js';
import { createScriptRunner } from '../adapters/scripts.js';
import { createStopSignals } from '../adapters/stop-signals.js';
import type { CallbackRules } from '../callbacks.js';
import type { Retention } from '../config.js';
import { CALLBACKS_QUEUE, type RedisKeys, RUNS_QUEUE } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { FinishEffect } from '../orchestrators/move.js';
import type { Clock, Logger, ScriptRunner, ToolCaller } from '../ports.js';
import { createCallbackHandler } from '../processors/callback.js';
import type { JobHandler, ProcessorDependencies } from '../processors/job.js';
import { observed } from '../processors/observed-job.js';
import { createRootHandler } from '../processors/root.js';
import { createStageHandler } from '../processors/stage.js';
import { createTickHandler, isTick } from '../processors/tick.js';
import { createTimerHandler, isTimer } from '../processors/timer.js';
import type { QueueLimits } from '../queue-limits.js';
import { createAnswers } from '../queues/answer-stage.js';
import { createAppendStages } from '../queues/append-stages.js';
import { createSiblingStop } from '../queues/decided-fan-out.js';
import { createFinishEffect } from '../queues/finish-effect.js';
import { createHoldBack } from '../queues/hold-back.js';
import { createNestedRuns } from '../queues/nested-runs.js';
import type { QueuePool } from '../queues/queue-pool.js';
import { createRunControl } from '../queues/run-control.js';
import type { RunJobs } from '../queues/run-jobs.js';
import type { Schedules } from '../queues/schedules.js';
import { createStopRun } from '../queues/stop-run.js';
import { createTick } from '../queues/tick.js';
import { NO_TELEMETRY, type Telemetry } from '../telemetry.js';
import { checkedRunLog } from './checked-run-log.js';
import { noTools } from './no-tools.js';
import type { Registry } from './registry.js';

export interface ProcessingDependencies {
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

export interface Processing {
  readonly connection: ReturnType<RedisConnections['open']>;
  /** Hears of stops and pauses. */
  readonly subscriber: ReturnType<RedisConnections['open']>;
  readonly scripts: ScriptRunner;
  readonly schedules: Pick<Schedules, 'list' | 'mend'>;
  readonly processors: ProcessorDependencies;
  /** The newest version of a workflow. */
  readonly latest: (workflow: string) => WorkflowDefinition | undefined;
  handlerOf(queue: string): JobHandler;
  /** To be told the data of each job that has ended for good; it never fails. */
  readonly onEnded: (data: unknown) => Promise<void>;
  /** Where nothing stands between the processors and their ports. */
  readonly finish: FinishEffect | undefined;
  /** Resolves once stops and pauses are heard, and those are known that were before. */
  start(): Promise<void>;
  /** Hears nothing more; jobs that have begun may end. */
  close(): void;
  /** Gives its connections back. Stop what uses them first. */
  release(): void;
}

/** @param onStop called with each run that is to stop, once it has been started */
export function createProcessing(deps: ProcessingDependencies, onStop: (run: string) => void): Processing {
  const { registry, keys, retention, clock = systemClock, logger, telemetry = NO_TELEMETRY } = deps;
  const connection = deps.connections.open('worker');
  const subscriber = deps.connections.open('worker');
  const scripts = createScriptRunner(connection);
  const log = checkedRunLog(createRunLog(scripts, keys, retention), registry);
  const stop = createStopRun(scripts, keys);
  const facing = { scripts, keys, jobs: deps.jobs, log, stop, clock, definition: registry.find };
  const answers = createAnswers(facing);
  const stops = createStopSignals({ subscriber, reader: connection, keys, onStop, logger });
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
    telemetry,
    logger,
  };
  const schedules = deps.everyday?.schedules ?? NO_SCHEDULES;
  const latest = (workflow: string) => (registry.names.includes(workflow) ? registry.latest(workflow) : undefined);
  const [root, timer, stage] = [
    createRootHandler(processors),
    createTimerHandler(processors),
    createStageHandler(processors),
  ];
  const tick = createTick({ ...processors, scripts, keys, jobs: deps.jobs, schedules, latest });
  const tickHandler = createTickHandler({ tick });
  const runs: JobHandler = (job) => {
    if (isTick(job.data)) return tickHandler(job);
    return isTimer(job.data) ? timer(job) : root(job);
  };
  const handlers = new Map<string, JobHandler>([[RUNS_QUEUE, runs]]);
  let closed = false;
  if (deps.callbacks) handlers.set(CALLBACKS_QUEUE, callbackHandler(processors, deps.callbacks, scripts, keys));
  return {
    connection,
    subscriber,
    scripts,
    schedules,
    processors,
    latest,
    handlerOf: (queue) => observed(handlers.get(queue) ?? stage, queue, processors),
    onEnded: createSiblingStop(processors),
    finish: deps.wrap ? undefined : createFinishEffect(scripts, keys, deps.jobs),
    async start() {
      await stops.start();
      if (!closed) await pauses.start();
    },
    close() {
      closed = true;
      stops.close();
      pauses.close();
    },
    release() {
      deps.connections.release(connection);
      deps.connections.release(subscriber);
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
