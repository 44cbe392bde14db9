/** What an answer to a stage that waits says, and how one is refused: of a run in Redis and of one in memory alike. */
import { SwitchyardError } from '../errors.js';
import type { Answer, Facts, OperatorWord } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { waitStage } from '../orchestrators/stage-task.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { Task } from '../task.js';
import { illegal, type SaidAbout, unknownRun, wordOf } from './said.js';

export interface Given {
  readonly stage: string;
  readonly answer: Answer;
  readonly word?: OperatorWord;
}

/** @throws SwitchyardError ILLEGAL_STATE */
export function approvalOf(facts: Facts, { stage, by, reason }: SaidAbout, at: number): Given {
  const about = openApproval(facts, stage);
  const output = { at, ...(by !== undefined && { by }), ...(reason !== undefined && { note: reason }) };
  return { stage: about, answer: { at, output }, word: wordOf('approve', about, at, { by, reason }) };
}

/** @throws SwitchyardError ILLEGAL_STATE */
export function rejectionOf(facts: Facts, { stage, by, reason }: SaidAbout, at: number): Given {
  const about = openApproval(facts, stage);
  const message = `rejected${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
  const error = { code: 'REJECTED', message, retryable: false, step: about } as const;
  return { stage: about, answer: { at, error }, word: wordOf('reject', about, at, { by, reason }) };
}

/** @throws SwitchyardError INVALID_INPUT for a stage that waits for no signal, or a value that it refuses */
export function signalOf(
  definition: WorkflowDefinition,
  stage: string,
  value: unknown,
  at: number,
): { readonly task: Task; readonly answer: Answer } {
  const task = waitStage(definition, stage);
  if (task?.waits?.for !== 'signal') {
    throw new SwitchyardError('INVALID_INPUT', `workflow "${definition.name}" waits for no signal "${stage}"`);
  }
  const parsed = task.output?.safeParse(value);
  if (parsed && !parsed.success) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError('INVALID_INPUT', `signal "${stage}" refuses this value: ${describeIssues(issues)}`, {
      issues,
    });
  }
  return { task, answer: { at, output: parsed?.data ?? value ?? null } };
}

/** The answer that a stage has when nobody gave one in time. An approval that the deadline gave says when. */
export function answerOfDeadline({ atDeadline, for: of }: NonNullable<Task['waits']>, at: number): Answer {
  if ('error' in atDeadline) return { at, error: atDeadline.error };
  return { at, output: of === 'person' ? { at } : atDeadline.output };
}

/** @param why what the script of an answer replied, other than that it was given */
export function answerRefused(run: string, stage: string, why: unknown): SwitchyardError {
  switch (why) {
    case 'unknown':
      return unknownRun(run);
    case 'answered-before':
      return illegal(run, `has its answer to "${stage}" already; the first one stands`);
    case 'stopping':
      return illegal(run, 'is to stop, and takes no answers any more');
    case 'ended':
      return illegal(run, 'has ended');
    default:
      return illegal(run, `does not ask about "${stage}" now`);
  }
}

/** The stage that a run waits with for a person's yes or no: the named one, or the only one. */
function openApproval({ record, stages }: Facts, stage: string | undefined): string {
  const open = [...record.asked]
    .filter(([name, { of }]) => of === 'person' && stages.get(name)?.state === 'pending')
    .map(([name]) => name);
  const [only] = open;
  if (stage !== undefined && open.includes(stage)) return stage;
  if (stage === undefined && only !== undefined && open.length === 1) return only;
  const asks = open.length > 0 ? `it asks about ${open.join(', ')}: name one` : 'it waits for no approval';
  throw illegal(
    record.id,
    stage === undefined ? `cannot be answered: ${asks}` : `does not ask about "${stage}": ${asks}`,
  );
}
