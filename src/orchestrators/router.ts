/** Router: classify, hand over to one domain's queue, then apply priority, SLA and escalation. */
import type { z } from 'zod';
import { type Duration, type Priority, toMs } from '../config.js';
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Task, TaskInput, TaskOutput } from '../task.js';
import {
  assertDefinition,
  type Classification,
  deadlineOf,
  type RouterDefinition,
  type RouterFacts,
  type Workflow,
} from './definition.js';
import { ESCALATION } from './move.js';

interface Route<In, Decision, T> {
  readonly run: T;
  readonly with: (input: In, decision: Decision) => TaskInput<T>;
}

type AnyRoutes = Record<string, Task>;
type Decided<Routes, Evidence> = Classification<keyof Routes & string, Evidence>;
type Facts<Input extends z.ZodType, Routes extends AnyRoutes, Evidence> = RouterFacts<
  z.output<Input>,
  Decided<Routes, Evidence>,
  TaskOutput<Routes[keyof Routes]>
>;

interface RouterSpec<Input extends z.ZodType, Routes extends AnyRoutes, Evidence, Human extends Task, Out> {
  readonly name: string;
  readonly version?: number;
  readonly input: Input;
  /** Pure: the same input must give the same decision, which is recorded once. */
  readonly classify: (input: z.output<Input>) => Classification<NoInfer<keyof Routes & string>, Evidence>;
  readonly routes: { readonly [Name in keyof Routes]: Route<z.output<Input>, Decided<Routes, Evidence>, Routes[Name]> };
  /** From acceptance, at most 365 days; default: no limit. The run then fails with DEADLINE_EXCEEDED. */
  readonly deadline?: Duration;
  /**
   * How soon a run of each priority is to be answered. One of HIGH or CRITICAL priority that has no answer by 80 % of
   * this goes to the escalation, where there is one, and keeps its route.
   */
  readonly sla?: Partial<Record<Priority, Duration>>;
  readonly escalation?: {
    readonly to: Human;
    readonly when: (facts: Facts<Input, Routes, Evidence>) => string | false;
    readonly with: (facts: Facts<Input, Routes, Evidence> & { readonly reason: string }) => TaskInput<Human>;
  };
  /** The answer in place of a route whose task failed for good; without it the run fails. */
  readonly fallback?: (error: ErrorRecord, facts: Facts<Input, Routes, Evidence>) => TaskOutput<Routes[keyof Routes]>;
  /** Whether an answer is only a part of what was asked for: the run is then `partial`. */
  readonly partial?: (result: TaskOutput<Routes[keyof Routes]>) => boolean;
  readonly returns: (
    facts: Facts<Input, Routes, Evidence> & {
      readonly escalation?: TaskOutput<Human>;
      readonly escalationError?: ErrorRecord;
    },
  ) => Out;
}

/** @throws SwitchyardError INVALID_DEFINITION */
export function defineRouter<Input extends z.ZodType, Routes extends AnyRoutes, Evidence, Human extends Task, Out>(
  spec: RouterSpec<Input, Routes, Evidence, Human, Out>,
): Workflow<z.input<Input>, Out> & RouterDefinition {
  const { name, version = 1, input, classify, routes, sla = {}, escalation, fallback, partial, returns } = spec;
  assertDefinition(name, version, Object.keys(routes));
  if (Object.hasOwn(routes, ESCALATION)) {
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `workflow "${name}": a route cannot be called "${ESCALATION}", that is the name of what follows it`,
    );
  }
  const slaMs = Object.fromEntries(
    Object.entries(sla).map(([priority, duration]) => [
      priority,
      toMs(duration, { code: 'INVALID_DEFINITION', what: `workflow "${name}": the SLA of ${priority}` }),
    ]),
  );
  const definition: RouterDefinition = {
    pattern: 'router',
    name,
    version,
    input,
    ...deadlineOf(name, spec.deadline),
    classify,
    routes: Object.freeze({ ...routes }),
    sla: Object.freeze(slaMs),
    returns,
    ...(escalation && { escalation }),
    ...(fallback && { fallback }),
    ...(partial && { partial }),
  };
  return Object.freeze(definition);
}
