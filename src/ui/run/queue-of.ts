import type { TimelineEntry, WorkflowShape } from '../connection/shapes.js';

interface Place {
  readonly queue: string;
  /** Set for a stage that nobody runs: it waits for an answer. */
  readonly waits?: 'person' | 'signal';
  /** Others' queues are not on our board. */
  readonly foreign?: true;
}

/** The queue of ours that a stage's job is in, as far as the definition is known here. Pure. */
export function queueOf(shape: WorkflowShape | undefined, entry: TimelineEntry): string | undefined {
  if (entry.kind === 'attention') return 'attention';
  const place = placeOf(shape, entry);
  return place?.foreign ? undefined : place?.queue;
}

/** Whether a stage is given a value from outside. Pure. */
export function isSignal(shape: WorkflowShape | undefined, entry: TimelineEntry): boolean {
  return placeOf(shape, entry)?.waits === 'signal';
}

function placeOf(shape: WorkflowShape | undefined, { name, kind }: TimelineEntry): Place | undefined {
  switch (shape?.pattern) {
    case 'fan-out':
      return shape.branches.find((branch) => branch.name === name);
    case 'list':
      return shape.each;
    case 'router':
      return kind === 'escalation' ? shape.escalation : shape.routes.find((route) => route.name === name);
    case 'saga': {
      if (kind !== 'undo') return shape.steps.find((step) => step.name === name);
      const queue = shape.steps.find((step) => `${step.name}.undo` === name)?.undoQueue;
      return queue === undefined ? undefined : { queue };
    }
    default:
      return undefined;
  }
}
