import { tasksOf, type Workflow, type WorkflowDefinition } from '../orchestrators/definition.js';

const FUNCTIONS: Readonly<Record<WorkflowDefinition['pattern'], readonly string[]>> = {
  'fan-out': ['aggregate'],
  list: ['split', 'aggregate'],
  router: ['classify', 'returns'],
  saga: ['returns'],
};

/**
 * Whether the value is what a `define…` function returned, perhaps that of another copy of this package. An object that
 * was written by hand to look like one would fail later, where nobody sees why.
 */
export function isWorkflow(value: unknown): value is Workflow {
  if (!hasHead(value)) return false;
  const parts = new Map(Object.entries(value));
  if (!FUNCTIONS[value.pattern].every((name) => typeof parts.get(name) === 'function')) return false;
  try {
    const tasks: readonly unknown[] = tasksOf(value);
    return tasks.length > 0 && tasks.every(isTask);
  } catch {
    return false;
  }
}

function hasHead(value: unknown): value is WorkflowDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { pattern, name, version, input } = Object.fromEntries(Object.entries(value));
  const known = typeof pattern === 'string' && Object.hasOwn(FUNCTIONS, pattern);
  return known && typeof name === 'string' && Number.isInteger(version) && isSchema(input);
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'safeParse' in value && typeof value.safeParse === 'function';
}

function isTask(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'task';
}
