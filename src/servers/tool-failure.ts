/**
 * How a tool says that it failed.
 *
 * Clients read one body, whatever the tool: `{ "error": { code, message, retryable, retryAfterMs? } }`, with `isError`
 * set, as the JSON text of the answer. The body is deliberately not sent as `structuredContent`: MCP clients check that
 * against the tool's output schema also when `isError` is set, and would replace our code by a schema complaint.
 */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

export interface ToolFailureOptions {
  /** Whether the same call may succeed later. */
  readonly retryable?: boolean;
  /** Milliseconds before which a repetition is pointless. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  /** Upper-case, stable, made for programs: `OUT_OF_STOCK`, `KEY_REUSED`. */
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, options: ToolFailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The answer that tells a client about `failure`. */
export function failureAnswer(failure: ToolFailure): CallToolResult {
  const { code, message, retryable, retryAfterMs } = failure;
  const body = { error: { code, message, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(body) }] };
}
