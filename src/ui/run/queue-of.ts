import type { TimelineEntry, WorkflowShape } from '../connection/shapes.js';

/** The queue that a stage's job is in, as far as the definition is known here. Pure. */
export function queueOf(shape: WorkflowShape | undefined, { name, kind }: TimelineEntry): string | undefined {
  if (kind === 'attention') return 'attention';
  switch (shape?.pattern) {
    case 'fan-out':
      return shape.branches.find((branch) => branch.name === name)?.queue;
    case 'list':
      return shape.each.queue;
    case 'router':
      return kind === 'escalation' ? shape.escalation?.queue : shape.routes.find((route) => route.name === name)?.queue;
    case 'saga':
      return shape.steps.find((step) => step.name === name)?.queue;
    default:
      return undefined;
  }
}
