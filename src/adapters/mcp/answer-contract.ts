/**
 * What a workflow relies on in a capability's answer, checked on every answer whatever server gave it.
 */
import type { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import { type FailedCall, where, words } from './call-failure.js';

export interface ToolContract {
  /** The answer after the binding's mapping; keys it does not name are dropped, as zod does. */
  readonly output: z.ZodType;
  /** The capability changes nothing: a call whose answer was lost may be sent again, whatever the caller says. */
  readonly readOnly?: boolean;
}

export interface CheckedAnswer {
  readonly value: unknown;
  /** The answer was prose where the contract wants data: the tool's own words about why not. */
  readonly plainText: string | undefined;
}

const MOST_ISSUES = 5;
const LONGEST_FOUND = 80;

/** Throws ANSWER_MISMATCH, or TOOL_FAILED for prose. */
export function checkAnswer({ value, plainText }: CheckedAnswer, contract: ToolContract, call: FailedCall): unknown {
  const parsed = contract.output.safeParse(value);
  if (parsed.success) return parsed.data;
  if (plainText !== undefined) {
    throw new SwitchyardError(
      'TOOL_FAILED',
      `${where(call)} answered in prose instead of data: ${words(plainText, call.redact)}`,
      {
        answered: true,
      },
    );
  }
  const issues = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: `${issue.message}, found ${found(value, issue.path)}`,
  }));
  const shown = issues.slice(0, MOST_ISSUES).map(({ path, message }) => `${path || 'answer'}: ${message}`);
  if (issues.length > MOST_ISSUES) shown.push(`and ${issues.length - MOST_ISSUES} more`);
  throw new SwitchyardError(
    'ANSWER_MISMATCH',
    `${where(call)} answered with something else than ${call.capability} promises: ${words(shown.join('; '), call.redact)}. Map its answer in "bindings" of the MCP configuration.`,
    { issues, answered: true },
  );
}

function found(value: unknown, path: readonly PropertyKey[]): string {
  let part: unknown = value;
  for (const key of path) part = typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined;
  const text = JSON.stringify(part) ?? 'nothing';
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}
