/** What a call's end says about its server, for the circuit breaker. */
import type { SwitchyardError } from '../../errors.js';
import { EndedEarly } from './call-deadline.js';
import type { CallOutcome } from './circuit-breaker.js';
import { httpRefusal } from './http-refusal.js';

/** Depth to which causes are looked through: an error of ours wraps that of the transport, once or twice. */
const DEEPEST_CAUSE = 4;

/** @param heard the server had shown that it works on the call */
export function outcomeOf(error: SwitchyardError, heard: boolean): CallOutcome {
  switch (error.code) {
    case 'TOOL_FAILED':
    case 'ANSWER_MISMATCH':
    case 'ANSWER_TOO_LARGE':
    case 'UNKNOWN_TOOL':
      return 'answered';
    case 'TOOL_UNAVAILABLE':
    case 'SERVER_START_FAILED':
      // A server that turns a request away is there: it knows neither our session nor our token, or has had enough.
      return causes(error).some((cause) => httpRefusal(cause)?.unprocessed) ? 'answered' : 'lost';
    case 'TOOL_TIMEOUT':
      return heard ? 'answered' : outcomeOfTimeout(error);
    default:
      return 'unknown';
  }
}

function outcomeOfTimeout(error: SwitchyardError): CallOutcome {
  const ending = causes(error).find((cause) => cause instanceof EndedEarly);
  if (ending?.why === 'cancelled') return 'unknown';
  // Not answered: the server was not ready in time, and all who waited for it waited for one thing.
  return error.answered === false ? 'silent' : 'lost';
}

function causes(error: Error): readonly unknown[] {
  const found: unknown[] = [];
  for (let cause = error.cause; cause !== undefined && found.length < DEEPEST_CAUSE; ) {
    found.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return found;
}
