/** What can be decided about a run, and the names of the work under its root. */
import type { ErrorRecord, SwitchyardError } from '../errors.js';
import type { EffectIntent, Facts, FinalStatus, OperatorStatus, StopCause, StopRequest } from '../facts.js';
import type { Fence, Fenced } from '../ports.js';
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
  /** Append these and park. `phase` is recorded with them. */
  | { readonly kind: 'append'; readonly stages: readonly Stage[]; readonly phase?: 'compensating' }
  /** The result is decided: the branches that have not ended are not needed any more. */
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly stage?: string }
  /** Only a person can say how to go on. `about` is the step, also where its undo is stuck. */
  | { readonly kind: 'ask'; readonly status: Exclude<OperatorStatus, 'waiting_approval'>; readonly about: string }
  /** Nothing is left to do. */
  | { readonly kind: 'end'; readonly status: EndStatus; readonly error?: ErrorRecord };

export type EndStatus = FinalStatus;

export const ESCALATION = 'escalation';

export function undoStage(step: string): string {
  return `${step}.undo`;
}

export const ATTENTION_SUFFIX = '.attention';

export function attentionStage(about: string): string {
  return `${about}${ATTENTION_SUFFIX}`;
}

export type Appended =
  | { readonly kind: 'appended'; readonly added: number }
  /** The definition cannot make these jobs (its own function threw, or a job is too large); nothing was appended. */
  | { readonly kind: 'unplannable'; readonly error: SwitchyardError }
  /** The run is to stop: nothing that goes forward is appended any more. */
  | { readonly kind: 'stopped' }
  /** The run has ended in the meantime. */
  | { readonly kind: 'ended' }
  | Fenced;

/** The state that a run enters with what is appended. */
export type Phase = 'compensating' | OperatorStatus;

/** Carries an `append` out: fenced, and each stage at most once in the run's life; the phase is entered with the first. */
export type AppendStages = (
  definition: WorkflowDefinition,
  facts: Facts,
  fence: Fence,
  stages: readonly Stage[],
  phase?: Phase,
) => Promise<Appended>;

/** How the job of an effect ends: what is recorded and appended in the breath in which it completes. */
export interface EffectEnd {
  readonly run: string;
  readonly stage: string;
  /** JSON of an `EffectDone`: what cannot be JSON is the step's own failure, and found out while it can be. */
  readonly done: string;
  /** What comes next, where that is no end; left to the root when it cannot be appended. */
  readonly next?: {
    readonly definition: WorkflowDefinition;
    readonly facts: Facts;
    readonly stages: readonly Stage[];
    readonly phase?: Phase | undefined;
    /** Recorded too where this worker is given the next job in the same breath. */
    readonly begin?: { readonly stage: string; readonly intent: Omit<EffectIntent, 'at'> } | undefined;
  };
}

/** BullMQ's command that completes a job, as it would send it. */
export interface CompleteCommand {
  readonly keys: readonly string[];
  readonly args: readonly (string | number | Buffer)[];
}

export interface EffectFinished {
  /** What the command returns. */
  readonly reply: unknown;
  /** Whether the next effect has begun. */
  readonly hasBegun: boolean;
}

/** Completes a job and carries its end out, all or nothing. */
export type FinishEffect = (end: EffectEnd, fence: Fence, command: CompleteCommand) => Promise<EffectFinished>;

export type Stopped =
  | { readonly kind: 'stopping' | 'ended' | 'unknown' | 'undoing' }
  | { readonly kind: 'past-pivot'; readonly step: string }
  | Fenced;

/** Marks the run and takes from it what no worker has. May be repeated: the first cause stands, the rest is done again. */
export type StopRun = (run: string, request: StopRequest, fence?: Fence) => Promise<Stopped>;
