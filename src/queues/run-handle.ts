/** What a caller holds of a run: its id, and ways to look at it and to wait for it, from any process. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Duration, MAX_TIMER_MS, toMsWithin } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Facts, OperatorStatus, RunRecord, RunStatus } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { RunProgress } from '../orchestrators/run-events.js';
import {
  describeRun,
  type RunDocument,
  type RunSummary,
  statusOf,
  type TimelineEntry,
} from '../orchestrators/timeline.js';
import type { PageOptions, TimelinePage } from '../orchestrators/timeline-page.js';
import type { RunLog, SettledRuns } from '../ports.js';
import type { AcceptedRun } from './accept-run.js';
import type { Answers } from './answer-stage.js';
import type { PayloadOf, RunLook } from './look-at-run.js';
import type { RunControl } from './run-control.js';
import { type Said, type SaidAbout, unknownRun } from './said.js';

type Described<Status extends RunStatus, More = unknown> = Omit<RunDocument, 'status' | 'output' | 'error'> & {
  readonly status: Status;
} & More;

/** A run at one moment, by status. "Still running" is one of them and no exception. */
export type RunState<Out = unknown> =
  | Described<'completed', { readonly output: Out }>
  | Described<'partial', { readonly output: Out; readonly error?: ErrorRecord }>
  | Described<'failed' | 'cancelled' | 'compensated', { readonly output?: Out; readonly error?: ErrorRecord }>
  | Described<OperatorStatus, { readonly error?: ErrorRecord }>
  | Described<'queued' | 'running' | 'compensating'>;

export interface Run<Out = unknown> {
  readonly id: string;
  /** True when `start` found a run that had been accepted with this key before, or `retry` one that it had begun before. */
  readonly duplicate: boolean;
  /**
   * The run when it has ended or waits for a person, or as it stands after `timeout` (at most 24 days; default: no limit).
   * @throws SwitchyardError INVALID_INPUT for a timeout that is none; UNKNOWN_RUN when there is none, or its retention is over
   */
  wait(timeout?: Duration): Promise<RunState<Out>>;
  /** The same wait without the look: for whoever then reads less than the whole run. */
  settled(timeout?: Duration): Promise<void>;
  status(): Promise<RunStatus>;
  timeline(): Promise<readonly TimelineEntry[]>;
  /** The run as one document, as every interface shows it. */
  describe(): Promise<RunState<Out>>;
  /** The document without its timeline, at a cost that does not grow with the number of stages. @throws SwitchyardError UNKNOWN_RUN */
  summary(): Promise<RunSummary>;
  /** A page of the timeline, at the same cost. @throws SwitchyardError UNKNOWN_RUN */
  page(options?: PageOptions): Promise<TimelinePage>;
  /** How it stands, for whoever watches it. @throws SwitchyardError UNKNOWN_RUN */
  progress(): Promise<RunProgress>;
  /** What it was given, or what came out of it or of one stage. @throws SwitchyardError UNKNOWN_RUN, INVALID_INPUT */
  payload(what: PayloadOf): Promise<unknown>;
  /**
   * Stops the run: what has not begun does not begin, what runs has its signal aborted within a second, a saga undoes
   * what it did. Resolves when every worker has been told, not when the run has ended: `wait` for that.
   * @throws SwitchyardError UNKNOWN_RUN; ILLEGAL_STATE when it has ended, or is past its pivot
   */
  cancel(said?: Said): Promise<void>;
  /**
   * Tries the stuck undo, or the stuck step past the pivot, again.
   * @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW; ILLEGAL_STATE when that is not what it waits for, or `stage` is
   * not what it asks about now
   */
  resume(said?: SaidAbout): Promise<void>;
  /**
   * Says whether the effect happened that the run asks about. If so it counts as done, with `output`; if not, it is tried
   * again.
   * @throws SwitchyardError as `resume`; INVALID_INPUT when the step's schema refuses the output
   */
  resolve(fact: { readonly happened: boolean; readonly output?: unknown } & SaidAbout): Promise<void>;
  /** Leaves the stuck undo undone, and goes on with the others; the run ends `failed`. @throws SwitchyardError as `resume` */
  skip(said: SaidAbout & { readonly reason: string }): Promise<void>;
  /** Ends the run as `failed`, with all that is still due left undone. @throws SwitchyardError as `resume` */
  abandon(said: SaidAbout & { readonly reason: string }): Promise<void>;
  /** Says yes to an approval; `stage` where the run asks for several. @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
  approve(said?: SaidAbout): Promise<void>;
  /** Says no: the stage fails with REJECTED. @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
  reject(said?: SaidAbout): Promise<void>;
  /**
   * Gives the stage the value that it waits for, or will wait for.
   * @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW, INVALID_INPUT; ILLEGAL_STATE when it has one, or the run has ended
   */
  signal(stage: string, value: unknown): Promise<void>;
  /**
   * Runs again what failed: in its place for a `failed` or `partial` run, whose finished results stand; any other, and a
   * saga that has undone something, as a new run, which is returned. Asked for again, that is the same new run, also for a
   * bulk retry: to repeat it once more, retry the new one.
   * @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW; ILLEGAL_STATE when it has not ended, or has completed
   */
  retry(said?: Said): Promise<Run<Out>>;
  /**
   * Erases the run from Redis, for good: record, jobs, results, tags, its key. What lies elsewhere stays: Redis's own files
   * until they are rewritten, backups, logs, what the run did at services.
   * Runs inside it go with it.
   * @throws SwitchyardError UNKNOWN_RUN; ILLEGAL_STATE when it has not ended (cancel it first), or stands for a stage of a run
   *   that has not
   */
  erase(): Promise<void>;
}

/** Between two looks at a Redis that does not answer. */
const OUTAGE_PAUSE_MS = 500;

export interface RunHandleDependencies {
  readonly log: RunLog;
  readonly settled: SettledRuns;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  readonly control: RunControl;
  readonly answers: Answers;
  readonly erase: (run: string) => Promise<void>;
  readonly look: RunLook;
  /** Accepts another run with the input of this one, at most once. */
  readonly startAgain: (record: RunRecord) => Promise<AcceptedRun>;
}

export function createRunHandle<Out>(deps: RunHandleDependencies, id: string, duplicate = false): Run<Out> {
  async function facts(): Promise<Facts> {
    const read = await deps.log.read(id, { starts: true, outputs: 'all' });
    if (read) return read;
    throw unknownRun(id);
  }
  async function describe(): Promise<RunState<Out>> {
    const known = await facts();
    // The definition types its output; what Redis holds was made by that definition.
    return describeRun(deps.definition(known.record.workflow, known.record.version), known) as RunState<Out>;
  }
  return {
    id,
    duplicate,
    describe,
    status: async () => statusOf(await facts()),
    timeline: async () => (await describe()).timeline,
    summary: () => deps.look.summary(id),
    page: (options) => deps.look.page(id, options),
    progress: () => deps.look.progress(id),
    payload: (what) => deps.look.payload(id, what),
    cancel: (said) => deps.control.cancel(id, said),
    resume: (said) => deps.control.say(id, { command: 'resume', ...said }),
    resolve: (fact) => deps.control.say(id, { command: 'resolve', ...fact }),
    skip: (said) => deps.control.say(id, { command: 'skip', ...said }),
    abandon: (said) => deps.control.say(id, { command: 'abandon', ...said }),
    approve: (said) => deps.answers.approve(id, said),
    reject: (said) => deps.answers.reject(id, said),
    signal: (stage, value) => deps.answers.signal(id, stage, value),
    async retry(said) {
      if (await deps.control.reopen(id, said)) return createRunHandle(deps, id);
      const again = await deps.startAgain((await facts()).record);
      return createRunHandle(deps, again.id, again.duplicate);
    },
    erase: () => deps.erase(id),
    async wait(timeout) {
      return await outlasting(timeout, async (limit) => {
        await deps.settled.wait(id, limit);
        return await describe();
      });
    },
    settled: (timeout) => outlasting(timeout, (limit) => deps.settled.wait(id, limit)),
  };
}

/** The run goes on wherever its workers reach Redis: a wait outlives an outage, up to its own limit. */
async function outlasting<T>(timeout: Duration | undefined, wait: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const limit = timeout === undefined ? new AbortController().signal : timeLimit(timeout);
  for (;;) {
    try {
      return await wait(limit);
    } catch (error) {
      if (!isOutage(error) || limit.aborted) throw error;
      await delay(OUTAGE_PAUSE_MS, undefined, { signal: limit }).catch(() => {});
    }
  }
}

/** Nobody answered, or no writes are taken for now: what was asked may have happened. */
export function isOutage(error: unknown): boolean {
  return error instanceof SwitchyardError && error.code === 'REDIS_UNAVAILABLE';
}

function timeLimit(timeout: Duration): AbortSignal {
  const refusal = { code: 'INVALID_INPUT', what: 'the timeout of wait()' } as const;
  return AbortSignal.timeout(toMsWithin(timeout, { min: 0, max: MAX_TIMER_MS }, refusal));
}
