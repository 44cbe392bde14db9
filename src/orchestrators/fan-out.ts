/** Fan-out: all branches at once, each failing alone, then one aggregation over what came back. */
import type { z } from 'zod';
import { type Duration, MAX_BRANCHES } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { Task, TaskInput, TaskOutput } from '../task.js';
import {
  type AggregateContext,
  assertDefinition,
  type BranchResult,
  deadlineOf,
  type FailurePolicy,
  type FanOutDefinition,
  type ListFanOutDefinition,
  type Workflow,
} from './definition.js';

interface Branch<In, T> {
  readonly run: T;
  /** The branch's input, from the run's. Pure: it runs at the producer, and for a long list at a worker. */
  readonly with: (input: In) => TaskInput<T>;
  /** True to run; otherwise the reason why this run does without the branch. */
  readonly when?: (input: In) => true | string;
}

interface Policy {
  /** `collect` (default), `fail`, or `{ quorum: n }` completed branches. A sibling that is cancelled counts as failed. */
  readonly onFailure?: FailurePolicy;
  /** From acceptance; then what is there by then is the result. At most 365 days; default: no limit. */
  readonly deadline?: Duration;
}

interface FanOutSpec<Input extends z.ZodType, Branches, Out> extends Policy {
  readonly name: string;
  readonly version?: number;
  readonly input: Input;
  readonly branches: { readonly [Name in keyof Branches]: Branch<z.output<Input>, Branches[Name]> };
  /** Failed branches are among the results: the run is partial when some failed, failed when all did. */
  readonly aggregate: (
    results: { readonly [Name in keyof Branches]: BranchResult<TaskOutput<Branches[Name]>> },
    context: AggregateContext<z.output<Input>>,
  ) => Out;
}

interface ListSpec<Input extends z.ZodType, Each extends Task, Out> extends Policy {
  readonly name: string;
  readonly version?: number;
  readonly input: Input;
  readonly each: Each;
  /** The branches' inputs, in order; at most 10,000. Pure. */
  readonly split: (input: z.output<Input>) => readonly TaskInput<Each>[];
  readonly aggregate: (
    results: readonly BranchResult<TaskOutput<Each>>[],
    context: AggregateContext<z.output<Input>>,
  ) => Out;
}

/**
 * Defines a fan-out over named branches, or, with `each` and `split`, over a list.
 * @throws SwitchyardError INVALID_DEFINITION
 */
export function defineFanOut<Input extends z.ZodType, Branches extends Record<string, Task>, Out>(
  spec: FanOutSpec<Input, Branches, Out>,
): Workflow<z.input<Input>, Out> & FanOutDefinition;
export function defineFanOut<Input extends z.ZodType, Each extends Task, Out>(
  spec: ListSpec<Input, Each, Out>,
): Workflow<z.input<Input>, Out> & ListFanOutDefinition;
export function defineFanOut(
  spec: FanOutSpec<z.ZodType, Record<string, Task>, unknown> | ListSpec<z.ZodType, Task, unknown>,
): FanOutDefinition | ListFanOutDefinition {
  const { name, version = 1, input, onFailure = 'collect' } = spec;
  const deadline = deadlineOf(name, spec.deadline);
  if ('each' in spec) {
    assertDefinition(name, version, ['list']);
    assertQuorum(name, onFailure, MAX_BRANCHES);
    return Object.freeze<ListFanOutDefinition>({
      pattern: 'list',
      name,
      version,
      input,
      onFailure,
      ...deadline,
      each: spec.each,
      split: spec.split,
      aggregate: spec.aggregate,
    });
  }
  assertDefinition(name, version, Object.keys(spec.branches));
  assertQuorum(name, onFailure, Object.keys(spec.branches).length);
  return Object.freeze<FanOutDefinition>({
    pattern: 'fan-out',
    name,
    version,
    input,
    onFailure,
    ...deadline,
    branches: Object.freeze({ ...spec.branches }),
    aggregate: spec.aggregate,
  });
}

function assertQuorum(name: string, onFailure: FailurePolicy, branches: number): void {
  if (typeof onFailure === 'string') return;
  const { quorum } = onFailure;
  if (Number.isInteger(quorum) && quorum >= 1 && quorum <= branches) return;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `workflow "${name}": a quorum of ${quorum} cannot be met; give a whole number from 1 to ${branches}`,
  );
}
