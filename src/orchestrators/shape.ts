/** A definition as a picture needs it: names, tasks and what follows what. Inert data, the same for page, API and agents. Pure. */
import type { Task } from '../task.js';
import type { FailurePolicy, WorkflowDefinition } from './definition.js';

/** A task under the name that it has in the run. */
export interface StageShape {
  readonly name: string;
  readonly task: string;
  readonly queue: string;
  /** Set for a stage that nobody runs: it waits for an answer. */
  readonly waits?: 'person' | 'signal';
  /** Its job lies in a queue of others, which their workers serve. */
  readonly foreign?: true;
}

export type WorkflowShape =
  | {
      readonly pattern: 'fan-out';
      readonly onFailure: FailurePolicy;
      /** `conditional`: the input decides whether it runs. */
      readonly branches: readonly (StageShape & { readonly conditional: boolean })[];
    }
  | { readonly pattern: 'list'; readonly onFailure: FailurePolicy; readonly each: StageShape }
  | {
      readonly pattern: 'router';
      readonly routes: readonly StageShape[];
      readonly escalation?: StageShape;
      /** By priority, in milliseconds from acceptance. */
      readonly slaMs: Readonly<Record<string, number>>;
    }
  | {
      readonly pattern: 'saga';
      /** `undo` names the task that takes the step back, in queue `undoQueue`; after the `pivot` nothing is taken back any more. */
      readonly steps: readonly (StageShape & {
        readonly undo?: string;
        readonly undoQueue?: string;
        readonly pivot: boolean;
      })[];
    };

export function shapeOf(definition: WorkflowDefinition): WorkflowShape {
  switch (definition.pattern) {
    case 'fan-out':
      return {
        pattern: 'fan-out',
        onFailure: definition.onFailure,
        branches: Object.entries(definition.branches).map(([name, branch]) => ({
          ...stageShape(name, branch.run),
          conditional: branch.when !== undefined,
        })),
      };
    case 'list':
      return { pattern: 'list', onFailure: definition.onFailure, each: stageShape('item', definition.each) };
    case 'router':
      return {
        pattern: 'router',
        routes: Object.entries(definition.routes).map(([name, route]) => stageShape(name, route.run)),
        slaMs: { ...definition.sla },
        ...(definition.escalation && { escalation: stageShape('escalation', definition.escalation.to) }),
      };
    case 'saga':
      return {
        pattern: 'saga',
        steps: definition.steps.map((step) => ({
          ...stageShape(step.name, step.run),
          pivot: step.pivot === true,
          ...(step.undo && { undo: step.undo.run.name, undoQueue: step.undo.run.queue }),
        })),
      };
  }
}

function stageShape(name: string, task: Task): StageShape {
  return {
    ...{ name, task: task.name, queue: task.queue },
    ...(task.waits && { waits: task.waits.for }),
    ...(task.foreign && { foreign: true }),
  };
}
