/**
 * Whatever ended one attempt at a call, as one of our errors: what failed, whether the tool may have been reached, and
 * whether to try again.
 *
 * `answered: false` is the important word: the request may have reached the tool, and nobody knows what came of it. It
 * is absent only when the tool was surely never asked.
 */
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import { type CallTimes, type EarlyEnd, EndedEarly } from './call-deadline.js';
import { BodyTooLarge, NotConnected } from './http-fetch.js';
import { httpRefusal } from './http-refusal.js';
import { lossKindOf } from './lost-answer.js';
import type { Redact } from './redaction.js';

export interface FailedCall {
  readonly capability: string;
  readonly server: string;
  readonly tool: string;
  readonly times: CallTimes;
  readonly redact: Redact;
  /** Whether the request had been handed to the connection. */
  readonly sent: boolean;
  /** Whether the connection was lost by the time the call failed. */
  readonly connectionLost: boolean;
}

/** A tool's words in an error are cut here: they go into every log and record of the run. */
const LONGEST_WORDS = 1_000;

/** The call's name; the server and tool behind it where a binding has them differ from the name. */
export function where(call: Pick<FailedCall, 'capability' | 'server' | 'tool'>): string {
  const isPlain = call.capability === `${call.server}.${call.tool}`;
  return isPlain ? call.capability : `${call.capability} (tool "${call.tool}" of MCP server "${call.server}")`;
}

export function words(text: string, redact: Redact): string {
  const shown = redact(text.trim());
  return shown.length > LONGEST_WORDS ? `${shown.slice(0, LONGEST_WORDS)} …` : shown;
}

export function callFailure(error: unknown, call: FailedCall): SwitchyardError {
  if (error instanceof SwitchyardError) return error;
  if (error instanceof EndedEarly) return endedEarly(error, call);
  if (lossKindOf(error) === 'too-large' || error instanceof BodyTooLarge) return tooLarge(error, call);
  if (isWrongShape(error)) return wrongShape(error, call);
  const refusal = httpRefusal(error);
  if (refusal) {
    const message = `${where(call)} was refused: ${words(refusal.message, call.redact)}`;
    return unavailable(message, error, { asked: call.sent && !refusal.unprocessed, retryable: refusal.retryable });
  }
  if (error instanceof McpError && lossKindOf(error) === undefined && !call.connectionLost)
    return toolsOwnError(error, call);
  return connectionFailure(error, call);
}

function endedEarly(error: EndedEarly, call: FailedCall): SwitchyardError {
  const endings: Record<EarlyEnd, string> = {
    timeout: `gave no answer within ${call.times.totalMs} ms`,
    idle: `gave no answer, and no sign of progress for ${call.times.idleMs} ms`,
    cancelled: 'was cancelled by its caller before it answered',
  };
  const consequence = call.sent
    ? 'whether it took effect is unknown'
    : 'the server was not ready in that time, and the tool was never asked';
  return new SwitchyardError('TOOL_TIMEOUT', `${where(call)} ${endings[error.why]}; ${consequence}`, {
    ...(call.sent && { answered: false }),
    cause: error,
  });
}

function tooLarge(error: unknown, call: FailedCall): SwitchyardError {
  const what = error instanceof Error ? error.message.replace(/^MCP error -?\d+: /, '') : String(error);
  return new SwitchyardError(
    'ANSWER_TOO_LARGE',
    `${where(call)} answered with more than is taken in: ${what}. Ask it for less.`,
    {
      answered: true,
      cause: error,
    },
  );
}

// The SDK rejects with zod's error, possibly of another copy of zod than ours: known by what it holds.
function isWrongShape(error: unknown): error is Error & { readonly issues: readonly unknown[] } {
  return error instanceof Error && 'issues' in error && Array.isArray(error.issues);
}

const issueShape = z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() });

function wrongShape(error: { readonly issues: readonly unknown[] }, call: FailedCall): SwitchyardError {
  const issues = error.issues.flatMap((issue) => {
    const parsed = issueShape.safeParse(issue);
    return parsed.success ? [{ path: parsed.data.path.join('.'), message: parsed.data.message }] : [];
  });
  const list = issues.map(({ path, message }) => `${path || 'result'}: ${message}`).join('; ');
  return new SwitchyardError(
    'ANSWER_MISMATCH',
    `${where(call)} answered with something that is no MCP tool result: ${list.slice(0, LONGEST_WORDS)}`,
    {
      issues,
      answered: true,
      cause: error,
    },
  );
}

function toolsOwnError(error: McpError, call: FailedCall): SwitchyardError {
  const said = error.message.replace(/^MCP error -?\d+: /, '');
  // Invalid request, unknown method, refused arguments: the same words will be refused again.
  const permanent = error.code <= -32600 && error.code >= -32602;
  return new SwitchyardError(
    'TOOL_FAILED',
    `${where(call)} failed: ${words(said, call.redact)} (JSON-RPC error ${error.code})`,
    {
      answered: true,
      retryable: !permanent,
      cause: error,
    },
  );
}

function connectionFailure(error: unknown, call: FailedCall): SwitchyardError {
  const reason = words(error instanceof Error ? error.message : String(error), call.redact);
  const asked = call.sent && !(error instanceof NotConnected);
  const consequence = asked ? 'whether it took effect is unknown' : 'the tool was never asked';
  return unavailable(`${where(call)} could not be called: ${reason}; ${consequence}`, error, {
    asked,
    retryable: true,
  });
}

function unavailable(
  message: string,
  cause: unknown,
  { asked, retryable }: { asked: boolean; retryable: boolean },
): SwitchyardError {
  return new SwitchyardError('TOOL_UNAVAILABLE', message, { retryable, ...(asked && { answered: false }), cause });
}
