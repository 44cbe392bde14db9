/** What a run asks of people, and what they may answer. Pure. */
import type { ErrorRecord } from '../errors.js';
import type { Facts, OperatorCommand, OperatorStatus } from '../facts.js';
import { ROOT_STAGE } from './decide-saga.js';
import type { WorkflowDefinition } from './definition.js';
import { ATTENTION_SUFFIX, undoStage } from './move.js';
import { answerDueAt } from './waits.js';

export interface Question {
  /** The stage that it is about: a step, its undo (`<step>.undo`), or an approval. */
  readonly about: string;
  readonly status: OperatorStatus;
  readonly since?: number;
  /** When it is answered by its deadline, where it has one. */
  readonly dueAt?: number;
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

/**
 * What may be said of a run in this state, about this failure. An undo whose answer was lost is not simply tried again: it
 * may have happened. A failure of the root's own is no effect that could have.
 */
export function answersTo(status: OperatorStatus, error?: ErrorRecord): readonly OperatorCommand[] {
  const answers = ANSWERS[status];
  if (status === 'compensation_stuck' && error?.code === 'IN_DOUBT') return answers.filter((one) => one !== 'resume');
  if (status === 'step_stuck' && error?.step === ROOT_STAGE) return answers.filter((one) => one !== 'resolve');
  return answers;
}

/** Why the stage that a run asks about could not go on. */
export function errorAbout({ record, stages }: Facts, about: string): ErrorRecord | undefined {
  const fact = stages.get(about);
  if (fact?.state === 'failed') return fact.error;
  const own = about === ROOT_STAGE ? record.failedAttempts.get(ROOT_STAGE)?.at(-1)?.error : undefined;
  return own && { ...own, step: ROOT_STAGE };
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
    .map(([about, { at, input }]) => {
      const dueAt = answerDueAt(record, about);
      return {
        about,
        status: 'waiting_approval',
        since: at,
        ...(dueAt !== undefined && { dueAt }),
        ...(input !== undefined && { input }),
        answers: answersTo('waiting_approval'),
      };
    });
}

function stuck(
  definition: WorkflowDefinition | undefined,
  facts: Facts,
  step: string,
  status: OperatorStatus,
): readonly Question[] {
  const { record } = facts;
  if (definition !== undefined && definition.pattern !== 'saga') return [];
  const about = status === 'compensation_stuck' ? undoStage(step) : step;
  const error = errorAbout(facts, about);
  const intent = record.intents.get(about);
  const undoArgs = record.done.get(step)?.undoArgs ?? record.intents.get(step)?.undoArgs;
  const since = record.failedAttempts.get(about)?.at(-1)?.finishedAt;
  return [
    {
      about,
      status,
      ...(typeof since === 'number' && { since }),
      ...(status === 'compensation_stuck' && undoArgs !== undefined && { input: undoArgs }),
      ...(error && { error }),
      ...(intent && { key: intent.key }),
      answers: answersTo(status, error),
    },
  ];
}
