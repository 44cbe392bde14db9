/**
 * What the engine needs from outside, as types. The comments are the contract: an adapter that keeps them can replace
 * another, and the contract suites in `test/contract` run against each.
 */
import type { Priority } from './config.js';
import type { ErrorRecord } from './errors.js';

/** Milliseconds since the epoch. A port, so that decisions and their tests own time. */
export interface Clock {
  now(): number;
}

/** The part of pino that we use; any pino logger fits. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  child(fields: Record<string, unknown>): Logger;
}

export interface ToolCallOptions {
  /** Hard limit in milliseconds for the whole call, attempts in place included. */
  readonly timeoutMs: number;
  /** Ends the call early and tells the server so. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether a call whose answer was lost may be sent again within the timeout: the tool only reads, is idempotent, or
   * was given our key. Without it an unanswered call is never repeated by the caller.
   */
  readonly safeToRepeat: boolean;
  /** For the server's own tracing, sent as `_meta`; never a substitute for a key argument. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
}

/**
 * Calls tools by capability name, `<server>.<tool>` unless a binding says otherwise.
 *
 * - Resolves with the tool's answer as plain JSON, already validated by the capability's contract where there is one.
 * - Rejects with a SwitchyardError only: TOOL_FAILED (the tool's own word; `retryable` and `retryAfterMs` are the
 *   tool's), TOOL_TIMEOUT and TOOL_UNAVAILABLE (with `answered: false` when the request may have reached the tool),
 *   SERVER_PAUSED and SERVER_BUSY (the tool was surely not asked, and waiting helps),
 *   UNKNOWN_SERVER, UNKNOWN_TOOL (lists what the server has), SERVER_START_FAILED (with the last lines of its stderr),
 *   ANSWER_MISMATCH, ANSWER_TOO_LARGE.
 * - Never leaves a child process or socket behind after `close()`, which may be called twice.
 */
export interface ToolCaller {
  call(capability: string, args: Readonly<Record<string, unknown>>, options: ToolCallOptions): Promise<unknown>;
  close(): Promise<void>;
}

/** Proof that a job is still ours: its BullMQ lock key must hold this token, or a write is refused. */
export interface Fence {
  readonly lockKey: string;
  readonly token: string;
}

/** A write that came too late: another attempt of the same job has begun, or the lock ran out. */
export type Fenced = { readonly kind: 'fenced-off' };

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

export type FinalStatus = 'completed' | 'partial' | 'failed' | 'cancelled' | 'compensated';

/** States in which a run waits for a person. */
export type OperatorStatus = 'waiting_approval' | 'in_doubt' | 'step_stuck' | 'compensation_stuck';

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
  /** By stage: attempts up to this one are answered for by a person, whatever became of their answers. */
  readonly answeredFor: ReadonlyMap<string, number>;
  /** What people have said of this run, in order. */
  readonly words: readonly OperatorWord[];
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
    }
  | { readonly state: 'failed'; readonly error: ErrorRecord };

/**
 * What is known about a run when somebody has to decide: its own record, and how the jobs under its root ended. Facts
 * may be repeated, and may be missing when a job was removed by hand; the decisions must stand both.
 */
export interface Facts {
  readonly record: RunRecord;
  /** By stage name. A stage that was never appended, or whose job is gone, is absent. */
  readonly stages: ReadonlyMap<string, StageFact>;
}

export type BeginEffect =
  | { readonly kind: 'begun'; readonly previous?: EffectIntent }
  /** The run is to stop: a step may not begin any more. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'already-done'; readonly done: EffectDone }
  | Fenced;

export interface ReadOptions {
  readonly starts?: boolean;
  readonly outputs?: 'all';
}

export interface Tally {
  readonly kind: 'counted';
  readonly completed: number;
  readonly failed: number;
  /** Branches of the plan that are not skipped. */
  readonly planned: number;
}

/**
 * The run's own record in Redis. Every write is one atomic script, fenced on the writing job's lock.
 */
export interface RunLog {
  /**
   * The run as of one moment; undefined when there is none, or its retention is over.
   *
   * - `starts` also looks up when the pending stages began, for showing a run.
   * - `outputs: 'all'` brings every stage's output, page by page. Without it a run of very many stages comes with their
   *   states alone, `output` undefined: a decision needs no more, and one reply of all outputs would block Redis.
   */
  read(run: string, options?: ReadOptions): Promise<Facts | undefined>;
  /** Records that an effect is about to happen. Returns the earlier intent, if any: its answer was lost or it failed. */
  beginEffect(
    run: string,
    fence: Fence,
    stage: string,
    intent: EffectIntent,
    way: 'forward' | 'back',
  ): Promise<BeginEffect>;
  /** Records that the effect happened; the first record stands, a second is ignored. */
  finishEffect(
    run: string,
    fence: Fence,
    stage: string,
    done: EffectDone,
  ): Promise<{ readonly kind: 'recorded' } | Fenced>;
  recordFailedAttempt(
    run: string,
    fence: Fence,
    stage: string,
    attempt: FailedAttempt,
  ): Promise<{ readonly kind: 'recorded' } | Fenced>;
  /** Records the router's decision once and returns the one that stands. */
  decideOnce(
    run: string,
    fence: Fence,
    decision: unknown,
  ): Promise<{ readonly kind: 'decided'; readonly decision: unknown } | Fenced>;
  /** Records that a run nobody has answered comes near its SLA; the first time stands. */
  recordSlaDue(run: string, fence: Fence, at: number): Promise<{ readonly kind: 'recorded' } | Fenced>;
  /** Counts how a branch ended, once, and returns the tally of all that have ended. For fan-outs that need not wait for all. */
  tally(run: string, fence: Fence, stage: string, completed: boolean): Promise<Tally | Fenced>;
  /** Ends the run once, moves it in the index, tells whoever waits; returns the outcome that stands. */
  end(
    run: string,
    fence: Fence,
    outcome: RunOutcome,
  ): Promise<{ readonly kind: 'ended'; readonly outcome: RunOutcome } | Fenced>;
}

/** A Lua text; run by its digest, sent whole only when the server does not know it. */
export interface Script {
  readonly name: string;
  readonly lua: string;
}

/** Runs scripts on Redis, each atomically. Rejects with REDIS_UNAVAILABLE when there is no answer in time. */
export interface ScriptRunner {
  run(script: Script, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown>;
}

/**
 * Tells when runs settle: they ended, or stopped until a person has answered. Loses none, whatever the load: readers
 * start from a known place, and a sweep finds what was trimmed away before it was read.
 */
export interface SettledRuns {
  /** Resolves when the run has settled (at once when it has already), or when `signal` is aborted. Rejects with ILLEGAL_STATE once closed. */
  wait(run: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** One line of a listing. */
export interface ListedRun {
  readonly id: string;
  readonly workflow: string;
  /** `open` until it ends or a phase is recorded; whether such a run has begun is only in its own document. */
  readonly status: 'open' | 'compensating' | OperatorStatus | FinalStatus;
  readonly createdAt: number;
  readonly finishedAt?: number;
}

export interface ListOptions {
  readonly workflow?: string;
  /** `attention`: every run that waits for a person, whatever for. */
  readonly status?: ListedRun['status'] | 'attention';
  /** Of the page before. */
  readonly cursor?: string;
  /** 1–200; default 50. */
  readonly limit?: number;
}

export interface RunPage {
  /** Newest first. */
  readonly runs: readonly ListedRun[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** The index of runs. A page costs one script, whatever the number of runs. */
export interface RunIndex {
  list(options?: ListOptions): Promise<RunPage>;
}
