/**
 * What a tool said, out of what MCP carries it in: plain JSON, or a failure.
 *
 * A failure comes in four dresses, and all of them count: `isError`, a JSON-RPC error (see call-failure.ts),
 * `{"error": "text"}`, and our servers' `{"error": {code, message, retryable, retryAfterMs}}`, the last two as
 * `structuredContent` or as JSON text.
 */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { MAX_RETRY_AFTER_MS } from '../../config.js';

interface ToolFailure {
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

export type ToolAnswer =
  | { readonly kind: 'answer'; readonly value: unknown; readonly plainText: string | undefined }
  | { readonly kind: 'failure'; readonly failure: ToolFailure };

const detailedError = z.object({
  code: z.union([z.string(), z.number()]).optional(),
  message: z.string(),
  retryable: z.boolean().optional(),
  retryAfterMs: z
    .number()
    .nonnegative()
    .transform((ms) => Math.min(ms, MAX_RETRY_AFTER_MS))
    .optional(),
});

/** Arguments that the tool's schema refuses are refused next time too; the SDK's servers report it as a text. */
const REFUSED_ARGUMENTS = /^MCP error -3260[0-2]\b/;

export function readToolResult(result: CallToolResult): ToolAnswer {
  const { value, plainText } = bodyOf(result);
  const reported = errorIn(value);
  if (!result.isError && reported === undefined) return { kind: 'answer', value, plainText };
  if (reported !== undefined) return { kind: 'failure', failure: reported };
  const words = textOf(result) || JSON.stringify(value);
  return { kind: 'failure', failure: { message: words, retryable: !REFUSED_ARGUMENTS.test(words) } };
}

interface Body {
  readonly value: unknown;
  /** The text when it is not JSON; the value is `{ text }` then. */
  readonly plainText: string | undefined;
}

function bodyOf(result: CallToolResult): Body {
  if (result.structuredContent !== undefined) return { value: result.structuredContent, plainText: undefined };
  const text = textOf(result);
  const [only] = result.content;
  if (result.content.length === 1 && only?.type === 'text') {
    try {
      return { value: JSON.parse(only.text), plainText: undefined };
    } catch {
      // Prose: kept as a text below.
    }
  }
  return { value: { text }, plainText: text };
}

function textOf(result: CallToolResult): string {
  return result.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

function errorIn(value: unknown): ToolFailure | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'error')) return undefined;
  const error: unknown = Reflect.get(value, 'error');
  if (typeof error === 'string' && error !== '') return { message: error, retryable: true };
  if (typeof error !== 'object' || error === null) return undefined;
  const parsed = detailedError.safeParse(error);
  if (!parsed.success) return { message: JSON.stringify(error), retryable: true };
  const { code, message, retryable = true, retryAfterMs } = parsed.data;
  return {
    message: code === undefined ? message : `${code}: ${message}`,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
