/**
 * What the crash test answers for the people and systems that a run waits for. Pure: which answer a stage is given; see
 * `answering.ts` for who gives it.
 */
import { SwitchyardError } from '../../errors.js';
import type { Asked } from '../../facts.js';
import type { WorkflowDefinition } from '../../orchestrators/definition.js';
import { waitStage } from '../../orchestrators/stage-task.js';
import type { Order } from './order.js';

/** By stage: `approve` or `reject` for an approval, its value for a signal. */
export type GivenAnswers = Readonly<Record<string, unknown>>;

export type AnswerGiven =
  | { readonly kind: 'approve' | 'reject' }
  /** Instead of a signal that is a saga's pivot, when the saga is to be turned round. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'signal'; readonly value: unknown };

/** The name under which each item of a list is answered: they are all alike. */
const ITEM = 'item';

/** Undefined: nobody answers this, unless its deadline does. */
export function answerTo(
  definition: WorkflowDefinition,
  answers: GivenAnswers,
  { stage, of }: { readonly stage: string; readonly of: Asked['of'] },
  order: Order,
): AnswerGiven | undefined {
  const turnsHere = order.turnRound === true && pivotOf(definition) === stage;
  if (of === 'person' && (turnsHere || order.reject === stage)) return { kind: 'reject' };
  if (turnsHere) return { kind: 'cancel' };
  const name = Object.hasOwn(answers, stage) ? stage : ITEM;
  if (!Object.hasOwn(answers, name)) return undefined;
  const value = answers[name];
  if (of === 'signal') return { kind: 'signal', value };
  return { kind: value === 'reject' ? 'reject' : 'approve' };
}

/** How long a stage waits before its deadline answers; undefined: for ever. */
export function deadlineOf(definition: WorkflowDefinition, stage: string): number | undefined {
  return waitStage(definition, stage)?.waits?.deadlineMs;
}

/** @throws SwitchyardError INVALID_CONFIG naming the stage that waits for no such answer */
export function assertAnswers(definition: WorkflowDefinition, answers: GivenAnswers): void {
  for (const [name, answer] of Object.entries(answers)) {
    const waits = waitStage(definition, name === ITEM && definition.pattern === 'list' ? `${ITEM}.0` : name)?.waits;
    const fault = !waits
      ? `workflow "${definition.name}" has no approval or signal of this name`
      : waits.for === 'person' && answer !== 'approve' && answer !== 'reject'
        ? `an approval is answered with 'approve' or 'reject'`
        : undefined;
    if (fault !== undefined)
      throw new SwitchyardError('INVALID_CONFIG', `\`answers\` of the crash test, "${name}": ${fault}.`);
  }
}

/** The saga's point of no return. */
export function pivotOf(definition: WorkflowDefinition): string | undefined {
  return definition.pattern === 'saga' ? definition.steps.find(({ pivot }) => pivot)?.name : undefined;
}
