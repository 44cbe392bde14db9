/** Wires one Switchyard: definitions, Redis, queues, processors, tools. What an application holds. */
import { systemClock } from '../adapters/clock.js';
import { createLogger } from '../adapters/logger.js';
import { createTracing } from '../adapters/observability/tracing.js';
import { createRedisConnections, type RedisConnection } from '../adapters/redis-connections.js';
import { createRunIndex } from '../adapters/run-index.js';
import { createRunKnowledge } from '../adapters/run-knowledge.js';
import { createRunLog } from '../adapters/run-log.js';
import { createRunView } from '../adapters/run-view.js';
import { createScriptRunner } from '../adapters/scripts.js';
import { createSettledRuns } from '../adapters/settled-runs.js';
import { type CallbackSettings, callbackRules } from '../callbacks.js';
import { DEFAULT_PREFIX, type Retention, retentionOf } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { RunRecord } from '../facts.js';
import type { HostedWorkerOptions } from '../hosted-settings.js';
import { newRunId, OWN_QUEUES, redisKeys } from '../names.js';
import type { Workflow, WorkflowDefinition, WorkflowInput, WorkflowOutput } from '../orchestrators/definition.js';
import type { ListOptions, Logger, RunCounts, RunPage, ToolCaller } from '../ports.js';
import type { HostedProcessor } from '../processors/hosted-processor.js';
import { assertQueueLimits, type QueueLimits } from '../queue-limits.js';
import { acceptRun } from '../queues/accept-run.js';
import { createAnswers } from '../queues/answer-stage.js';
import { eraseRun } from '../queues/erase-run.js';
import { findOrphans, type OrphanReport, type OrphansOptions } from '../queues/find-orphans.js';
import { assertForeignPrefixes } from '../queues/foreign-queues.js';
import { createRunLook } from '../queues/look-at-run.js';
import { createQueuePool } from '../queues/queue-pool.js';
import { createRunControl } from '../queues/run-control.js';
import { createRunHandle, type Run } from '../queues/run-handle.js';
import { createRunJobs } from '../queues/run-jobs.js';
import { createStopRun } from '../queues/stop-run.js';
import type { StartOptions } from '../queues/unstarted-run.js';
import { type TelemetryListener, telemetryOf } from '../telemetry.js';
import type { TraceContext } from '../trace-context.js';
import { checkedRunLog } from './checked-run-log.js';
import { createEveryday, type Everyday } from './everyday.js';
import { createHostedWorkers, type HostedOptions, type ProcessorOf, type ProcessorOptions } from './hosted.js';
import { noTools } from './no-tools.js';
import { offering } from './offered.js';
import { createRegistry } from './registry.js';
import { createWorkers, type Workers, type WorkersOptions } from './workers.js';

export interface SwitchyardOptions {
  readonly connection: RedisConnection;
  readonly workflows: readonly Workflow[];
  /** What tasks call tools with: `createToolPool`. Without it a task that calls a tool fails and says so. */
  readonly tools?: ToolCaller;
  /** Prefix of every key; keep the braces, they are a hash tag. Default `{sy0}`. */
  readonly prefix?: string;
  /** How long ended runs are kept. Default: 7 days, 10,000 per workflow. */
  readonly retention?: Partial<Retention>;
  /** Limits of queues, by name; set when workers start. */
  readonly queues?: Readonly<Record<string, QueueLimits>>;
  /** Whom the end of a run may be told; without it a start with a callback is refused. */
  readonly callbacks?: CallbackSettings;
  /** Who else is told of the work, such as `createMetrics().listener`. Traces go to the OpenTelemetry SDK that is registered, if one is. */
  readonly telemetry?: readonly TelemetryListener[];
  /** Any pino logger. Default: warnings, on standard error. */
  readonly logger?: Logger;
}

export interface Switchyard extends Everyday {
  /**
   * Accepts a run, durably, before it resolves.
   * @throws SwitchyardError UNKNOWN_WORKFLOW, INVALID_INPUT, INVALID_DEFINITION, TOO_LARGE, KEY_CONFLICT,
   *   REDIS_UNAVAILABLE
   */
  start<W extends Workflow>(
    workflow: W,
    input: WorkflowInput<W>,
    options?: StartOptions,
  ): Promise<Run<WorkflowOutput<W>>>;
  start(workflow: string, input: unknown, options?: StartOptions): Promise<Run>;
  /** A run that was accepted earlier, here or elsewhere. */
  run(id: string): Run;
  list(options?: ListOptions): Promise<RunPage>;
  /** How many runs of each workflow are under way, wait for a person, or ended in each way. */
  counts(): Promise<Readonly<Record<string, RunCounts>>>;
  /** The newest version of each workflow that is known here. */
  readonly workflows: readonly WorkflowDefinition[];
  /**
   * Effects under our keys, at services that list them, of which no run knows: what a Redis that lost its last second leaves
   * behind. Reads only; what to do about each is a person's to decide.
   * @throws SwitchyardError INVALID_INPUT, what calls of tools throw, REDIS_UNAVAILABLE
   */
  orphans(options: OrphansOptions): Promise<OrphanReport>;
  /** Workers of this process, not yet started. */
  workers(options?: WorkersOptions): Workers;
  /**
   * For a Worker that you have: `new Worker(queue, sy.processor(task), sy.workerOptions({ connection }))` runs the stages of
   * these tasks, or of all tasks of these workflows; of none named, every stage that comes. Stages of others are put back. A
   * Worker whose settings break a promise runs none, and says why. Close it before this Switchyard.
   * @throws SwitchyardError INVALID_CONFIG for one that none of the workflows here has
   */
  processor(of?: ProcessorOf | readonly ProcessorOf[], options?: ProcessorOptions): HostedProcessor;
  /**
   * Your options of a Worker, with what stages need filled in: prefix, backoff, lock, and no bound of BullMQ's on stalls.
   * @throws SwitchyardError INVALID_CONFIG for one that breaks a promise, such as `maxStalledCount: 1`
   */
  workerOptions<Options extends HostedWorkerOptions>(options: Options): HostedOptions<Options>;
  /** Resolves once Redis answers and suits us; every other call does this by itself. */
  ready(): Promise<void>;
  /** Closes every connection. Stop your workers first. */
  close(): Promise<void>;
}

/** @throws SwitchyardError INVALID_CONFIG, INVALID_DEFINITION */
export function switchyard(options: SwitchyardOptions): Switchyard {
  const logger = options.logger ?? createLogger();
  const telemetry = telemetryOf([createTracing(), ...(options.telemetry ?? [])], logger);
  const prefix = options.prefix ?? DEFAULT_PREFIX;
  const retention = retentionOf(options.retention);
  const registry = createRegistry(options.workflows);
  const limits = options.queues ?? {};
  assertQueueLimits(limits, registry.queues());
  const keys = redisKeys(prefix);
  assertForeignPrefixes(prefix, registry.foreignQueues);
  const connections = createRedisConnections(options.connection, logger, prefix, registry.foreignQueues);
  const producer = connections.open('producer');
  const scripts = createScriptRunner(producer);
  const log = checkedRunLog(createRunLog(scripts, keys, retention), registry);
  const quiet = (error: Error) => logger.debug({ error: error.message }, 'queue connection');
  const queues = createQueuePool(producer, prefix, quiet);
  const shown = createQueuePool(producer, prefix, quiet, { readOnly: true });
  const jobs = createRunJobs(queues, retention, registry.workflows);
  const settled = createSettledRuns({ open: () => connections.open('worker'), keys, logger });
  const index = createRunIndex(scripts, keys);
  const callbacks = options.callbacks && callbackRules(options.callbacks);
  const accepting = { scripts, keys, jobs, clock: systemClock, callbacks };
  const stop = createStopRun(scripts, keys);
  const facing = { scripts, keys, jobs, log, stop, clock: systemClock, definition: registry.find, callbacks };
  const handles = {
    log,
    settled,
    definition: registry.find,
    control: createRunControl(facing),
    answers: createAnswers(facing),
    erase: (run: string) => eraseRun(facing, run),
    look: createRunLook({ log, view: createRunView(scripts, keys), keys, definition: registry.find }),
    startAgain: (record: RunRecord) => startOnce(record, { begin: true }),
  };
  /** Under a key of the run's own: whoever lost the answer and asks again, in bulk or not, finds the one run that repeats it. */
  async function startOnce(record: RunRecord, { begin }: { readonly begin: boolean }) {
    const { workflow, input, priority, callback, tags, trace } = record;
    const key = `retry of ${record.id}`;
    if (!begin) {
      const id = newRunId(workflow, key, 0);
      return { id, duplicate: (await log.read(id)) !== undefined };
    }
    const again = {
      ...{ key, priority, retryOf: record.id },
      ...(callback && callbacks && { callback }),
      ...(tags && { tags }),
    };
    return await accept(registry.latest(workflow), input, again, trace);
  }
  const { everyday, schedules } = createEveryday({
    ...{ ...facing, ...handles, index, queues, retention, registry, startOnce, ready: connections.ready },
  });
  const processing = {
    ...{ registry, prefix, keys, retention, tools: options.tools, callbacks, telemetry, logger, connections, jobs },
    everyday: { schedules, queues, limits },
  };
  const hosted = createHostedWorkers(processing);
  let closing: Promise<void> | undefined;

  async function accept(definition: WorkflowDefinition, input: unknown, how?: StartOptions, repeats?: TraceContext) {
    const watched = telemetry.start({ workflow: definition.name, repeats });
    try {
      const { trace } = watched;
      const accepted = await watched.within(() => acceptRun({ ...accepting, trace }, definition, input, how));
      watched.end({ run: accepted.id, duplicate: accepted.duplicate });
      return accepted;
    } catch (thrown) {
      watched.end({ error: toSwitchyardError(thrown).toJSON() });
      throw thrown;
    }
  }
  async function start(workflow: Workflow | string, input: unknown, startOptions?: StartOptions): Promise<Run> {
    const definition = typeof workflow === 'string' ? registry.latest(workflow) : registered(workflow);
    await connections.ready();
    const accepted = await accept(definition, input, startOptions);
    return createRunHandle(handles, accepted.id, accepted.duplicate);
  }
  function registered(workflow: WorkflowDefinition): WorkflowDefinition {
    const known = registry.find(workflow.name, workflow.version);
    if (known === workflow) return known;
    throw new SwitchyardError(
      'UNKNOWN_WORKFLOW',
      `workflow "${workflow.name}" version ${workflow.version} is not one of this Switchyard's: add it to \`workflows\``,
    );
  }

  async function close(): Promise<void> {
    hosted.close();
    await settled.close();
    await Promise.all([queues.close(), shown.close()]);
    connections.close();
  }

  const sy: Switchyard = {
    // The overloads tie input and output to the workflow; inside, both are unknown.
    start: start as Switchyard['start'],
    ...everyday,
    run: (id) => createRunHandle(handles, id),
    async list(listOptions) {
      await connections.ready();
      return await index.list(listOptions);
    },
    async counts() {
      await connections.ready();
      return await index.counts(registry.names);
    },
    workflows: registry.names.map((name) => registry.latest(name)),
    async orphans(orphansOptions) {
      await connections.ready();
      return await findOrphans(
        {
          tools: options.tools ?? noTools,
          knowledge: createRunKnowledge(scripts, keys, retention, systemClock),
          log,
          workflows: registry.names,
          latest: registry.latest,
          definition: registry.find,
        },
        orphansOptions,
      );
    },
    workers: (workersOptions) => createWorkers(processing, workersOptions),
    processor: (of = [], processorOptions) => hosted.processor([of].flat(), processorOptions),
    workerOptions: hosted.workerOptions,
    ready: connections.ready,
    close() {
      closing ??= close();
      return closing;
    },
  };
  return offering(sy, { pool: shown, queues: [...registry.queues(), ...OWN_QUEUES], callbacks });
}
