/** What it means that a run is told to stop. Pure. */
import type { ErrorRecord } from '../errors.js';
import type { RunRecord, StopCause, StopRequest } from '../facts.js';
import type { FailurePolicy } from './definition.js';

const CAUSES: Readonly<Record<StopCause, { readonly code: ErrorRecord['code']; readonly text: string }>> = {
  cancelled: { code: 'CANCELLED', text: 'the run was cancelled' },
  deadline: { code: 'DEADLINE_EXCEEDED', text: "the run's deadline passed" },
  branch_failed: { code: 'CANCELLED', text: 'a sibling failed, and the fan-out does without the rest' },
  quorum: { code: 'CANCELLED', text: 'enough branches had ended to decide the fan-out' },
};

/** Why the run ended, or a stage of it did not run to its end. */
export function stopError({ cause, by, reason, stage }: StopRequest, step?: string): ErrorRecord {
  const { code, text } = CAUSES[cause];
  const who = by === undefined ? '' : ` by ${by}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  const which = stage === undefined ? '' : ` (branch "${stage}")`;
  return { code, message: `${text}${which}${who}${why}`, retryable: false, ...(step !== undefined && { step }) };
}

/** How the branches of a fan-out stand. Skipped ones are not planned. */
export interface BranchCount {
  readonly planned: number;
  readonly completed: number;
  readonly failed: number;
}

/** Whether the policy has its answer before every branch has ended, and which rule gave it. */
export function verdictOf(
  policy: FailurePolicy,
  { planned, completed, failed }: BranchCount,
): Extract<StopCause, 'branch_failed' | 'quorum'> | undefined {
  if (policy === 'collect') return undefined;
  if (policy === 'fail') return failed > 0 ? 'branch_failed' : undefined;
  const { quorum } = policy;
  return completed >= quorum || planned - failed < quorum ? 'quorum' : undefined;
}

/** Whether attempts at a stage may have had an effect that nobody has answered for. */
export function hasLostAnswer({ failedAttempts, answeredFor }: RunRecord, stage: string): boolean {
  const settled = answeredFor.get(stage) ?? 0;
  return (failedAttempts.get(stage) ?? []).some(({ n, error }) => n > settled && error.answered === false);
}
