/**
 * A stage that is a whole run of another workflow. Started once, under a key of the stage's, as a child of the stage's own
 * job; that sleeps until BullMQ wakes it, in the script that ends the child's root. What it finds then is decided from what
 * is recorded, so it may be woken, crash and be given to another worker at any point.
 */
import { SwitchyardError } from '../errors.js';
import type { Facts, RunRecord } from '../facts.js';
import type { StageJob } from '../schema.js';
import type { Task } from '../task.js';
import { checkOutput } from './attempt.js';
import type { Handled, ProcessorDependencies } from './job.js';

/** Where nothing is left to sleep for and the run has not ended: it is about to, or its root is gone and will be restored. */
const SLEEP: Handled = { kind: 'park', elseMs: 500 };

export interface NestedStage {
  readonly stage: StageJob;
  readonly task: Task;
  readonly facts: Facts;
  /** Asked for only when the run is started. */
  readonly input: () => unknown;
}

/**
 * Resolves to the run's result, or to what becomes of the stage's job meanwhile.
 * @throws SwitchyardError NESTED_RUN_FAILED; CANCELLED when the stage's run is to stop; whatever refuses a start
 */
export async function runNested(
  deps: Pick<ProcessorDependencies, 'log' | 'nested'>,
  { stage, task, facts: { record }, input }: NestedStage,
): Promise<{ readonly output: unknown; readonly startedAt: number } | Handled> {
  const { runs } = task;
  if (!runs) throw new SwitchyardError('INTERNAL', `task "${task.name}" is no workflow`);
  const parent = { run: stage.run, stage: stage.stage, queue: task.queue };
  const nested = record.nested?.get(stage.stage);
  if (!nested) {
    await deps.nested.start(runs, input(), parent, record, stage.after);
    return SLEEP;
  }
  const child = (await deps.log.read(nested.run))?.record;
  if (!child) {
    if (stage.after === nested.after || record.stop) throw failed(stage, `run ${nested.run} is not kept any more`);
    // A person has had the stage retried, and nothing is left of what it was.
    await deps.nested.start(runs, input(), parent, record, stage.after);
    return SLEEP;
  }
  if (!child.outcome) return SLEEP;
  const { status, output } = child.outcome;
  if (status === 'completed' || status === 'partial')
    return { output: checkOutput({ task }, output), startedAt: child.createdAt };
  if (stage.after > nested.after && !record.stop) {
    await deps.nested.retry(nested.run, runs, parent, record, input, stage.after);
    return SLEEP;
  }
  throw record.stop ? cancelled(stage, child) : failed(stage, howItEnded(child));
}

function howItEnded({ id, outcome }: RunRecord): string {
  const error = outcome?.error;
  return `run ${id} ended ${outcome?.status}${error ? `: ${error.code}: ${error.message}` : ''}`;
}

function failed({ stage }: StageJob, why: string): SwitchyardError {
  return new SwitchyardError('NESTED_RUN_FAILED', why, { step: stage });
}

function cancelled({ stage }: StageJob, child: RunRecord): SwitchyardError {
  return new SwitchyardError('CANCELLED', `the run is to stop: ${howItEnded(child)}`, { step: stage });
}
