/** What the API answers, as far as these pages read it. Types only: the page and its server are one release. */
import type { Question } from '../../orchestrators/questions.js';
import type { RoutingDecision } from '../../orchestrators/routing-decision.js';
import type { WorkflowShape } from '../../orchestrators/shape.js';
import type { RunSummary, TimelineEntry } from '../../orchestrators/timeline.js';
import type { StageCounts, StageState, TimelinePage } from '../../orchestrators/timeline-page.js';
import type { ListedRun, RunCounts, RunPage } from '../../ports.js';
import type { JsonSchema } from '../start/json-schema.js';

export type StepShape = Pick<Extract<WorkflowShape, { pattern: 'saga' }>['steps'][number], 'name' | 'undo' | 'pivot'>;

export interface WorkflowInfo {
  readonly name: string;
  readonly version: number;
  readonly pattern: WorkflowShape['pattern'];
  readonly inputSchema: JsonSchema;
  readonly shape: WorkflowShape;
}

export interface WorkflowList {
  readonly workflows: readonly WorkflowInfo[];
  /** Whether this server starts and changes nothing. */
  readonly readOnly: boolean;
}

export interface AllCounts {
  readonly workflows: Readonly<Record<string, RunCounts>>;
}

interface Pause {
  readonly at?: number;
  readonly by?: string;
  readonly reason?: string;
}

/** What is paused: workflows begin no more runs, queues give out no more jobs. */
export interface Paused {
  readonly workflows: readonly (Pause & { readonly workflow: string; readonly held: number })[];
  readonly queues: readonly (Pause & { readonly queue: string; readonly waiting: number })[];
}

export interface Payload {
  readonly value?: unknown;
  readonly redacted: boolean;
  readonly truncated: boolean;
}

export type {
  ListedRun,
  Question,
  RoutingDecision,
  RunCounts,
  RunPage,
  RunSummary,
  StageCounts,
  StageState,
  TimelineEntry,
  TimelinePage,
  WorkflowShape,
};
