/**
 * Stages inside Workers that a team has: `new Worker(queue, sy.processor(task), sy.workerOptions({ connection }))`. One set of
 * connections for all of them, opened with the first job.
 */
import { systemClock } from './adapters/clock.js';
import { redisNow } from './adapters/redis-clock.js';
import { WORKER_DEFAULTS } from './config.js';
import { SwitchyardError } from './errors.js';
import { tasksOf, type WorkflowDefinition } from './orchestrators/definition.js';
import { stageOf } from './orchestrators/stage-task.js';
import { createProcessing, type Processing, type ProcessingDependencies } from './processing.js';
import { createClockGuard } from './processors/clock-guard.js';
import { createHostedProcessor, type Hosted, type HostedProcessor } from './processors/hosted-processor.js';
import {
  type BackoffStrategy,
  type HostedWorkerOptions,
  judgeSettings,
  withOurSettings,
} from './processors/hosted-settings.js';
import { createIsolation } from './processors/isolation.js';
import { delayOf } from './processors/queue-worker.js';
import { BACKOFF_TYPE } from './queues/run-jobs.js';
import type { Registry } from './registry.js';
import { StageJob } from './schema.js';
import type { Task } from './task.js';

export type { HostedJob, HostedProcessor } from './processors/hosted-processor.js';
export type { BackoffStrategy, HostedWorkerOptions } from './processors/hosted-settings.js';

export interface ProcessorOptions {
  /** Runs jobs of the queue that are none of ours. Without it they fail as INVALID_JOB. */
  readonly otherwise?: HostedProcessor;
}

/** What a processor is for; nothing: every stage that comes. */
export type ProcessorOf = Task | WorkflowDefinition;

export interface HostedWorkers {
  processor(of: readonly ProcessorOf[], options?: ProcessorOptions): HostedProcessor;
  workerOptions<Options extends HostedWorkerOptions>(options: Options): HostedOptions<Options>;
  close(): void;
}

/** Theirs, with what stages need filled in. */
export type HostedOptions<Options> = Omit<Options, 'settings' | 'prefix' | 'maxStalledCount'> & {
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly settings: {
    readonly backoffStrategy: (attempts: number, type?: string, error?: Error) => number | Promise<number>;
  };
};

export function createHostedWorkers(deps: ProcessingDependencies): HostedWorkers {
  const { registry, prefix, keys, logger, clock = systemClock } = deps;
  const all: Hosted[] = [];
  const ours = new WeakSet<BackoffStrategy>();
  const isolation = createIsolation();
  let opened: ReturnType<typeof open> | undefined;

  function open() {
    const processing = createProcessing(deps, (run) => {
      for (const hosted of all) hosted.stopRun(run);
    });
    const clockGuard = createClockGuard({
      clock,
      redisNow: () => redisNow(processing.connection),
      everyMs: WORKER_DEFAULTS.clockCheckMs,
      // Their Worker is theirs to pause: that its clock is wrong is said, by the guard itself.
      onSkewed: () => {},
      onMended: () => {},
      logger,
    });
    const close = () => {
      clockGuard.stop();
      processing.close();
      processing.release();
    };
    const started = deps.connections.ready().then(async () => {
      await processing.start();
      await clockGuard.start();
      return processing.handlerOf;
    });
    return { started, close };
  }

  /** One that failed is closed, and the next job opens another. */
  async function handlers(): Promise<Processing['handlerOf']> {
    opened ??= open();
    const { started, close } = opened;
    return await started.catch((error: unknown) => {
      close();
      opened = undefined;
      throw error;
    });
  }

  return {
    processor(of, { otherwise } = {}) {
      for (const one of of) assertKnown(registry, one);
      const hosted = createHostedProcessor({
        keys,
        isolation,
        logger,
        handlers,
        otherwise,
        isFor: (data) => of.length === 0 || isOf(registry, of, data),
        judge: (options) =>
          judgeSettings(options, { prefix, isOurBackoff: (strategy) => strategy !== undefined && ours.has(strategy) }),
      });
      all.push(hosted);
      return hosted.process;
    },
    workerOptions(options) {
      const theirs = options.settings?.backoffStrategy;
      const backoff: BackoffStrategy = (attempts, type, error, job) =>
        type === BACKOFF_TYPE || !theirs ? delayOf(error) : theirs(attempts, type, error, job);
      ours.add(backoff);
      return withOurSettings(options, { prefix, backoff });
    },
    close() {
      opened?.close();
    },
  };
}

/** What is no stage, or of no definition here, has its own answer, which the handler gives. */
function isOf(registry: Registry, of: readonly ProcessorOf[], data: unknown): boolean {
  const stage = StageJob.safeParse(data).data;
  const definition = stage && registry.find(stage.workflow, stage.version);
  if (!definition) return true;
  const task = stageOf(definition, stage);
  return task === undefined || of.includes(task) || of.includes(definition);
}

/** @throws SwitchyardError INVALID_CONFIG for one that no definition here has: its stages would never come */
function assertKnown({ definitions }: Registry, one: ProcessorOf): void {
  const isKnown =
    'pattern' in one
      ? definitions.includes(one)
      : !one.waits && !one.foreign && definitions.some((definition) => tasksOf(definition).includes(one));
  if (isKnown) return;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `sy.processor("${one.name}"): no workflow of this Switchyard has it as something that a worker runs; add its workflow to \`workflows\``,
  );
}
