/** What happens to a schedule's tick: a job of BullMQ's making, among the roots, whose id ends in the time it was due. */
import { parseJob, TickJob } from '../schema.js';
import { type ActiveJob, type Handled, invalidOrPutBack, type JobHandler } from './job.js';

const OVER: Handled = { kind: 'completed', value: null };

export interface TickHandlerDependencies {
  /** Starts the tick's run. `not-here`: this worker does not have its workflow. */
  readonly tick: (schedule: string, tick: number, isFirst: boolean) => Promise<'over' | 'not-here'>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Another worker is soon there for it, or none for long: its workflow is gone, and nobody has removed the schedule. Each look
 * comes before all runs, and would hold them up.
 */
function leaveToOthers({ attempt }: ActiveJob): Handled {
  return { kind: 'put-back', afterMs: Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS) };
}

/** Whether a job in the queue of the roots is a tick. */
export function isTick(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'tick';
}

export function createTickHandler({ tick }: TickHandlerDependencies): JobHandler {
  return async (job) => {
    try {
      const { schedule } = parseJob(TickJob, job.data, job.id);
      const due = Number(/:(\d+)$/.exec(job.id)?.[1] ?? job.startedAt);
      return (await tick(schedule, due, job.attempt === 1)) === 'over' ? OVER : leaveToOthers(job);
    } catch (thrown) {
      return invalidOrPutBack(job, thrown);
    }
  };
}
