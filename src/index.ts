/** What an application imports. Entry points for servers and the command line are elsewhere; see `exports` in package.json. */
export type { ToolContract } from './adapters/mcp/answer-contract.js';
export { loadMcpConfig, type McpConfig, parseMcpConfig } from './adapters/mcp/config.js';
export type { ServerHealth } from './adapters/mcp/guarded-server.js';
export { createToolPool, type ToolPool } from './adapters/mcp/tool-pool.js';
export type { RedisConnection } from './adapters/redis-connections.js';
export type { AgentHints, AgentTool, AgentTools } from './agent-tools.js';
export type { ApiSettings, Authorize, AuthorizedRequest, PayloadPolicy, RateLimit } from './api-settings.js';
export type { CallbackSettings } from './callbacks.js';
export type { Duration, Priority, Retention } from './config.js';
export { defineConfig, type SwitchyardConfig } from './engine/define-config.js';
export { type CrashTest, defineCrashTest, type EffectQuestion } from './engine/define-crash-test.js';
export { type Switchyard, type SwitchyardOptions, switchyard } from './engine/engine.js';
export type {
  BackoffStrategy,
  HostedJob,
  HostedOptions,
  HostedProcessor,
  HostedWorkerOptions,
  ProcessorOf,
  ProcessorOptions,
} from './engine/hosted.js';
export type { WorkerHealth, Workers, WorkersOptions } from './engine/workers.js';
export {
  type ErrorCode,
  type ErrorRecord,
  type InputIssue,
  PermanentError,
  RetryAfterError,
  SwitchyardError,
} from './errors.js';
export type { OperatorStatus, OperatorWord, RunStatus, StopRequest } from './facts.js';
export type {
  AggregateContext,
  BranchResult,
  Classification,
  FailurePolicy,
  // Named by the declarations of an application that exports what it has defined.
  FanOutDefinition,
  ListFanOutDefinition,
  RouterDefinition,
  RouterFacts,
  SagaDefinition,
  SagaSummary,
  Workflow,
  WorkflowInput,
  WorkflowOutput,
} from './orchestrators/definition.js';
export { defineFanOut } from './orchestrators/fan-out.js';
export type { Orphan, OrphanUndo } from './orchestrators/orphan-advice.js';
export type { OrphanKind } from './orchestrators/orphans.js';
export type { Question } from './orchestrators/questions.js';
export { defineRouter } from './orchestrators/router.js';
export type { RoutingDecision } from './orchestrators/routing-decision.js';
export type { RunProgress } from './orchestrators/run-events.js';
export { defineSaga, type SagaBuilder } from './orchestrators/saga.js';
export type { RunDocument, RunSummary, TimelineAttempt, TimelineEntry } from './orchestrators/timeline.js';
export type { PageOptions, PlacedEntry, StageCounts, StageState, TimelinePage } from './orchestrators/timeline-page.js';
export { workflowTask } from './orchestrators/workflow-task.js';
export type { ListedRun, ListOptions, Logger, RunCounts, RunPage, ToolCaller, ToolCallOptions } from './ports.js';
export type { LimitChanges, QueueLimits, SharedLimits } from './queue-limits.js';
export { fromQueue, type QueueTask } from './queue-task.js';
export type { Erased } from './queues/erase-run.js';
export type { FoundOrphan, OrphanReport, OrphansOptions } from './queues/find-orphans.js';
export type { PayloadOf } from './queues/look-at-run.js';
export type { Paused, PausedQueue, PausedWorkflow, PauseTarget } from './queues/pauses.js';
export type { QueueState } from './queues/queue-states.js';
export type { Retried, RetryFilter } from './queues/retry-runs.js';
export type { Run, RunState } from './queues/run-handle.js';
export type { Said, SaidAbout } from './queues/said.js';
export type { StartOptions } from './queues/unstarted-run.js';
export type { MissedTicks, Schedule, ScheduleSpec, TickRecord } from './schedule.js';
export type { Tags } from './tags.js';
export {
  defineTask,
  type LazyFunction,
  lazy,
  mcpTask,
  type Task,
  type TaskContext,
  type TaskInput,
  type TaskOutput,
  type TaskPolicy,
  type ToolOptions,
} from './task.js';
export type { TelemetryListener } from './telemetry.js';
export { mcpTool, type ToolShape } from './tool-maker.js';
export { type Approval, approval, signal } from './wait-task.js';
