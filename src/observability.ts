/** Metrics and probes for a worker in an application of one's own: `import { createWorkerMetrics } from 'switchyard-mq/observability'`. */
export { type ProbeServer, type ProbeServerOptions, serveProbes } from './adapters/observability/probe-server.js';
export {
  createWorkerMetrics,
  type WorkerMetrics,
  type WorkerMetricsOptions,
} from './adapters/observability/worker-metrics.js';
export type {
  JobEnd,
  JobKind,
  JobSeen,
  RunEnd,
  StartEnd,
  StartSeen,
  TelemetryListener,
  ToolCallEnd,
  ToolCallSeen,
  Watched,
} from './telemetry.js';
export type { TraceContext } from './trace-context.js';
