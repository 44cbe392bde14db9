/**
 * What a worker's process counts, for Prometheus. Labels are names that stand in definitions and configurations (workflow, kind
 * of job, queue, code, server, tool), never ids: the number of series does not grow with the runs.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JobSeen, TelemetryListener } from '../../telemetry.js';
import type { ServerHealth } from '../mcp/guarded-server.js';

export interface WorkerMetrics {
  /** To be given to `switchyard({ telemetry: [ … ] })`. */
  readonly listener: TelemetryListener;
  /** Of an application that has a registry of its own: merge it there. */
  readonly registry: Registry;
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface WorkerMetricsOptions {
  /** How the MCP servers fare: `tools.health` of a tool pool. */
  readonly servers?: (() => readonly ServerHealth[]) | undefined;
  /** Of Node and the process, the lag of its event loop among it. Default true. */
  readonly process?: boolean;
}

/** A run may take a moment, or wait for a person for days. */
const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800];
const ATTEMPT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const BREAKER_PHASES = ['closed', 'open', 'half-open'] as const;

export function createWorkerMetrics({ servers, process = true }: WorkerMetricsOptions = {}): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  if (process) collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `switchyard_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[],
  ) => new Histogram({ name: `switchyard_${name}`, help, labelNames, buckets: [...buckets], registers });

  const runSeconds = histogram(
    'run_duration_seconds',
    'From acceptance to the end, by the worker that ended the run',
    RUN_SECONDS,
    ['workflow', 'outcome'],
  );
  const runsEnded = counter('runs_ended_total', 'Runs that this worker ended', ['workflow', 'outcome']);
  const attemptSeconds = histogram(
    'stage_attempt_duration_seconds',
    'Attempts at stages, roots and clocks',
    ATTEMPT_SECONDS,
    ['workflow', 'kind', 'outcome'],
  );
  const failures = counter('attempt_failures_total', 'Attempts that failed; final="false" is tried again', [
    'workflow',
    'kind',
    'code',
    'final',
  ]);
  const undos = counter('undos_done_total', 'Undos of saga steps that are done', ['workflow']);
  const putBacks = counter('put_backs_total', 'Jobs that were put back: for another worker, or for better times', [
    'queue',
    'workflow',
  ]);
  const lost = counter('workers_lost_total', 'Jobs whose worker was lost, as seen by this one', ['queue']);
  const active = new Gauge({
    name: 'switchyard_active_jobs',
    help: 'Jobs at work in this process',
    labelNames: ['queue'],
    registers,
  });
  const callSeconds = histogram(
    'tool_call_duration_seconds',
    'Calls of MCP tools, waiting in line included',
    ATTEMPT_SECONDS,
    ['server', 'tool', 'outcome'],
  );
  if (servers) addServerGauges(registry, servers);

  const listener: TelemetryListener = {
    job(job) {
      const labels = { workflow: workflowOf(job), kind: job.kind };
      const { queue } = job;
      const from = performance.now();
      active.inc({ queue });
      return {
        within: (work) => work(),
        end({ outcome, final = false, error }) {
          active.dec({ queue });
          attemptSeconds.observe({ ...labels, outcome }, secondsSince(from));
          if (outcome === 'put-back') putBacks.inc({ queue, workflow: labels.workflow });
          if (error) failures.inc({ ...labels, code: error.code, final: String(final) });
          if (outcome === 'completed' && job.kind === 'undo') undos.inc({ workflow: labels.workflow });
        },
      };
    },
    toolCall({ server, tool }) {
      const from = performance.now();
      return {
        within: (work) => work(),
        end({ error }) {
          // What a server does not have was asked for by any name.
          const known = error?.code === 'UNKNOWN_TOOL' ? 'unknown' : tool;
          callSeconds.observe({ server, tool: known, outcome: error?.code ?? 'ok' }, secondsSince(from));
        },
      };
    },
    runEnded({ workflow, status: outcome, createdAt, finishedAt }) {
      runsEnded.inc({ workflow, outcome });
      runSeconds.observe({ workflow, outcome }, Math.max(0, finishedAt - createdAt) / 1_000);
    },
    workerLost: (queue) => lost.inc({ queue }),
  };
  return { listener, registry, text: () => registry.metrics(), contentType: registry.contentType };
}

/** A name that this worker knows is one of a few; any other may be anything, as somebody may add jobs by hand. */
function workflowOf({ known, workflow }: JobSeen): string {
  return known ? workflow : 'other';
}

function addServerGauges(registry: Registry, servers: () => readonly ServerHealth[]): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (server: ServerHealth) => number) =>
    new Gauge({
      name: `switchyard_mcp_server_${name}`,
      help,
      labelNames: ['server'],
      registers,
      collect() {
        for (const health of servers()) this.set({ server: health.server }, value(health));
      },
    });
  gauge('connected', '1 when there is a session', ({ connected }) => Number(connected));
  gauge('calls_in_flight', 'Calls that the server has', ({ inFlight }) => inFlight);
  gauge('calls_waiting', 'Calls that wait in line for it', ({ waiting }) => waiting);
  gauge('restarts', 'Sessions opened after the first', ({ restarts }) => restarts);
  new Gauge({
    name: 'switchyard_mcp_server_breaker',
    help: '1 for the state in which the circuit breaker is',
    labelNames: ['server', 'state'],
    registers,
    collect() {
      for (const { server, breaker } of servers()) {
        for (const state of BREAKER_PHASES) this.set({ server, state }, Number(state === breaker));
      }
    },
  });
}

function secondsSince(from: number): number {
  return (performance.now() - from) / 1_000;
}
