/** What a caller holds of a run: its id, and ways to look at it and to wait for it, from any process. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Duration, MAX_TIMER_MS, toMsWithin } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import {
  describeRun,
  type RunDocument,
  type RunStatus,
  statusOf,
  type TimelineEntry,
} from '../orchestrators/timeline.js';
import type { Facts, OperatorStatus, RunLog, SettledRuns } from '../ports.js';

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
  /** True when `start` found a run that had been accepted with this key before. */
  readonly duplicate: boolean;
  /**
   * The run when it has ended or waits for a person, or as it stands after `timeout` (at most 24 days; default: no limit).
   * @throws SwitchyardError INVALID_INPUT for a timeout that is none; UNKNOWN_RUN when there is none, or its retention is over
   */
  wait(timeout?: Duration): Promise<RunState<Out>>;
  status(): Promise<RunStatus>;
  timeline(): Promise<readonly TimelineEntry[]>;
  /** The run as one document, as every interface shows it. */
  describe(): Promise<RunState<Out>>;
}

/** Between two looks at a Redis that does not answer. */
const OUTAGE_PAUSE_MS = 500;

export interface RunHandleDependencies {
  readonly log: RunLog;
  readonly settled: SettledRuns;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
}

export function createRunHandle<Out>(deps: RunHandleDependencies, id: string, duplicate = false): Run<Out> {
  async function facts(): Promise<Facts> {
    const read = await deps.log.read(id, { starts: true });
    if (read) return read;
    throw new SwitchyardError(
      'UNKNOWN_RUN',
      `there is no run ${id}: it was never accepted here, or its retention is over`,
    );
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
    async wait(timeout) {
      const limit = timeout === undefined ? new AbortController().signal : timeLimit(timeout);
      for (;;) {
        try {
          await deps.settled.wait(id, limit);
          return await describe();
        } catch (error) {
          // The run goes on wherever its workers reach Redis: a wait outlives an outage, up to its own limit.
          if (!isOutage(error) || limit.aborted) throw error;
          await delay(OUTAGE_PAUSE_MS, undefined, { signal: limit }).catch(() => {});
        }
      }
    },
  };
}

function isOutage(error: unknown): boolean {
  return error instanceof SwitchyardError && error.code === 'REDIS_UNAVAILABLE';
}

function timeLimit(timeout: Duration): AbortSignal {
  const refusal = { code: 'INVALID_INPUT', what: 'the timeout of wait()' } as const;
  return AbortSignal.timeout(toMsWithin(timeout, { min: 0, max: MAX_TIMER_MS }, refusal));
}
