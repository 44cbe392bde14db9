/**
 * A stage that another's worker runs: a job in their queue, with their name and data, that looks like any other of theirs.
 * What makes it a stage is its parent, the run's root, which BullMQ tells how it ended.
 *
 * Nothing of ours goes with it but the parent and an id that the run has: no priority, no retention and no attempts that the
 * definition does not name, since each of those means something to the queue as a whole.
 */
import type { JobsOptions } from 'bullmq';
import { RUNS_QUEUE, stageJobId } from '../names.js';
import type { Task } from '../task.js';
import { type AppendableJob, jobToAdd } from './bullmq-adds.js';
import { assertJobSize } from './job-size.js';
import type { QueuePool } from './queue-pool.js';

export interface ForeignStage {
  readonly task: Task;
  readonly run: string;
  readonly stage: string;
  /** As the task's schema made it. */
  readonly input: unknown;
  readonly delayMs: number;
}

export async function foreignJob(
  queues: QueuePool,
  { task, run, stage, input, delayMs }: ForeignStage,
): Promise<AppendableJob> {
  const { prefix = queues.prefix, job: name = task.name, ...given } = task.foreign ?? {};
  assertJobSize(input, stage);
  const jobId = stageJobId(run, stage);
  const options: JobsOptions & { jobId: string } = {
    ...given,
    jobId,
    attempts: task.attempts,
    parent: { id: run, queue: `${queues.prefix}:${RUNS_QUEUE}` },
    // Without this the root would never wake, or wake without knowing, when the job fails for good.
    ignoreDependencyOnFailure: true,
    ...(delayMs > 0 && { delay: delayMs }),
  };
  const toAdd = await jobToAdd(queues.foreign({ prefix, queue: task.queue }), name, input, options);
  return { ...toAdd, job: `${prefix}:${task.queue}:${jobId}` };
}
