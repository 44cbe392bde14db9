/** The definitions of one Switchyard, by name and version. */
import { SwitchyardError } from '../errors.js';
import { RESERVED_QUEUES, RUNS_QUEUE } from '../names.js';
import { tasksOf, type WorkflowDefinition } from '../orchestrators/definition.js';
import type { ForeignQueue } from '../ports.js';
import { describeQueue } from '../queue-task.js';

export interface Registry {
  find(name: string, version: number): WorkflowDefinition | undefined;
  /** The newest version. @throws SwitchyardError UNKNOWN_WORKFLOW, naming those that are known */
  latest(name: string): WorkflowDefinition;
  /** How many workflows these are; the versions of one count once. */
  readonly workflows: number;
  readonly names: readonly string[];
  /** All of them, every version. */
  readonly definitions: readonly WorkflowDefinition[];
  /** Queues that workers of these definitions serve, the roots' first. */
  queues(): readonly string[];
  /** Other people's queues, which their workers serve. */
  readonly foreignQueues: readonly ForeignQueue[];
}

/** @throws SwitchyardError INVALID_DEFINITION for two definitions of one name and version, or a reserved queue name */
export function createRegistry(definitions: readonly WorkflowDefinition[]): Registry {
  const byVersion = new Map<string, WorkflowDefinition>();
  const newest = new Map<string, WorkflowDefinition>();
  const queues = new Set([RUNS_QUEUE]);
  const foreign = new Map<string, ForeignQueue>();
  for (const definition of withNested(definitions)) {
    const id = `${definition.name}@${definition.version}`;
    if (byVersion.has(id)) {
      throw new SwitchyardError(
        'INVALID_DEFINITION',
        `workflow "${definition.name}" version ${definition.version} is given twice: give the changed one a higher version`,
      );
    }
    byVersion.set(id, definition);
    if ((newest.get(definition.name)?.version ?? 0) < definition.version) newest.set(definition.name, definition);
    for (const task of tasksOf(definition)) {
      // Nobody serves the queue of a task that waits.
      if (task.waits) continue;
      if (task.foreign) {
        foreign.set(describeQueue(task), { prefix: task.foreign.prefix, queue: task.queue });
        continue;
      }
      if (RESERVED_QUEUES.has(task.queue)) {
        throw new SwitchyardError(
          'INVALID_DEFINITION',
          `task "${task.name}": queue "${task.queue}" is Switchyard's own; choose another name`,
        );
      }
      queues.add(task.queue);
    }
  }
  return {
    find: (name, version) => byVersion.get(`${name}@${version}`),
    latest(name) {
      const definition = newest.get(name);
      if (definition) return definition;
      const known = [...newest.keys()].join(', ') || 'none';
      throw new SwitchyardError('UNKNOWN_WORKFLOW', `there is no workflow "${name}"; known here: ${known}`);
    },
    workflows: newest.size,
    names: [...newest.keys()],
    definitions: [...byVersion.values()],
    queues: () => [...queues],
    foreignQueues: [...foreign.values()],
  };
}

/** Those that are given, and those inside them, each once. */
function withNested(definitions: readonly WorkflowDefinition[]): readonly WorkflowDefinition[] {
  const all = [...definitions];
  // What is appended on the way is looked at in its turn.
  for (const definition of all) {
    for (const { runs } of tasksOf(definition)) {
      // A builder's own result, which a task knows by its name alone.
      const inner = runs as WorkflowDefinition | undefined;
      if (inner && !all.includes(inner)) all.push(inner);
    }
  }
  return all;
}
