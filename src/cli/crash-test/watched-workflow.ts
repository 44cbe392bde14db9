/**
 * A definition as the crash test's workers run it: the user's own, with each task's code counted and its retries made
 * quick. Input, output, safety and number of attempts stay what they are.
 */
import type { SagaDefinition, StepDefinition, WorkflowDefinition } from '../../orchestrators/definition.js';
import type { Task } from '../../task.js';
import { ORDERED, type RunWatch } from './watch-run.js';

/** A retry is what is tested, not how long it is waited for. */
const QUICK = { initialMs: 50, factor: 1, maxMs: 50, jitter: 0 };

export function watchedWorkflow(definition: WorkflowDefinition, watch: RunWatch): WorkflowDefinition {
  const watched = (task: Task, isPivot = false): Task => ({
    ...task,
    backoff: QUICK,
    load: async () => {
      const code = await task.load();
      return (input, context) => watch.attempt(context, () => code(input, context), isPivot);
    },
  });
  switch (definition.pattern) {
    case 'fan-out': {
      const branches = Object.entries(definition.branches).map(
        ([name, branch]) => [name, { ...branch, run: watched(branch.run) }] as const,
      );
      return { ...definition, branches: Object.fromEntries(branches) };
    }
    case 'list':
      return { ...definition, each: watched(definition.each) };
    case 'router': {
      const routes = Object.entries(definition.routes).map(
        ([name, route]) => [name, { ...route, run: watched(route.run) }] as const,
      );
      const { escalation } = definition;
      return {
        ...definition,
        routes: Object.fromEntries(routes),
        ...(escalation && { escalation: { ...escalation, to: watched(escalation.to) } }),
      };
    }
    case 'saga':
      return {
        ...definition,
        steps: definition.steps.map((step) => watchedStep(step, watch, watched)),
        returns: watchedReturns(definition, watch),
      };
  }
}

function watchedStep(
  step: StepDefinition,
  watch: RunWatch,
  watched: (task: Task, isPivot?: boolean) => Task,
): StepDefinition {
  const { undo, find } = step;
  return {
    ...step,
    run: watched(step.run, step.pivot),
    ...(find && { find: { ...find, run: watched(find.run) } }),
    ...(undo && {
      undo: {
        run: watched(undo.run),
        with(facts) {
          const args = undo.with(facts);
          const withOutput = facts.output !== undefined;
          watch.write({ kind: 'undo-args', run: facts.run, step: step.name, withOutput, args: args ?? null });
          return args;
        },
      },
    }),
  };
}

function watchedReturns(definition: SagaDefinition, watch: RunWatch): SagaDefinition['returns'] {
  // Past its pivot a saga does not turn round, whatever is thrown: there the pivot itself refuses.
  if (definition.steps.some(({ pivot }) => pivot)) return definition.returns;
  return (done, summary) => {
    if (summary.status === 'completed' && watch.orderOf(summary.run).turnRound) {
      throw new Error(`the saga turns round, ${ORDERED}`);
    }
    return definition.returns(done, summary);
  };
}
