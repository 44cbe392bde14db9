/**
 * Why a server could not be started or reached, in words that let a person mend it: its command line as configured, how
 * it ended, and what it said last. Values of its environment and headers are never shown.
 */
import { SwitchyardError } from '../../errors.js';
import { words } from './call-failure.js';
import type { McpServerSettings } from './config.js';
import { httpRefusal } from './http-refusal.js';
import type { HttpTransport } from './http-transport.js';
import { StdioTransport } from './stdio-transport.js';

export function startFailure(
  error: unknown,
  settings: McpServerSettings,
  transport: StdioTransport | HttpTransport,
  limitMs: number,
): SwitchyardError {
  if (error instanceof SwitchyardError) return error;
  const { name, display, redact } = settings;
  const reason = redact(error instanceof Error ? error.message : String(error));
  if (!(transport instanceof StdioTransport)) {
    const refusal = httpRefusal(error);
    const why = refusal
      ? `it refused to initialize: ${words(refusal.message, redact)}`
      : `cannot be reached or does not speak MCP: ${reason}`;
    return new SwitchyardError('TOOL_UNAVAILABLE', `MCP server "${name}" at ${display}: ${why} (limit ${limitMs} ms)`, {
      // A 404 to initialize is a wrong URL, not a lost session.
      retryable: refusal ? refusal.retryable && !refusal.sessionLost : true,
      cause: error,
    });
  }
  const ending = transport.ending;
  const how = ending
    ? `it ${ending} before it was ready`
    : `it was not ready within ${limitMs} ms or could not be run: ${reason}`;
  const last = transport.lastWords;
  const said =
    last.length > 0
      ? `Its last words on stderr:\n${last.map((line) => `  ${line}`).join('\n')}`
      : 'It said nothing on stderr.';
  return new SwitchyardError(
    'SERVER_START_FAILED',
    `MCP server "${name}" did not start: ${how}. Command: ${display}. ${said}`,
    {
      cause: error,
    },
  );
}
