/**
 * A workflow where a task can stand: as a branch, a route or a step. Its run is a run of its own, with an id and a page;
 * the stage sleeps until it has ended, and holds no worker meanwhile.
 */
import { MAX_NESTING, TASK_DEFAULTS } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { assertName, type Task } from '../task.js';
import { tasksOf, type Workflow, type WorkflowDefinition } from './definition.js';

interface WorkflowTaskSpec {
  /** Queue whose workers start the run and take its result. Default `tasks`. */
  readonly queue?: string;
}

/**
 * `workflowTask(order)`: give it what `start` would be given, and it returns what the run returns, whole or in part. A run
 * that ends in another way fails the stage. Cancelling the outer run cancels it; a saga's step that is a workflow has an undo
 * of its own, as every step, since a run that has completed is not undone.
 * @throws SwitchyardError INVALID_DEFINITION
 */
export function workflowTask<In, Out>(
  workflow: Workflow<In, Out>,
  { queue = 'tasks' }: WorkflowTaskSpec = {},
): Task<In, Out> {
  assertName('queue', queue);
  const depth = depthOf(workflow) + 1;
  if (depth > MAX_NESTING) {
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `workflow "${workflow.name}" as a task makes ${depth} workflows inside one another; at most ${MAX_NESTING} can be`,
    );
  }
  return Object.freeze({
    kind: 'task' as const,
    name: workflow.name,
    queue,
    // A run that fails is retried as a run, not started again by its stage.
    attempts: 1,
    backoff: TASK_DEFAULTS.backoff,
    timeoutMs: TASK_DEFAULTS.timeoutMs,
    // Its run's key comes from the stage.
    effect: { kind: 'keyed' as const },
    runs: workflow,
    load: () => Promise.reject(new Error(`"${workflow.name}" is a workflow, and no code of a task`)),
  });
}

/** Workflows inside one another, this one included. */
function depthOf(definition: WorkflowDefinition): number {
  // A builder's own result, which a task knows by its name alone.
  const inner = tasksOf(definition).flatMap(({ runs }) => (runs ? [depthOf(runs as WorkflowDefinition)] : []));
  return 1 + Math.max(0, ...inner);
}
