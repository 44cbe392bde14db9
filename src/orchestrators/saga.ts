/**
 * Saga: steps in order, each with its undo. A chain, where the other two are object literals, because only its types
 * grow: each step sees the outputs of those before it.
 */
import type { z } from 'zod';
import type { Duration } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { ForeignJob, Task, TaskInput, TaskOutput } from '../task.js';
import {
  assertDefinition,
  deadlineOf,
  type SagaDefinition,
  type SagaSummary,
  type StepDefinition,
  type StepFacts,
  type UndoFacts,
  type Workflow,
} from './definition.js';

/** Nothing to add for a task that our workers run; for one of `fromQueue`, the reason why it does not compile. */
type OwnTask<T> = T extends { readonly foreign: ForeignJob }
  ? 'fromQueue() cannot be a step, undo or find: its worker records no intent, so nobody could tell whether to undo it'
  : unknown;

interface StepSpec<In, Done, T extends Task, U extends Task, F extends Task> {
  /**
   * The point of no return: once this step has happened the saga only goes forward. It has no undo; a later step that
   * fails for good waits for a person (`step_stuck`), and the run cannot be cancelled any more. One step of a saga at most.
   */
  readonly pivot?: true;
  readonly with: (facts: StepFacts<In, Done>) => TaskInput<T>;
  /**
   * Takes the effect back. Its arguments are computed before the effect, with `output` undefined, and stored with the
   * intent: whatever it needs must come from the input and the key.
   */
  readonly undo?: readonly [task: U & OwnTask<U>, with_: (facts: UndoFacts<In, TaskOutput<T>>) => TaskInput<U>];
  /** Asks the tool whether an effect whose answer was lost has happened; `found` makes the step's output of its answer. */
  readonly find?: readonly [
    task: F & OwnTask<F>,
    with_: (facts: Omit<StepFacts<In>, 'done'>) => TaskInput<F>,
    found: (answer: TaskOutput<F>) => TaskOutput<T> | undefined,
  ];
}

export interface SagaBuilder<In, Sent, Done extends Record<string, unknown>> {
  step<Name extends string, T extends Task, U extends Task = Task<never>, F extends Task = Task<never>>(
    name: Name extends keyof Done ? never : Name,
    task: T & OwnTask<T>,
    spec: StepSpec<In, Readonly<Done>, T, U, F>,
  ): SagaBuilder<In, Sent, Done & Record<Name, TaskOutput<T>>>;
  /**
   * Ends the chain. The function runs for a saga that completed and for one that was undone; then `done` holds only the
   * steps that were recorded.
   */
  returns<Out>(
    result: (done: Readonly<Partial<Done>>, summary: SagaSummary<In>) => Out,
  ): Workflow<Sent, Out> & SagaDefinition;
}

interface SagaSpec<Input extends z.ZodType> {
  readonly name: string;
  readonly version?: number;
  readonly input: Input;
  /** From acceptance; then the saga turns round, unless it is past its pivot. At most 365 days; default: no limit. */
  readonly deadline?: Duration;
}

/** A step's spec with its types erased; see the head of `definition.ts` for why the functions are compared both ways. */
interface ErasedStepSpec {
  readonly pivot?: true;
  with(facts: StepFacts): unknown;
  readonly undo?: readonly [Task, { call(facts: UndoFacts): unknown }['call']];
  readonly find?: readonly [
    Task,
    { call(facts: Omit<StepFacts, 'done'>): unknown }['call'],
    { call(answer: unknown): unknown }['call'],
  ];
}

function stepDefinition(name: string, task: Task, { with: with_, undo, find, pivot }: ErasedStepSpec): StepDefinition {
  return Object.freeze<StepDefinition>({
    name,
    run: task,
    with: with_,
    ...(pivot && { pivot }),
    ...(undo && { undo: { run: undo[0], with: undo[1] } }),
    ...(find && { find: { run: find[0], with: find[1], found: find[2] } }),
  });
}

class SagaChain<In, Sent, Done extends Record<string, unknown>> implements SagaBuilder<In, Sent, Done> {
  constructor(
    private readonly head: Pick<SagaDefinition, 'name' | 'version' | 'input' | 'deadlineMs'>,
    private readonly steps: readonly StepDefinition[],
  ) {}

  step<Name extends string, T extends Task, U extends Task = Task<never>, F extends Task = Task<never>>(
    name: Name extends keyof Done ? never : Name,
    task: T & OwnTask<T>,
    spec: StepSpec<In, Readonly<Done>, T, U, F>,
  ): SagaBuilder<In, Sent, Done & Record<Name, TaskOutput<T>>> {
    if (this.steps.some((step) => step.name === name)) {
      throw new SwitchyardError('INVALID_DEFINITION', `workflow "${this.head.name}" has two steps named "${name}"`);
    }
    assertOwnTasks(this.head.name, name, [task, spec.undo?.[0], spec.find?.[0]]);
    assertPivot(this.head.name, name, { spec, task }, this.steps);
    assertNoNestedUndo(this.head.name, name, spec);
    return new SagaChain<In, Sent, Done & Record<Name, TaskOutput<T>>>(this.head, [
      ...this.steps,
      stepDefinition(name, task, spec),
    ]);
  }

  returns<Out>(
    result: (done: Readonly<Partial<Done>>, summary: SagaSummary<In>) => Out,
  ): Workflow<Sent, Out> & SagaDefinition {
    const names = this.steps.map((step) => step.name);
    assertDefinition(this.head.name, this.head.version, names);
    return Object.freeze<SagaDefinition>({ pattern: 'saga', ...this.head, steps: this.steps, returns: result });
  }
}

/** @throws SwitchyardError INVALID_DEFINITION */
export function defineSaga<Input extends z.ZodType>(
  spec: SagaSpec<Input>,
): SagaBuilder<z.output<Input>, z.input<Input>, Record<never, never>> {
  const { name, version = 1, input, deadline } = spec;
  return new SagaChain({ name, version, input, ...deadlineOf(name, deadline) }, []);
}

function assertPivot(
  workflow: string,
  step: string,
  { spec, task }: { readonly spec: ErasedStepSpec; readonly task: Task },
  before: readonly StepDefinition[],
): void {
  if (!spec.pivot) return;
  const other = before.find(({ pivot }) => pivot)?.name;
  const fault =
    other !== undefined
      ? `step "${other}" is the pivot already; a saga has one point of no return`
      : spec.undo
        ? `step "${step}" is the pivot and has an undo, which would never run: remove one of the two`
        : task.waits
          ? `step "${step}" is the pivot and waits for an answer, which has no effect: make the step after it the pivot`
          : undefined;
  if (fault !== undefined) throw new SwitchyardError('INVALID_DEFINITION', `workflow "${workflow}": ${fault}`);
}

/** A run that has been stopped starts no others, and undoes itself all the same. */
function assertNoNestedUndo(workflow: string, step: string, { undo, find }: ErasedStepSpec): void {
  const [what] = [...(undo?.[0].runs ? ['undo'] : []), ...(find?.[0].runs ? ['find'] : [])];
  if (what === undefined) return;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `workflow "${workflow}", step "${step}": its ${what} is a workflow; only a task can be one`,
  );
}

/** A worker of another's records nothing before it acts: after a crash nobody could tell whether its effect is to be undone. */
function assertOwnTasks(workflow: string, step: string, tasks: readonly (Task | undefined)[]): void {
  const foreign = tasks.find((task) => task?.foreign);
  if (!foreign) return;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `workflow "${workflow}": "${foreign.name}" of fromQueue() cannot be a step, undo or find of a saga ("${step}"): its worker records no intent before it acts, so nobody could tell whether to undo it. Run it as a branch or a route, or run its code by sy.processor() in that worker`,
  );
}
