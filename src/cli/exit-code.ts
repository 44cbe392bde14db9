/** How a command ends, for scripts. Errors bring their own code; see `ERROR_CODES`. */
import type { RunStatus } from '../orchestrators/timeline.js';

const WAIT_TIMED_OUT = 5;
export const NEEDS_A_PERSON = 4;

const EXIT_CODES: Readonly<Record<RunStatus, number>> = {
  completed: 0,
  partial: 0,
  failed: 1,
  cancelled: 1,
  compensated: 1,
  waiting_approval: NEEDS_A_PERSON,
  in_doubt: NEEDS_A_PERSON,
  step_stuck: NEEDS_A_PERSON,
  compensation_stuck: NEEDS_A_PERSON,
  queued: WAIT_TIMED_OUT,
  running: WAIT_TIMED_OUT,
  compensating: WAIT_TIMED_OUT,
};

/** Of a run that was waited for: one that has not settled is a wait that timed out. */
export function exitCodeOf(status: RunStatus): number {
  return EXIT_CODES[status];
}

export function isUnsettled(status: RunStatus): boolean {
  return EXIT_CODES[status] === WAIT_TIMED_OUT;
}
