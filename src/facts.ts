/** What is known of a run: what Redis keeps of it, and how its jobs stand. Plain data, the ground of every decision. */
import type { Priority } from './config.js';
import type { ErrorRecord } from './errors.js';
import type { Tags } from './tags.js';
import type { TraceContext } from './trace-context.js';

/** What is recorded before an effect, so that the effect can be undone whatever happens afterwards. */
export interface EffectIntent {
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly at: number;
  /** The key that every attempt gives to the tool. */
  readonly key: string;
  /** Arguments of the undo as known before the effect; absent for an undo itself, and for a step without one. */
  readonly undoArgs?: unknown;
}

/** What is recorded after an effect. */
export interface EffectDone {
  readonly attempt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly output: unknown;
  /** Arguments of the undo, now that the output is known. */
  readonly undoArgs?: unknown;
}

/** One attempt that did not succeed. */
export interface FailedAttempt {
  readonly n: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: ErrorRecord;
}

export const FINAL_STATUSES = ['completed', 'partial', 'failed', 'cancelled', 'compensated'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** States in which a run waits for a person; `phases.lua` has them too. */
export const OPERATOR_STATUSES = ['waiting_approval', 'in_doubt', 'step_stuck', 'compensation_stuck'] as const;
export type OperatorStatus = (typeof OPERATOR_STATUSES)[number];

/** Every state of a run. */
export const RUN_STATUSES = ['queued', 'running', 'compensating', ...OPERATOR_STATUSES, ...FINAL_STATUSES] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** States by which the index knows runs; each run stands in one of them. Whether an open one has begun is in its own log. */
export const INDEXED_STATUSES = ['open', 'compensating', ...OPERATOR_STATUSES, ...FINAL_STATUSES] as const;
export type IndexedStatus = (typeof INDEXED_STATUSES)[number];

export function isFinalStatus(status: string): status is FinalStatus {
  return FINAL_STATUSES.some((one) => one === status);
}

export function isOperatorStatus(status: string): status is OperatorStatus {
  return OPERATOR_STATUSES.some((one) => one === status);
}

/** Whether a run in this state goes no further by itself: what a waiting caller is told. */
export function isSettledStatus(status: string): status is FinalStatus | OperatorStatus {
  return isFinalStatus(status) || isOperatorStatus(status);
}

/** Why a run stops before it is through. The first cause stands. */
export type StopCause = 'cancelled' | 'deadline' | 'branch_failed' | 'quorum';

export interface StopRequest {
  readonly cause: StopCause;
  readonly at: number;
  /** Who wanted it, and why, where a person did. */
  readonly by?: string;
  readonly reason?: string;
  /** The branch that decided it, where one did. */
  readonly stage?: string;
}

/** What a person may say of a run. */
export type OperatorCommand = 'resume' | 'resolve' | 'skip' | 'abandon' | 'retry' | 'approve' | 'reject';

/** One thing that a person said of a run; kept, in order, for as long as the run. */
export interface OperatorWord {
  readonly command: OperatorCommand;
  readonly at: number;
  readonly by?: string;
  readonly reason?: string;
  /** The stage that it was about. */
  readonly stage?: string;
  /** Of `resolve`: whether the effect happened. */
  readonly happened?: boolean;
}

/** A stage that waits for an answer from outside. */
export interface Asked {
  readonly at: number;
  readonly of: 'person' | 'signal';
  readonly input?: unknown;
}

/** The answer that an approval or signal stage waits for; the first stands. */
export type Answer = { readonly at: number } & (
  | { readonly output: unknown; readonly error?: never }
  | { readonly error: ErrorRecord; readonly output?: never }
);

/** How a run ended; recorded once. */
export interface RunOutcome {
  readonly status: FinalStatus;
  readonly output?: unknown;
  readonly error?: ErrorRecord;
  /** Steps that may have happened and were left standing, because a person skipped or abandoned their undo. */
  readonly notUndone?: readonly string[];
  readonly finishedAt: number;
}

/**
 * What a program elsewhere is told of a run's end, and what the job that tells it is made of: kept from the end on, until it
 * has been told, whatever becomes of the run.
 */
export interface EndNews extends Pick<RunRecord, 'workflow' | 'version' | 'priority'> {
  readonly trace?: TraceContext;
  readonly url: string;
  /** JSON, as it is sent. */
  readonly body: string;
}

/** How telling of a run's end stands. */
export interface CallbackDelivery {
  /** Which end of the run it tells of: 0 for the first, one more for each time that it was retried in its place. */
  readonly delivery: number;
  readonly state: 'delivered' | 'retrying' | 'failed';
  readonly attempts: number;
  readonly at: number;
  /** Why the last attempt failed. */
  readonly error?: string;
}

/** The stage for which a nested run stands, and the queue of its job. */
export interface ParentStage {
  readonly run: string;
  readonly stage: string;
  readonly queue: string;
}

/** A run that stands for a stage. */
export interface NestedRun {
  readonly run: string;
  /** Attempts that the stage had had before: a stage that a person has had retried since has had more. */
  readonly after: number;
  /** Runs that stood for the stage before it, where it was begun anew as another. */
  readonly earlier?: readonly string[];
}

/** Everything of ours that Redis keeps about one run. */
export interface RunRecord {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly input: unknown;
  readonly inputHash: string;
  readonly key?: string;
  readonly priority: Priority;
  readonly createdAt: number;
  /** The run that this one repeats. */
  readonly retryOf?: string;
  readonly tags?: Tags;
  /** The stage of another run that this run stands for. */
  readonly parent?: ParentStage;
  /** By stage: the run that stands for it. */
  readonly nested?: ReadonlyMap<string, NestedRun>;
  /** Set with the first attempt that fails: a run that is read without its stages has begun all the same. */
  readonly tried?: true;
  /** Whom to tell of its end. */
  readonly callback?: { readonly url: string };
  readonly delivery?: CallbackDelivery;
  /** Where its story stands in a trace. */
  readonly trace?: TraceContext;
  /** Set once the run is to stop. */
  readonly stop?: StopRequest;
  /** Set when the run was not answered in good time before its SLA: when that was. */
  readonly slaDueAt?: number;
  /** Set while the run undoes itself or waits for a person. */
  readonly phase?: 'compensating' | OperatorStatus;
  readonly outcome?: RunOutcome;
  /** What the router decided; JSON of its definition's making. */
  readonly decision?: unknown;
  /** By stage name: a step's own name, or `<step>.undo`. */
  readonly intents: ReadonlyMap<string, EffectIntent>;
  readonly done: ReadonlyMap<string, EffectDone>;
  /** By stage name, in order of `n`. */
  readonly failedAttempts: ReadonlyMap<string, readonly FailedAttempt[]>;
  /** By stage that waits for an answer: when it began to, what it asks, and of whom. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** By name of the clock: when it is due. Of an ended run, of those that had not run out. */
  readonly clocks?: ReadonlyMap<string, number>;
  /** By stage: attempts up to this one are answered for by a person, whatever became of their answers. */
  readonly answeredFor: ReadonlyMap<string, number>;
  /** What people have said of this run, in order. */
  readonly words: readonly OperatorWord[];
}

/** What the job of another's worker tells of one attempt; times and errors of earlier ones are not all kept. */
export interface ForeignAttempt {
  readonly n: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error?: ErrorRecord;
}

export type StageFact =
  /** Its job exists and has not ended; `startedAt` is set by readers that show a run, not for decisions. */
  | { readonly state: 'pending'; readonly startedAt?: number }
  | {
      readonly state: 'done';
      readonly output: unknown;
      readonly attempt: number;
      readonly startedAt: number;
      readonly finishedAt: number;
      /** Set where the end of an effect was in the run's log before its job ended, whether or not it still is. */
      readonly effect?: true | undefined;
      /** Of such a one: as {@link EffectDone.undoArgs}. */
      readonly undoArgs?: unknown;
      /** Set where another's worker ran it: its attempts, by readers that show a run; else an empty list. */
      readonly foreign?: readonly ForeignAttempt[];
    }
  | { readonly state: 'failed'; readonly error: ErrorRecord; readonly foreign?: readonly ForeignAttempt[] };

/**
 * What is known about a run when somebody has to decide: its own record, and how the jobs under its root ended. Facts
 * may be repeated, and may be missing when a job was removed by hand; the decisions must stand both.
 */
export interface Facts {
  readonly record: RunRecord;
  /** By stage name. A stage that was never appended, or whose job is gone, is absent. */
  readonly stages: ReadonlyMap<string, StageFact>;
}
