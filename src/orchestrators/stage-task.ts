/** Which task a stage runs, and on what. Pure. */
import { SwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import { effectKey } from '../names.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { Task } from '../task.js';
import { escalationReason, routerFacts } from './decide-router.js';
import type { Classification, StepDefinition, StepFacts, WorkflowDefinition } from './definition.js';
import { ATTENTION_SUFFIX, ESCALATION, type Stage, type StageKind, undoStage } from './move.js';

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
  if (stage.kind === 'branch') return { task, input: stage.input };
  // A step that waits begins when it is appended: what it asks is made now.
  const step = task.waits && definition.pattern === 'saga' ? stepOf(definition.steps, stage) : undefined;
  return step ? { task, input: step.with(stepFacts(facts, stage.stage)) } : { task };
}

/**
 * No worker of ours checks what a stage asks that waits for an answer, nor what one is given that another's worker runs.
 * @throws SwitchyardError INVALID_DEFINITION, INVALID_INPUT
 */
export function checkUnserved({ task, input }: StageTask, stage: string): unknown {
  const parsed = task?.waits || task?.foreign ? task.input?.safeParse(input) : undefined;
  if (!parsed) return input;
  if (parsed.success) return parsed.data;
  if (task?.foreign) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError(
      'INVALID_INPUT',
      `task "${task.name}" refuses what "${stage}" gives it: ${describeIssues(issues)}`,
      { step: stage, issues },
    );
  }
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `"${stage}" cannot ask this: ${describeIssues(issuesOf(parsed.error))}`,
  );
}

/** What a step's functions are given. */
export function stepFacts({ record }: Facts, stage: string): StepFacts {
  const done = Object.fromEntries([...record.done].map(([name, entry]) => [name, entry.output]));
  return { input: record.input, key: effectKey(record.id, stage, 1), run: record.id, done };
}

/**
 * The task behind a stage's name, for the worker that runs it.
 * @throws SwitchyardError INVALID_JOB when the definition has no such stage: another version made the job.
 */
export function taskOf(definition: WorkflowDefinition, stage: Pick<Stage, 'kind' | 'stage'>): Task {
  const task = stageOf(definition, stage);
  if (task) return task;
  throw new SwitchyardError(
    'INVALID_JOB',
    `workflow "${definition.name}" version ${definition.version} has no ${stage.kind} "${stage.stage}": start a worker that has the version which made this job`,
  );
}

/** The same, or undefined when the definition has no such stage. */
export function stageOf(
  definition: WorkflowDefinition,
  { kind, stage }: Pick<Stage, 'kind' | 'stage'>,
): Task | undefined {
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

/** What kind of stage has this name in a definition. */
export function kindOfStage(definition: WorkflowDefinition, stage: string): StageKind {
  if (stage.endsWith(ATTENTION_SUFFIX)) return 'attention';
  switch (definition.pattern) {
    case 'fan-out':
    case 'list':
      return 'branch';
    case 'router':
      return stage === ESCALATION ? 'escalation' : 'route';
    case 'saga':
      return definition.steps.some((step) => undoStage(step.name) === stage) ? 'undo' : 'step';
  }
}

/** The task behind a stage's name that waits for an answer; undefined for any other, and for a name that is none. */
export function waitStage(definition: WorkflowDefinition, stage: string): Task | undefined {
  const task = namedTask(definition, stage);
  return task?.waits ? task : undefined;
}

/** The task behind a stage's name that another's worker runs; undefined as above. */
export function foreignStage(definition: WorkflowDefinition, stage: string): Task | undefined {
  const task = namedTask(definition, stage);
  return task?.foreign ? task : undefined;
}

function namedTask(definition: WorkflowDefinition, stage: string): Task | undefined {
  const kind = kindOfStage(definition, stage);
  return kind === 'attention' ? undefined : stageOf(definition, { kind, stage });
}
