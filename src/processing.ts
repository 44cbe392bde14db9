/**
 * What runs jobs, whoever holds them: our own workers (`workers.ts`), or a Worker that a team has (`hosted.ts`). One set of
 * connections, one log, one handler for each kind of job.
 */
import { systemClock } from './adapters/clock.js';
import type { RedisConnections } from './adapters/redis-connections.js';
import { createRunLog } from './adapters/run-log.js';
import { createScriptRunner } from './adapters/scripts.js';
import { createStopSignals, type StopSignals } from './adapters/stop-signals.js';
import { checkedRunLog } from './checked-run-log.js';
import type { Retention } from './config.js';
import { SwitchyardError } from './errors.js';
import { type RedisKeys, RUNS_QUEUE } from './names.js';
import type { Clock, Logger, ScriptRunner, ToolCaller } from './ports.js';
import type { JobHandler, ProcessorDependencies } from './processors/job.js';
import { createRootHandler } from './processors/root.js';
import { createStageHandler } from './processors/stage.js';
import { createTimerHandler, isTimer } from './processors/timer.js';
import { createAnswers } from './queues/answer-stage.js';
import { createAppendStages } from './queues/append-stages.js';
import type { RunJobs } from './queues/run-jobs.js';
import { createStopRun } from './queues/stop-run.js';
import type { Registry } from './registry.js';

export interface ProcessingDependencies {
  readonly registry: Registry;
  readonly prefix: string;
  readonly keys: RedisKeys;
  readonly retention: Retention;
  readonly tools: ToolCaller | undefined;
  /** The machine's by default. */
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly connections: RedisConnections;
  readonly jobs: RunJobs;
  /** Stands between the processors and their ports: `crash-test` stops a worker there. */
  readonly wrap?: (ports: WrappedPorts) => WrappedPorts;
}

export type WrappedPorts = Pick<ProcessorDependencies, 'log' | 'append' | 'tools'>;

export interface Processing {
  readonly connection: ReturnType<RedisConnections['open']>;
  readonly scripts: ScriptRunner;
  readonly stops: StopSignals;
  readonly processors: ProcessorDependencies;
  handlerOf(queue: string): JobHandler;
  /** Gives its connections back. Stop what uses them first. */
  release(): void;
}

/** @param onStop called with each run that is to stop, once `stops` has been started */
export function createProcessing(deps: ProcessingDependencies, onStop: (run: string) => void): Processing {
  const { registry, keys, retention, clock = systemClock, logger } = deps;
  const connection = deps.connections.open('worker');
  const subscriber = deps.connections.open('worker');
  const scripts = createScriptRunner(connection);
  const log = checkedRunLog(createRunLog(scripts, keys, retention), registry);
  const answers = createAnswers({ scripts, keys, log, clock, definition: registry.find });
  const stops = createStopSignals({ subscriber, reader: connection, keys, onStop, logger });
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
    logger,
  };
  const [root, timer, stage] = [
    createRootHandler(processors),
    createTimerHandler(processors),
    createStageHandler(processors),
  ];
  const runs: JobHandler = (job) => (isTimer(job.data) ? timer(job) : root(job));
  return {
    connection,
    scripts,
    stops,
    processors,
    handlerOf: (queue) => (queue === RUNS_QUEUE ? runs : stage),
    release() {
      deps.connections.release(connection);
      deps.connections.release(subscriber);
    },
  };
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
