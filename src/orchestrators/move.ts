/** What can be decided about a run, and the names of the work under its root. */
import type { ErrorRecord, SwitchyardError } from '../errors.js';
import type { Facts, Fence, Fenced, OperatorStatus } from '../ports.js';
import type { WorkflowDefinition } from './definition.js';

export type StageKind = 'branch' | 'route' | 'escalation' | 'step' | 'undo' | 'attention';

/** One unit of work under a run's root; its job's id is `<run>-<stage>`. */
export interface Stage {
  readonly kind: StageKind;
  readonly stage: string;
  /** What its task is given, where the plan already knows. */
  readonly input?: unknown;
}

/** What the root, or a step that has just ended, does next. */
export type Move =
  /** Something is still running: sleep until the last child has ended. */
  | { readonly kind: 'park' }
  /** The router has not decided yet. */
  | { readonly kind: 'classify' }
  /** Append these and park. `phase` is recorded first. */
  | { readonly kind: 'append'; readonly stages: readonly Stage[]; readonly phase?: 'compensating' }
  /** Only a person can say how to go on. */
  | { readonly kind: 'ask'; readonly status: OperatorStatus; readonly about: string }
  /** Nothing is left to do. */
  | { readonly kind: 'end'; readonly status: EndStatus; readonly error?: ErrorRecord };

export type EndStatus = 'completed' | 'partial' | 'failed' | 'compensated';

export const ESCALATION = 'escalation';

export function undoStage(step: string): string {
  return `${step}.undo`;
}

export function attentionStage(about: string): string {
  return `${about}.attention`;
}

export type Appended =
  | { readonly kind: 'appended'; readonly added: number }
  /** The definition cannot make these jobs (its own function threw, or a job is too large); nothing was appended. */
  | { readonly kind: 'unplannable'; readonly error: SwitchyardError }
  | Fenced;

/** Carries an `append` out: fenced, and each stage at most once in the run's life. */
export type AppendStages = (
  definition: WorkflowDefinition,
  facts: Facts,
  fence: Fence,
  stages: readonly Stage[],
) => Promise<Appended>;
