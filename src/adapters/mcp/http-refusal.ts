/**
 * What an HTTP status that is not a success says about a JSON-RPC request: whether it was refused unprocessed, and
 * whether another try can help.
 */
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export interface HttpRefusal {
  /** In the server's own words: to be redacted, then cut. */
  readonly message: string;
  /** The server does not know our session: it restarted, or ended it. A new session is the remedy. */
  readonly sessionLost: boolean;
  /** The request was turned away before any tool saw it. A 5xx may come from behind the tool, so it is not. */
  readonly unprocessed: boolean;
  readonly retryable: boolean;
}

export function httpRefusal(error: unknown): HttpRefusal | undefined {
  if (!(error instanceof StreamableHTTPError) || error.code === undefined || error.code < 300) return undefined;
  const status = error.code;
  // The protocol says 404; many servers answer 400 with words about the session or a missing initialize.
  const sessionLost = status === 404 || (status === 400 && /session|not initialized/i.test(error.message));
  const unprocessed = status < 500;
  const retryable = sessionLost || status === 408 || status === 429 || !unprocessed;
  const advice = status === 401 || status === 403 ? '; check its "headers" in the MCP configuration' : '';
  return { message: `HTTP ${status}${advice}: ${error.message}`, sessionLost, unprocessed, retryable };
}
