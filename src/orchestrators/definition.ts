/**
 * Definitions as the engine sees them: frozen, versioned data whose functions are pure. The three builders (`fan-out.ts`,
 * `router.ts`, `saga.ts`) give them their types; here the types are erased, so that one engine runs them all.
 *
 * Methods, not function properties, on purpose: a builder's precisely typed function is assignable to its erased form
 * only while TypeScript compares method parameters both ways. The input's schema has run before any of them is called.
 */
import type { z } from 'zod';
import { type Duration, MAX_DELAY_MS, type Priority, toMsWithin } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { FinalStatus } from '../facts.js';
import { assertName, type Task } from '../task.js';

/** How one branch of a fan-out ended. */
export type BranchResult<Out = unknown> =
  | { readonly state: 'completed'; readonly output: Out }
  | { readonly state: 'failed'; readonly error: ErrorRecord }
  | { readonly state: 'skipped'; readonly reason: string };

export interface AggregateContext<In = unknown> {
  readonly input: In;
  /** Milliseconds from the run's acceptance to its aggregation. */
  readonly elapsedMs: number;
}

interface Common {
  readonly name: string;
  readonly version: number;
  readonly input: z.ZodType;
  /** Milliseconds from a run's acceptance to when it is stopped; absent: no limit. A start may set its own. */
  readonly deadlineMs?: number;
}

/**
 * What the failure of a branch means: `collect` waits for all; `fail` ends the run at the first failure, and a quorum as
 * soon as enough have completed, or cannot any more. Siblings that are not needed are cancelled.
 */
export type FailurePolicy = 'collect' | 'fail' | { readonly quorum: number };

export interface BranchDefinition {
  readonly run: Task;
  with(input: unknown): unknown;
  /** True to run; otherwise the reason why the branch is skipped. */
  when?(input: unknown): true | string;
}

export interface FanOutDefinition extends Common {
  readonly pattern: 'fan-out';
  readonly onFailure: FailurePolicy;
  readonly branches: Readonly<Record<string, BranchDefinition>>;
  aggregate(results: Readonly<Record<string, BranchResult>>, context: AggregateContext): unknown;
}

export interface ListFanOutDefinition extends Common {
  readonly pattern: 'list';
  readonly onFailure: FailurePolicy;
  readonly each: Task;
  split(input: unknown): readonly unknown[];
  aggregate(results: readonly BranchResult[], context: AggregateContext): unknown;
}

/** What a classifier decided, kept with the run so that every routing can be explained afterwards. */
export interface Classification<Route extends string = string, Evidence = unknown> {
  readonly route: Route;
  readonly priority: Priority;
  /** Set: the run goes straight to the escalation, for this reason. */
  readonly escalate?: string;
  readonly evidence: Evidence;
}

export interface RouteDefinition {
  readonly run: Task;
  with(input: unknown, decision: Classification): unknown;
}

export interface RouterFacts<In = unknown, Decision = Classification, Result = unknown> {
  readonly input: In;
  readonly decision: Decision;
  /** What the route's task, or the fallback, answered; undefined when the run went straight to escalation. */
  readonly result: Result | undefined;
  /** Stages passed, in order: `classifier`, the route, `priority_processor`, `escalation`. */
  readonly path: readonly string[];
  /** The SLA of the decided priority, in milliseconds, where the router sets one. */
  readonly slaMs?: number;
}

export interface EscalationDefinition {
  readonly to: Task;
  /** The reason to escalate, or false. */
  when(facts: RouterFacts): string | false;
  with(facts: RouterFacts & { readonly reason: string }): unknown;
}

export interface RouterDefinition extends Common {
  readonly pattern: 'router';
  readonly routes: Readonly<Record<string, RouteDefinition>>;
  readonly sla: Readonly<Partial<Record<Priority, number>>>;
  readonly escalation?: EscalationDefinition;
  classify(input: unknown): Classification;
  /** The answer that stands in for a route whose task failed for good; the run is then partial. */
  fallback?(error: ErrorRecord, facts: RouterFacts): unknown;
  /** True when the answer is a result all the same, but not the whole one. */
  partial?(result: unknown): boolean;
  returns(facts: RouterFacts & { readonly escalation?: unknown; readonly escalationError?: ErrorRecord }): unknown;
}

export interface StepFacts<In = unknown, Done = Readonly<Record<string, unknown>>> {
  readonly input: In;
  /** The key that every attempt of this step gives to its tool. */
  readonly key: string;
  readonly run: string;
  /** Outputs of the steps before. */
  readonly done: Done;
}

export interface UndoFacts<In = unknown, Out = unknown> {
  readonly input: In;
  /** The key of the effect that is being undone, which is known before it happens. */
  readonly key: string;
  readonly run: string;
  /** The effect's output, when it was recorded: never rely on it alone, its answer may have been lost. */
  readonly output: Out | undefined;
}

export interface StepDefinition {
  readonly name: string;
  readonly run: Task;
  with(facts: StepFacts): unknown;
  readonly undo?: { readonly run: Task; with(facts: UndoFacts): unknown };
  /** Once it has happened the saga only goes forward: nothing before it is undone any more. */
  readonly pivot?: true;
  /** Asks whether an effect whose answer was lost has happened; resolves to its output, or undefined. */
  readonly find?: {
    readonly run: Task;
    with(facts: Omit<StepFacts, 'done'>): unknown;
    found(answer: unknown): unknown;
  };
}

/** How a saga ended, for its `returns`. */
export interface SagaSummary<In = unknown> {
  readonly run: string;
  readonly input: In;
  readonly status: FinalStatus;
  readonly executed: readonly string[];
  readonly failed: readonly string[];
  /** Why each failed stage failed, by stage: a step's own name, or `<step>.undo`. */
  readonly errors: Readonly<Record<string, ErrorRecord>>;
  /** Undos recorded as done, in the order in which they were done, by step. */
  readonly undone: readonly string[];
  /** Steps that may have happened and stand, because a person skipped or abandoned their undo. */
  readonly notUndone: readonly string[];
  /** Attempts beyond the first, of all steps and undos. */
  readonly retries: number;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface SagaDefinition extends Common {
  readonly pattern: 'saga';
  readonly steps: readonly StepDefinition[];
  /** Runs for a saga that ended either way; `summary.status` tells which. */
  returns(done: Readonly<Record<string, unknown>>, summary: SagaSummary): unknown;
}

export type WorkflowDefinition = FanOutDefinition | ListFanOutDefinition | RouterDefinition | SagaDefinition;

/** A definition with the types of what is sent to it and what it returns. */
export type Workflow<In = unknown, Out = unknown> = WorkflowDefinition & {
  /** Types only; never set. */
  readonly types?: { readonly sent: In; readonly returns: Out } | undefined;
};

export type WorkflowInput<W> = W extends { readonly types?: { readonly sent: infer In } } ? In : never;
export type WorkflowOutput<W> = W extends { readonly types?: { readonly returns: infer Out } } ? Out : never;

/** Every task that a definition names, for queues, checks at start and listings. */
export function tasksOf(definition: WorkflowDefinition): readonly Task[] {
  switch (definition.pattern) {
    case 'fan-out':
      return Object.values(definition.branches).map((branch) => branch.run);
    case 'list':
      return [definition.each];
    case 'router': {
      const routes = Object.values(definition.routes).map((route) => route.run);
      return definition.escalation ? [...routes, definition.escalation.to] : routes;
    }
    case 'saga':
      return definition.steps
        .flatMap((step) => [step.run, step.undo?.run, step.find?.run])
        .filter((task) => task !== undefined);
  }
}

/** What every builder checks. @throws SwitchyardError INVALID_DEFINITION */
export function assertDefinition(name: string, version: number, stages: readonly string[]): void {
  assertName('workflow', name);
  if (!Number.isInteger(version) || version < 1) {
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `workflow "${name}": version is ${version}; it must be a whole number from 1`,
    );
  }
  if (stages.length === 0) {
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `workflow "${name}" has nothing to run: give it at least one branch, route or step`,
    );
  }
  for (const stage of stages) {
    assertName(`workflow "${name}": stage`, stage);
    if (/\.(undo|attention)$/.test(stage)) {
      throw new SwitchyardError(
        'INVALID_DEFINITION',
        `workflow "${name}": stage "${stage}" ends in a word that is reserved`,
      );
    }
  }
}

/** The `deadlineMs` of a definition. @throws SwitchyardError INVALID_DEFINITION */
export function deadlineOf(name: string, deadline: Duration | undefined): { readonly deadlineMs?: number } {
  if (deadline === undefined) return {};
  const refusal = { code: 'INVALID_DEFINITION', what: `workflow "${name}": deadline` } as const;
  return { deadlineMs: toMsWithin(deadline, { min: 1, max: MAX_DELAY_MS }, refusal) };
}
