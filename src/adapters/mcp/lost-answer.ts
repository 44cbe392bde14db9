/**
 * What a transport reports, as a JSON-RPC error response, when it knows that a request's answer will not come as sent:
 * the SDK has no other way to fail one request and leave its neighbours on the same connection alone.
 */
import { randomUUID } from 'node:crypto';
import { type JSONRPCErrorResponse, McpError, type RequestId } from '@modelcontextprotocol/sdk/types.js';

export type LossKind =
  /** The stream that should have carried the answer ended without it. */
  | 'stream-ended'
  /** The answer is larger than the transport takes in. */
  | 'too-large';

// A server's own error cannot be taken for one of these: it does not know the word of this process.
const OUR_WORD = randomUUID();

export function lossResponse(id: RequestId, kind: LossKind, message: string): JSONRPCErrorResponse {
  return { jsonrpc: '2.0', id, error: { code: -32000, message, data: { word: OUR_WORD, kind } } };
}

/** The loss behind an error that the SDK threw, if it is one that a transport of ours reported. */
export function lossKindOf(error: unknown): LossKind | undefined {
  if (!(error instanceof McpError) || typeof error.data !== 'object' || error.data === null) return undefined;
  if (Reflect.get(error.data, 'word') !== OUR_WORD) return undefined;
  return Reflect.get(error.data, 'kind') === 'too-large' ? 'too-large' : 'stream-ended';
}
