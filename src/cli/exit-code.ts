/** How a command ends, for scripts. Errors bring their own code; see `ERROR_CODES`. */
import { isOperatorStatus, isSettledStatus, type RunStatus } from '../facts.js';

const WAIT_TIMED_OUT = 5;
export const NEEDS_A_PERSON = 4;

/** Of a run that was waited for: one that has not settled is a wait that timed out. */
export function exitCodeOf(status: RunStatus): number {
  if (isUnsettled(status)) return WAIT_TIMED_OUT;
  if (isOperatorStatus(status)) return NEEDS_A_PERSON;
  return status === 'completed' || status === 'partial' ? 0 : 1;
}

export function isUnsettled(status: RunStatus): boolean {
  return !isSettledStatus(status);
}
