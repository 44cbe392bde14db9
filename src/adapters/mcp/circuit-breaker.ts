/**
 * When a server is left alone: a circuit breaker as a pure state machine. Time and outcomes are arguments.
 *
 * closed: every call is let through. After `failures` calls in a row that got no answer → open: none is, for `pauseMs`.
 * Then half-open: as many calls at once as successes are missing. `successes` answers → closed; one failure → open again.
 *
 * Only answers that did not come count as failures; a tool that answers "failed" is a server that works. Calls that were
 * under way together when their connection broke are one failure: they saw one event, and 25 jobs on a server that
 * restarts within a second must not cost it a minute.
 */

export interface BreakerPolicy {
  readonly failures: number;
  readonly pauseMs: number;
  readonly successes: number;
}

/** `era` counts the changes of phase: what was let through in another era says nothing about this one. */
export type BreakerState =
  | { readonly phase: 'closed'; readonly era: number; readonly failures: number; readonly lastFailureAt: number }
  | { readonly phase: 'open'; readonly era: number; readonly until: number }
  | { readonly phase: 'half-open'; readonly era: number; readonly successes: number; readonly trials: number };

/** Leave for one call; every one is settled, once. */
export interface Ticket {
  readonly era: number;
  /** When it was given. */
  readonly at: number;
  /** The server was failing and this call is to find out whether it still is. */
  readonly trial: boolean;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly ticket: Ticket }
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

export type CallOutcome =
  /** The server's word was received, whatever it was. */
  | 'answered'
  /** The connection failed, or could not be made. */
  | 'lost'
  /** The time was up, and nothing had come. */
  | 'silent'
  /** The call ended for a reason that says nothing about the server. */
  | 'unknown';

/** Until a trial has ended, nobody can say when the others may come: about as long as a quick one takes. */
export const TRIAL_RETRY_MS = 1_000;

export const CLOSED: BreakerState = { phase: 'closed', era: 0, failures: 0, lastFailureAt: Number.NEGATIVE_INFINITY };

/** Asks leave for one call at `now`, in milliseconds of any clock that is never set back. */
export function admit(
  state: BreakerState,
  policy: BreakerPolicy,
  now: number,
): { readonly state: BreakerState; readonly admission: Admission } {
  if (state.phase === 'closed') return admitted(state, now);
  if (state.phase === 'open') {
    if (now < state.until) return { state, admission: { kind: 'refused', retryAfterMs: state.until - now } };
    return admitted({ phase: 'half-open', era: state.era + 1, successes: 0, trials: 1 }, now);
  }
  if (state.trials + state.successes >= policy.successes)
    return { state, admission: { kind: 'refused', retryAfterMs: TRIAL_RETRY_MS } };
  return admitted({ ...state, trials: state.trials + 1 }, now);
}

/** Takes in how a call ended that had been let through. */
export function settle(
  state: BreakerState,
  policy: BreakerPolicy,
  ticket: Ticket,
  outcome: CallOutcome,
  now: number,
): BreakerState {
  if (ticket.era !== state.era) return state;
  if (state.phase === 'closed') {
    if (outcome === 'answered') return state.failures === 0 ? state : { ...CLOSED, era: state.era };
    const sameEvent = outcome === 'lost' && ticket.at < state.lastFailureAt;
    return outcome === 'unknown' || sameEvent ? state : fail(state, policy, now);
  }
  if (state.phase === 'open') return state;
  if (outcome === 'lost' || outcome === 'silent') return fail(state, policy, now);
  const trials = state.trials - 1;
  if (outcome === 'unknown') return { ...state, trials };
  const successes = state.successes + 1;
  return successes >= policy.successes ? { ...CLOSED, era: state.era + 1 } : { ...state, trials, successes };
}

/** A failure that no call brought: the server did not answer a ping. */
export function fail(state: BreakerState, policy: BreakerPolicy, now: number): BreakerState {
  if (state.phase === 'open') return state;
  if (state.phase === 'closed' && state.failures + 1 < policy.failures)
    return { ...state, failures: state.failures + 1, lastFailureAt: now };
  return { phase: 'open', era: state.era + 1, until: now + policy.pauseMs };
}

function admitted(state: BreakerState, now: number): { readonly state: BreakerState; readonly admission: Admission } {
  return {
    state,
    admission: { kind: 'admitted', ticket: { era: state.era, at: now, trial: state.phase === 'half-open' } },
  };
}
