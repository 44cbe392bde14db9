/**
 * What the engine tells about its work, to whoever listens: metrics, traces. One port for both, called where a fact is known.
 * A listener is never waited for, and what it throws is logged and harms no job; without one each call is an empty function.
 */
import type { ErrorRecord } from './errors.js';
import type { FinalStatus } from './facts.js';
import { createListenerGuard, type ListenerGuard } from './listener-guard.js';
import type { Logger } from './ports.js';
import type { TraceContext } from './trace-context.js';

/** Something that takes time, from its begin to its end. */
export interface Watched<End> {
  /** Where it stands in its trace: to be passed on to others, and into logs. Undefined where nobody traces. */
  readonly trace?: TraceContext | undefined;
  /** Does the work; a tracer makes it what the spans of others belong to. */
  within<T>(work: () => T): T;
  end(how: End): void;
}

export interface StartSeen {
  readonly workflow: string;
  /** Where the run stands that this one repeats. */
  readonly repeats?: TraceContext | undefined;
}

export type StartEnd =
  | { readonly run: string; readonly duplicate: boolean; readonly error?: never }
  | { readonly error: ErrorRecord };

export type JobKind = 'root' | 'timer' | 'callback' | 'branch' | 'route' | 'escalation' | 'step' | 'undo' | 'other';

/** One attempt at a job. */
export interface JobSeen {
  readonly queue: string;
  readonly job: string;
  readonly run: string;
  readonly workflow: string;
  /** Whether the workflow is one of this worker's: only then is its name one of a few. */
  readonly known: boolean;
  readonly kind: JobKind;
  /** Of a child. */
  readonly stage?: string | undefined;
  readonly attempt: number;
  readonly crashes: number;
  /** Of the run. */
  readonly trace?: TraceContext | undefined;
}

export interface JobEnd {
  /** `interrupted`: the worker stops, or has lost the lock; the job is run again. */
  readonly outcome: 'completed' | 'parked' | 'put-back' | 'failed' | 'interrupted';
  /** Of a failed one: whether it is not tried again. */
  readonly final?: boolean;
  readonly error?: ErrorRecord;
}

export interface ToolCallSeen {
  readonly run: string;
  readonly stage: string;
  readonly capability: string;
  /** `unknown` where the capability leads nowhere. */
  readonly server: string;
  readonly tool: string;
  readonly transport?: 'stdio' | 'http' | undefined;
  /** Of the run, for whoever has no span of the attempt. */
  readonly trace?: TraceContext | undefined;
}

export interface ToolCallEnd {
  /** Absent when the tool answered as it should. */
  readonly error?: ErrorRecord;
}

export interface RunEnd {
  readonly run: string;
  readonly workflow: string;
  readonly status: FinalStatus;
  readonly createdAt: number;
  readonly finishedAt: number;
  readonly error?: ErrorRecord | undefined;
  readonly trace?: TraceContext | undefined;
}

export interface Telemetry {
  /** A run is accepted; its record keeps `trace`. */
  start(start: StartSeen): Watched<StartEnd>;
  job(job: JobSeen): Watched<JobEnd>;
  toolCall(call: ToolCallSeen): Watched<ToolCallEnd>;
  runEnded(end: RunEnd): void;
  /** A worker was lost while it had a job of this queue. Told once for each, by one of the workers that are left. */
  workerLost(queue: string): void;
}

/** What one listener hears of: as much as it wants. */
export interface TelemetryListener extends Partial<Omit<Telemetry, 'job'>> {
  /** Undefined for jobs that it has nothing to do with. */
  job?(job: JobSeen): Watched<JobEnd> | undefined;
}

const UNWATCHED: Watched<unknown> = { within: (work) => work(), end: () => {} };

export const NO_TELEMETRY: Telemetry = telemetryOf([]);

/** One for all of them; the first that knows a place in a trace gives it. What any of them throws goes to the log. */
export function telemetryOf(listeners: readonly TelemetryListener[], logger?: Logger): Telemetry {
  const guard = createListenerGuard(logger);
  const watching = <End>(watch: (listener: TelemetryListener) => Watched<End> | undefined): Watched<End> =>
    joined(
      listeners.flatMap((listener) => {
        const watched = guard.attempt(() => watch(listener));
        return watched ? guarded(watched, guard) : [];
      }),
    );
  const tell = (call: (listener: TelemetryListener) => void): void => {
    for (const listener of listeners) guard.attempt(() => call(listener));
  };
  return {
    start: (start) => watching((listener) => listener.start?.(start)),
    job: (job) => watching((listener) => listener.job?.(job)),
    toolCall: (call) => watching((listener) => listener.toolCall?.(call)),
    runEnded: (end) => tell((listener) => listener.runEnded?.(end)),
    workerLost: (queue) => tell((listener) => listener.workerLost?.(queue)),
  };
}

function guarded<End>(watched: Watched<End>, guard: ListenerGuard): Watched<End> {
  return {
    trace: guard.attempt(() => watched.trace),
    within: (work) => guard.within((once) => watched.within(once), work),
    end: (how) => guard.attempt(() => watched.end(how)),
  };
}

function joined<End>([first, ...others]: readonly Watched<End>[]): Watched<End> {
  if (!first) return UNWATCHED;
  if (others.length === 0) return first;
  const rest = joined(others);
  return {
    trace: first.trace ?? rest.trace,
    within: (work) => first.within(() => rest.within(work)),
    end: (how) => {
      first.end(how);
      rest.end(how);
    },
  };
}
