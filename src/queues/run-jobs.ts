/** The jobs of a run: which queue, id, priority, attempts and retention its root and each of its stages have. */
import type { JobsOptions } from 'bullmq';
import type { CallbackRules } from '../callbacks.js';
import { MAX_DELAY_MS, PRIORITIES, type Retention } from '../config.js';
import type { Facts, RunRecord } from '../facts.js';
import { ATTENTION_QUEUE, CALLBACKS_QUEUE, callbackJobId, RUNS_QUEUE, stageJobId, timerJobId } from '../names.js';
import type { Classification, WorkflowDefinition } from '../orchestrators/definition.js';
import type { Stage } from '../orchestrators/move.js';
import { retriesOf } from '../orchestrators/retry-plan.js';
import { checkUnserved, kindOfStage, stageTask, taskOf } from '../orchestrators/stage-task.js';
import type { Timer } from '../orchestrators/waits.js';
import type { CallbackJob, TimerJob } from '../schema.js';
import { type AppendableJob, jobToAdd } from './bullmq-adds.js';
import { foreignJob } from './foreign-job.js';
import type { QueuePool } from './queue-pool.js';
import { jobHead, stageWork } from './stage-work.js';

/** Type of backoff in a job's options; workers compute the delay from the task's own policy. */
export const BACKOFF_TYPE = 'switchyard';

/** Stages in one queue that a retained run is reckoned to have. */
const STAGES_PER_RETAINED_RUN = 10;

export interface CallbackToAdd {
  readonly url: string;
  readonly attempts: number;
  /** Which end it tells of. */
  readonly delivery: number;
  /** Whether that end has come. */
  readonly isDue?: boolean;
}

/**
 * @param workflows How many workflows share the queues. BullMQ counts ended jobs per queue, our retention counts runs per
 *   workflow: a root, with the results of its stages, would go while its run is still kept, and the run's timeline with
 *   it. BullMQ applies what the job that ends says, so processes on one Redis do well to name the same workflows.
 */
export function createRunJobs(queues: QueuePool, retention: Retention, workflows = 1) {
  const keep = (perRun: number): Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'> => {
    const kept = { age: Math.ceil(retention.ageMs / 1000), count: retention.count * perRun * workflows };
    return { removeOnComplete: kept, removeOnFail: kept };
  };
  const keepRoot = keep(1);
  const keepStage = keep(STAGES_PER_RETAINED_RUN);
  /** Where BullMQ's own telemetry looks for it: a worker of another version, or of somebody else, can read the job as ever. */
  const traced = ({ trace }: Pick<RunRecord, 'trace'>): Pick<JobsOptions, 'telemetry'> =>
    trace ? { telemetry: { metadata: JSON.stringify(trace) } } : {};
  /** The root; with `children` it sleeps until they have ended. `linked`: the stage for which the run stands sleeps for it. */
  async function root(
    definition: WorkflowDefinition,
    record: RunRecord,
    options: { readonly children: boolean; readonly delayMs: number; readonly linked?: boolean },
  ): Promise<AppendableJob> {
    const { parent } = record;
    const jobOptions: JobsOptions & { jobId: string } = {
      ...keepRoot,
      ...traced(record),
      jobId: record.id,
      priority: PRIORITIES[record.priority],
      // With children it is they who are delayed: BullMQ would delay the root a second time when it wakes.
      ...(options.delayMs > 0 && !options.children && { delay: options.delayMs }),
      ...(options.linked &&
        parent && {
          parent: { id: stageJobId(parent.run, parent.stage), queue: `${queues.prefix}:${parent.queue}` },
          ignoreDependencyOnFailure: true,
        }),
    };
    const link = options.children ? { addToWaitingChildren: true } : {};
    const data = jobHead(definition, record.id);
    const toAdd = await jobToAdd(queues.get(RUNS_QUEUE), definition.name, data, jobOptions, link);
    return { ...toAdd, job: `${queues.prefix}:${RUNS_QUEUE}:${record.id}` };
  }

  async function stage(
    definition: WorkflowDefinition,
    facts: Facts,
    which: Stage,
    delayMs = 0,
  ): Promise<AppendableJob> {
    const { record } = facts;
    const planned = stageTask(definition, which, facts);
    const { task } = planned;
    const input = checkUnserved(planned, which.stage);
    if (task?.foreign) return await foreignJob(queues, { task, run: record.id, stage: which.stage, input, delayMs });
    const { data, attempts } = stageWork(definition, record, which, { ...(task && { task }), input });
    const queue = task?.queue ?? ATTENTION_QUEUE;
    const jobId = stageJobId(record.id, which.stage);
    const decided = record.decision as Classification | undefined;
    const options: JobsOptions & { jobId: string } = {
      ...keepStage,
      ...traced(record),
      jobId,
      attempts,
      backoff: { type: BACKOFF_TYPE },
      priority: PRIORITIES[decided?.priority ?? record.priority],
      parent: { id: record.id, queue: `${queues.prefix}:${RUNS_QUEUE}` },
      // Without this the root would never wake, or wake without knowing, when the child fails for good.
      ignoreDependencyOnFailure: true,
      ...(delayMs > 0 && { delay: delayMs }),
    };
    const toAdd = await jobToAdd(queues.get(queue), which.stage, data, options);
    return {
      ...toAdd,
      job: `${queues.prefix}:${queue}:${jobId}`,
      ...(task?.waits && { waits: { stage: which.stage, of: task.waits.for, input } }),
    };
  }

  /** The key of a stage's job. */
  function keyOf(definition: WorkflowDefinition, run: string, stage: string): string {
    const kind = kindOfStage(definition, stage);
    const task = kind === 'attention' ? undefined : taskOf(definition, { kind, stage });
    const prefix = task?.foreign?.prefix ?? queues.prefix;
    return `${prefix}:${task?.queue ?? ATTENTION_QUEUE}:${stageJobId(run, stage)}`;
  }

  /** A clock of the run. It is no child of the root, which would sleep until it has run out. */
  async function timer(definition: WorkflowDefinition, record: RunRecord, clock: Timer): Promise<AppendableJob> {
    const jobId = timerJobId(record.id, clock.timer);
    const due = (clock.since === 'acceptance' ? record.createdAt : Date.now()) + clock.afterMs;
    const data: TimerJob = { ...jobHead(definition, record.id), kind: 'timer', timer: clock.timer };
    const toAdd = await jobToAdd(queues.get(RUNS_QUEUE), `${definition.name} ${clock.timer}`, data, {
      jobId,
      // Before everything else: it is short, and late is wrong.
      priority: PRIORITIES.CRITICAL,
      delay: Math.max(0, due - Date.now()),
      removeOnComplete: true,
      removeOnFail: keepRoot.removeOnFail,
    });
    return { ...toAdd, job: `${queues.prefix}:${RUNS_QUEUE}:${jobId}`, timer: { due } };
  }

  /** The job that tells of the run's end. It sleeps until the script that ends the run makes it due, unless it is due already. */
  async function callback(
    definition: Pick<WorkflowDefinition, 'name' | 'version'>,
    record: Pick<RunRecord, 'id' | 'priority' | 'trace'>,
    { url, attempts, delivery, isDue }: CallbackToAdd,
  ): Promise<AppendableJob> {
    const { id, priority } = record;
    const jobId = callbackJobId(id, delivery);
    const data: CallbackJob = { ...jobHead(definition, id), kind: 'callback', url, delivery };
    const toAdd = await jobToAdd(queues.get(CALLBACKS_QUEUE), definition.name, data, {
      ...keepRoot,
      ...traced(record),
      jobId,
      priority: PRIORITIES[priority],
      attempts,
      backoff: { type: BACKOFF_TYPE },
      ...(!isDue && { delay: MAX_DELAY_MS }),
    });
    return { ...toAdd, job: `${queues.prefix}:${CALLBACKS_QUEUE}:${jobId}`, timer: 'at-end' };
  }

  return { root, stage, timer, callback, keyOf };
}

export type RunJobs = ReturnType<typeof createRunJobs>;

/** The job that tells of the end that the run comes to next; none where callbacks are not configured any more: they go nowhere. */
export function atEndAgain(
  jobs: RunJobs,
  definition: WorkflowDefinition,
  record: RunRecord,
  rules: CallbackRules | undefined,
  delivery = retriesOf(record),
): readonly Promise<AppendableJob>[] {
  if (!record.callback || !rules) return [];
  return [jobs.callback(definition, record, { ...record.callback, attempts: rules.attempts, delivery })];
}
