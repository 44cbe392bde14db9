/** What a run asks of people, and what they may answer. Pure. */
import type { ErrorRecord } from '../errors.js';
import type { Facts, OperatorCommand, OperatorStatus } from '../facts.js';
import type { WorkflowDefinition } from './definition.js';
import { ATTENTION_SUFFIX, undoStage } from './move.js';

export interface Question {
  /** The stage that it is about: a step, its undo (`<step>.undo`), or an approval. */
  readonly about: string;
  readonly status: OperatorStatus;
  readonly since?: number;
  /** Of an approval: what is asked. Of a stage that is stuck or in doubt: the arguments of its last attempt's tool, where they are kept. */
  readonly input?: unknown;
  /** Why the stage could not go on. */
  readonly error?: ErrorRecord;
  /** The key that its effect has at its service, to look it up by. */
  readonly key?: string;
  readonly answers: readonly OperatorCommand[];
}

const ANSWERS: Readonly<Record<OperatorStatus, readonly OperatorCommand[]>> = {
  waiting_approval: ['approve', 'reject'],
  in_doubt: ['resolve', 'abandon'],
  step_stuck: ['resume', 'resolve', 'abandon'],
  compensation_stuck: ['resume', 'resolve', 'skip', 'abandon'],
};

/** What may be said of a run in this state. */
export function answersTo(status: OperatorStatus): readonly OperatorCommand[] {
  return ANSWERS[status];
}

/** The open questions of a run, approvals in the order of their asking. */
export function questionsOf(definition: WorkflowDefinition | undefined, facts: Facts): readonly Question[] {
  const { record } = facts;
  if (record.outcome || record.phase === undefined || record.phase === 'compensating') return [];
  if (record.phase === 'waiting_approval') return approvals(facts);
  return [...facts.stages.keys()]
    .filter((stage) => stage.endsWith(ATTENTION_SUFFIX))
    .flatMap((stage) =>
      stuck(definition, facts, stage.slice(0, -ATTENTION_SUFFIX.length), record.phase as OperatorStatus),
    );
}

function approvals({ record, stages }: Facts): readonly Question[] {
  return [...record.asked]
    .filter(([stage, { of }]) => of === 'person' && stages.get(stage)?.state === 'pending')
    .map(([about, { at, input }]) => ({
      about,
      status: 'waiting_approval',
      since: at,
      ...(input !== undefined && { input }),
      answers: answersTo('waiting_approval'),
    }));
}

function stuck(
  definition: WorkflowDefinition | undefined,
  { record, stages }: Facts,
  step: string,
  status: OperatorStatus,
): readonly Question[] {
  if (definition !== undefined && definition.pattern !== 'saga') return [];
  const about = status === 'compensation_stuck' ? undoStage(step) : step;
  const fact = stages.get(about);
  const intent = record.intents.get(about);
  const undoArgs = record.done.get(step)?.undoArgs ?? record.intents.get(step)?.undoArgs;
  const since = record.failedAttempts.get(about)?.at(-1)?.finishedAt;
  return [
    {
      about,
      status,
      ...(typeof since === 'number' && { since }),
      ...(status === 'compensation_stuck' && undoArgs !== undefined && { input: undoArgs }),
      ...(fact?.state === 'failed' && { error: fact.error }),
      ...(intent && { key: intent.key }),
      answers: answersTo(status),
    },
  ];
}
