/**
 * What the engine needs from outside, as types. The comments are the contract: an adapter that keeps them can replace
 * another, and the contract suites in `test/contract` run against each.
 */
import {
  type EffectDone,
  type EffectIntent,
  type EndNews,
  type Facts,
  type FailedAttempt,
  FINAL_STATUSES,
  type IndexedStatus,
  type NestedRun,
  type RunOutcome,
  type RunRecord,
  type StageFact,
} from './facts.js';

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

export interface ToolPlace {
  readonly server: string;
  readonly tool: string;
  readonly transport: 'stdio' | 'http';
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
  /** Where a capability leads, for telemetry; undefined when it leads nowhere. */
  placeOf?(capability: string): ToolPlace | undefined;
  close(): Promise<void>;
}

/** Proof that a job is still ours: its BullMQ lock key must hold this token, or a write is refused. */
export interface Fence {
  readonly lockKey: string;
  readonly token: string;
}

/** A write that came too late: another attempt of the same job has begun, or the lock ran out. */
export type Fenced = { readonly kind: 'fenced-off' };

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

/** How the branches of a fan-out stand, by what its root has been told and what people have answered. */
export interface Standing {
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
  /**
   * Whether there is such a run, and whether it is to stop: for a job that asks no more. A fan-out of ten thousand branches
   * that each read all of it would read a hundred million.
   */
  mark(run: string): Promise<{ readonly stopping: boolean } | undefined>;
  /** Whether an attempt at the stage, after attempt `after` and before `before`, lost its answer, and nobody has answered for it. */
  lostAnswer(
    run: string,
    stage: string,
    attempts: { readonly after: number; readonly before: number },
  ): Promise<boolean>;
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
  /** A clock of the run has rung, or will not any more: nobody winds it again. */
  forgetClock(run: string, fence: Fence, timer: string): Promise<{ readonly kind: 'recorded' } | Fenced>;
  /** Counts the branches that have ended. For fan-outs that need not wait for all. */
  standing(run: string): Promise<Standing>;
  /** Ends the run once, moves it in the index, tells whoever waits; returns the outcome that stands. */
  end(
    run: string,
    fence: Fence,
    outcome: RunOutcome,
    /** What a program elsewhere is told of it; kept until it has been, though the run's retention be over. */
    news?: EndNews,
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

/** A queue that is another's: its jobs are under a prefix of its own. */
export interface ForeignQueue {
  readonly prefix: string;
  readonly queue: string;
}

/** One line of a listing. */
export interface ListedRun {
  readonly id: string;
  readonly workflow: string;
  /** `open` until it ends or a phase is recorded; whether such a run has begun is only in its own document. */
  readonly status: IndexedStatus;
  readonly createdAt: number;
  readonly finishedAt?: number;
}

export interface ListOptions {
  readonly workflow?: string;
  /** `attention`: every run that waits for a person, whatever for. */
  readonly status?: ListedRun['status'] | 'attention';
  /** Only runs with this tag: `customer=42`. A page may then be short, or empty, and have others behind it. */
  readonly tag?: string;
  /** Of the page before. */
  readonly cursor?: string;
  /** 1–200; default 50. */
  readonly limit?: number;
  /** Accepted at this time or later, ms. */
  readonly from?: number;
  /** Accepted at this time or before, ms. */
  readonly to?: number;
  /** Part of the run's id. Of very many runs a page may come back short, or empty, with a cursor: the search goes on there. */
  readonly text?: string;
}

export interface RunPage {
  /** Newest first. */
  readonly runs: readonly ListedRun[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** What runs of a workflow are counted by: what is under way, what waits for a person, and each way of ending. */
export const COUNTED = ['open', 'compensating', 'attention', ...FINAL_STATUSES] as const;

/** A run whose retention has just run out counts until it is dropped: when the next one ends, or when it is listed. */
export type RunCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

/** The index of runs. A page costs one script, whatever the number of runs. */
export interface RunIndex {
  list(options?: ListOptions): Promise<RunPage>;
  /** Of each workflow, by name. One script. */
  counts(workflows: readonly string[]): Promise<Readonly<Record<string, RunCounts>>>;
}

/** Children of a root, by their stages and keys, and where those that are at work stand. */
export interface StagesAsked {
  readonly children: readonly { readonly stage: string; readonly key: string; readonly attempts: number }[];
  /** Queues of the run's children. */
  readonly queues: readonly string[];
}

/** What is read of a run without reading all of it. */
export interface RunHead {
  /** Without what is recorded stage by stage: intents, ends, attempts, answers. */
  readonly record: RunRecord;
  readonly pending: number;
  readonly completed: number;
  readonly failed: number;
}

export interface StagesRead {
  /** How the asked children stand, outputs left out; fewer than asked for when their results are very large. */
  readonly stages: ReadonlyMap<string, StageFact>;
  readonly looked: number;
  readonly failedAttempts: RunRecord['failedAttempts'];
  /** Runs that stand for asked stages. */
  readonly nested?: ReadonlyMap<string, NestedRun>;
  /** Stages of the run that a worker has now, also those that were not asked for. */
  readonly active: ReadonlySet<string>;
}

/** Stages by their state; those of `nested` may have ended too. */
export interface StageStates {
  readonly completed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** A worker has them. */
  readonly active: ReadonlySet<string>;
  /** A run stands for them. */
  readonly nested: ReadonlySet<string>;
}

/** Looks at a run at a cost that does not grow with its stages. Each is one script. */
export interface RunView {
  /** Undefined when there is none, or its retention is over. */
  head(run: string): Promise<RunHead | undefined>;
  stages(run: string, asked: StagesAsked): Promise<StagesRead>;
  states(run: string, queues: readonly string[]): Promise<StageStates>;
  /** What a stage returned, where it is recorded; undefined where it is not. */
  output(run: string, child: { readonly stage: string; readonly key: string }): Promise<unknown>;
}
