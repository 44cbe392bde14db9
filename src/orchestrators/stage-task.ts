/** Which task a stage runs, and on what. Pure. */
import { SwitchyardError } from '../errors.js';
import type { Facts } from '../ports.js';
import type { Task } from '../task.js';
import { escalationReason, routerFacts } from './decide-router.js';
import type { Classification, StepDefinition, WorkflowDefinition } from './definition.js';
import { ESCALATION, type Stage, undoStage } from './move.js';

export interface StageTask {
  /** Absent for a question to a person, which no worker runs. */
  readonly task?: Task;
  /** Absent for a saga's steps: theirs depends on the steps before, and is made when they begin. */
  readonly input?: unknown;
}

/** The task of a stage that is to be appended, and its input. */
export function stageTask(definition: WorkflowDefinition, stage: Stage, facts: Facts): StageTask {
  if (stage.kind === 'attention') return {};
  const task = taskOf(definition, stage);
  if (definition.pattern === 'router') {
    if (stage.kind === 'route') {
      const route = definition.routes[stage.stage];
      return { task, input: route?.with(facts.record.input, facts.record.decision as Classification) };
    }
    const reason = escalationReason(definition, facts) || 'escalated';
    return { task, input: definition.escalation?.with({ ...routerFacts(definition, facts), reason }) };
  }
  return stage.kind === 'branch' ? { task, input: stage.input } : { task };
}

/**
 * The task behind a stage's name, for the worker that runs it.
 * @throws SwitchyardError INVALID_JOB when the definition has no such stage: another version made the job.
 */
export function taskOf(definition: WorkflowDefinition, stage: Pick<Stage, 'kind' | 'stage'>): Task {
  const task = lookUp(definition, stage);
  if (task) return task;
  throw new SwitchyardError(
    'INVALID_JOB',
    `workflow "${definition.name}" version ${definition.version} has no ${stage.kind} "${stage.stage}": start a worker that has the version which made this job`,
  );
}

function lookUp(definition: WorkflowDefinition, { kind, stage }: Pick<Stage, 'kind' | 'stage'>): Task | undefined {
  switch (definition.pattern) {
    case 'fan-out':
      return kind === 'branch' ? definition.branches[stage]?.run : undefined;
    case 'list':
      return kind === 'branch' ? definition.each : undefined;
    case 'router':
      if (kind === 'escalation' && stage === ESCALATION) return definition.escalation?.to;
      return kind === 'route' ? definition.routes[stage]?.run : undefined;
    case 'saga': {
      const step = stepOf(definition.steps, { kind, stage });
      return kind === 'undo' ? step?.undo?.run : step?.run;
    }
  }
}

/** The step that a saga's stage belongs to: its own, or the one that it undoes. */
export function stepOf(
  steps: readonly StepDefinition[],
  { kind, stage }: Pick<Stage, 'kind' | 'stage'>,
): StepDefinition | undefined {
  if (kind === 'step') return steps.find((step) => step.name === stage);
  return kind === 'undo' ? steps.find((step) => undoStage(step.name) === stage) : undefined;
}
