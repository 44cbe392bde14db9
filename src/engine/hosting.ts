/**
 * What runs stages inside Workers that a team has, once one of them has a job. One set of connections for all of them, opened
 * with that first job. Loaded by `hosted.ts`, and by nobody else.
 */
import { systemClock } from '../adapters/clock.js';
import { redisNow } from '../adapters/redis-clock.js';
import { WORKER_DEFAULTS } from '../config.js';
import { type BackoffStrategy, judgeSettings } from '../hosted-settings.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { stageOf } from '../orchestrators/stage-task.js';
import { createClockGuard } from '../processors/clock-guard.js';
import { createHostedProcessor, type Hosted, type HostedProcessor } from '../processors/hosted-processor.js';
import { createIsolation } from '../processors/isolation.js';
import { StageJob } from '../schema.js';
import type { Task } from '../task.js';
import { createProcessing, type Processing, type ProcessingDependencies } from './processing.js';
import type { Registry } from './registry.js';

export interface ProcessorOptions {
  /** Runs jobs of the queue that are none of ours. Without it they fail as INVALID_JOB. */
  readonly otherwise?: HostedProcessor;
}

/** What a processor is for; nothing: every stage that comes. */
export type ProcessorOf = Task | WorkflowDefinition;

export interface Hosting {
  processor(of: readonly ProcessorOf[], options: ProcessorOptions): HostedProcessor;
  close(): void;
}

/** @param isOurBackoff whether a Worker's backoff was made by `sy.workerOptions` */
export function createHosting(
  deps: ProcessingDependencies,
  isOurBackoff: (strategy: BackoffStrategy | undefined) => boolean,
): Hosting {
  const { registry, prefix, keys, logger, clock = systemClock } = deps;
  const all: Hosted[] = [];
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
    return { processing, started, close };
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
    processor(of, { otherwise }) {
      const hosted = createHostedProcessor({
        keys,
        isolation,
        logger,
        handlers,
        onEnded: (data) => void opened?.processing.onEnded(data),
        otherwise,
        isFor: (data) => of.length === 0 || isOf(registry, of, data),
        judge: (options) => judgeSettings(options, { prefix, isOurBackoff }),
      });
      all.push(hosted);
      return hosted.process;
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
