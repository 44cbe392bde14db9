/** A job as our processors see it, and what they may answer. BullMQ stays in `queue-worker.ts`. */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Facts, ParentStage, RunRecord } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { AppendStages, EffectEnd, StopRun } from '../orchestrators/move.js';
import type { Clock, Fence, Fenced, Logger, RunLog, ToolCaller } from '../ports.js';
import type { NestedWorkflow } from '../task.js';
import type { Telemetry } from '../telemetry.js';
import type { TraceContext } from '../trace-context.js';
import type { KeptFacts } from './kept-facts.js';

/** An effect whose intent was recorded when the one before it ended. */
export interface Begun {
  readonly facts: Facts;
  /** The same, as nobody has been given them. */
  readonly kept: KeptFacts;
  /** What its task is given. */
  readonly input: unknown;
}

export interface NextBegun {
  /** Its id. */
  readonly job: string;
  readonly begun: Begun;
}

export interface ActiveJob {
  readonly id: string;
  readonly data: unknown;
  /** Times that this job has been started, this one included: retries, crashes and put-backs all count. */
  readonly attempt: number;
  /** Attempts of this job that have failed so far; put-backs and crashes are none. */
  readonly failures: number;
  /** Whether BullMQ will not try again when this attempt fails. */
  readonly isLastAttempt: boolean;
  /** Times that this job lost its worker. */
  readonly crashes: number;
  /** When this attempt began, ms. */
  readonly startedAt: number;
  readonly fence: Fence;
  /** Aborted when the lock is lost, the worker stops, or the run is to stop (then the reason is {@link RUN_STOPS}). */
  readonly signal: AbortSignal;
  /** Says with each line which job it is about. */
  readonly log: Logger;
  /** Set where whoever runs the job completes it with its {@link EffectEnd}; elsewhere that is written before. */
  readonly takesEnds?: true | undefined;
  readonly begun?: Begun | undefined;
  /** The run's place in a trace, as the job carries it. */
  readonly trace?: TraceContext | undefined;
}

/** Why a job's signal is aborted when its run is to stop: the attempt is over, and says so itself. */
export const RUN_STOPS = 'the run is to stop';

/** Why it is aborted when somebody else has the job by now. */
export const LOCK_LOST = 'the lock was lost to another worker';

const FORWARD: ReadonlySet<unknown> = new Set(['branch', 'route', 'escalation', 'step']);

/** Whether this is a job of the run that a stop of it aborts: undos are not. */
export function isForward(data: unknown, run: string): boolean {
  const job: { readonly run?: unknown; readonly kind?: unknown } = typeof data === 'object' && data ? data : {};
  return job.run === run && FORWARD.has(job.kind);
}

/** What the worker does with the job. */
export type Handled =
  | {
      readonly kind: 'completed';
      readonly value: unknown;
      /** Only where the job {@link ActiveJob.takesEnds}. */
      readonly end?: EffectEnd;
      /** What the next effect's job is handed, where `end` has begun it. */
      readonly next?: NextBegun;
    }
  /** Sleep until the last child has ended; go round again when none is left. */
  | { readonly kind: 'park' /** Put back for so long, instead of going round. */; readonly elseMs?: number }
  /** Not for this worker: put it back, and let another have it. */
  | { readonly kind: 'put-back'; readonly afterMs: number }
  /** This attempt failed; tried again after `delayMs`, unless `final`. */
  | { readonly kind: 'failed'; readonly error: SwitchyardError; readonly final: boolean; readonly delayMs: number }
  /** Held back, with its workflow paused: it has left this worker already. */
  | { readonly kind: 'held' }
  /** The job is no longer ours; whatever we say of it is refused. */
  | Fenced;

export type JobHandler = (job: ActiveJob) => Promise<Handled>;

export type HoldBack = (
  workflow: string,
  run: string,
  fence: Fence,
) => Promise<{ readonly kind: 'go-on' } | { readonly kind: 'held' } | Fenced>;

export interface NestedRuns {
  /**
   * Starts the run that stands for a stage, once for each number of earlier attempts.
   * @throws SwitchyardError CANCELLED when the stage's run is to stop; whatever refuses a start
   */
  start(workflow: NestedWorkflow, input: unknown, parent: ParentStage, of: RunRecord, after: number): Promise<void>;
  /** Begins the run anew, in its place or as another that stands for the stage from now on. */
  retry(
    nested: string,
    workflow: NestedWorkflow,
    parent: ParentStage,
    of: RunRecord,
    input: () => unknown,
    after: number,
  ): Promise<void>;
}

/** What the processors need; wired in `engine/processing.ts`. */
export interface ProcessorDependencies {
  readonly log: RunLog;
  /** The definition of a name and version, or undefined when this worker does not have it. */
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  readonly append: AppendStages;
  readonly stop: StopRun;
  /** Whether the run is known here to be one that is to stop. Workers are told within milliseconds. */
  readonly isStopping: (run: string) => boolean;
  /** Takes the job from this worker when its workflow is paused and its run has not begun. */
  readonly holdBack: HoldBack;
  /** Gives a stage that waits the answer that its deadline has; nothing when it is answered by then. */
  readonly answerAtDeadline: (run: string, definition: WorkflowDefinition, stage: string) => Promise<void>;
  /** Starts runs that stand for stages. */
  readonly nested: NestedRuns;
  readonly tools: ToolCaller;
  readonly clock: Clock;
  /** 0 ≤ random < 1, for jitter. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  /** For what is about no job; a job has its own. */
  readonly logger: Logger;
}

/** A job of no definition of this worker: another worker has it, unless it belongs to no run at all. */
export async function leaveToOthers(deps: ProcessorDependencies, job: ActiveJob, run: string): Promise<Handled> {
  if (await deps.log.mark(run)) return putBack(job);
  return { kind: 'failed', error: withoutRun(job, run), final: true, delayMs: 0 };
}

export function withoutRun(job: ActiveJob, run: string): SwitchyardError {
  return new SwitchyardError(
    'INVALID_JOB',
    `job "${job.id}" belongs to run ${run}, which has no record: it was removed by hand, or the job was added by hand`,
  );
}

/** What becomes of a job that serves a run and is none of its stages: what it could not do now is tried again. */
export function invalidOrPutBack(job: ActiveJob, thrown: unknown): Handled {
  const error = toSwitchyardError(thrown);
  if (error.code === 'INVALID_JOB') return { kind: 'failed', error, final: true, delayMs: 0 };
  job.log.warn({ code: error.code }, error.message);
  return putBack(job);
}

const PUT_BACK_MS = 250;
const LONGEST_PUT_BACK_MS = 1_000;

/** Put back for another worker, or for better times: sooner at first, later for a job that nobody can run. */
export function putBack({ attempt }: ActiveJob): Handled {
  return { kind: 'put-back', afterMs: putBackMs(attempt) };
}

export function putBackMs(attempt: number): number {
  return Math.min(PUT_BACK_MS * 2 ** (attempt - 1), LONGEST_PUT_BACK_MS);
}
