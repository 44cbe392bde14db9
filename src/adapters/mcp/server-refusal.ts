/**
 * Why a call was not made: its server is paused, or has more calls than it is given. In both cases the tool was surely not
 * asked, and waiting helps; a job that is refused so is put off, and loses no attempt.
 */
import { type ErrorCode, SwitchyardError } from '../../errors.js';
import { where } from './call-failure.js';
import type { McpServerSettings } from './config.js';

/** The failure that the breaker counted last. */
export interface CountedError {
  readonly at: number;
  readonly code: ErrorCode;
  readonly message: string;
}

interface RefusedCall {
  readonly capability: string;
  readonly tool: string;
}

/** Of the reason for a pause; each refused call repeats it, and it is kept with every run that waits. */
const LONGEST_REASON = 160;

/** A place in front of a server that answers is free soon. */
const BUSY_RETRY_MS = 250;

export function paused(
  { capability, tool }: RefusedCall,
  { name }: McpServerSettings,
  { retryAfterMs, lastError }: { readonly retryAfterMs: number; readonly lastError: CountedError | undefined },
): SwitchyardError {
  const [line = ''] = lastError?.message.split('\n') ?? [];
  const reason = line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)} …` : line;
  return new SwitchyardError(
    'SERVER_PAUSED',
    `${where({ capability, server: name, tool })} was not called: MCP server "${name}" failed too often in a row and is asked again in ${retryAfterMs} ms${lastError ? `. Its last failure: ${lastError.code}: ${reason}` : ''}`,
    { retryAfterMs },
  );
}

export function busy(
  { capability, tool }: RefusedCall,
  { name, limits }: McpServerSettings,
  why: 'line-full' | 'waited-too-long',
): SwitchyardError {
  const reason =
    why === 'line-full'
      ? `has ${limits.concurrent} calls under way and ${limits.waiting} in line`
      : `had no place free (of ${limits.concurrent}) within half of the call's time`;
  return new SwitchyardError(
    'SERVER_BUSY',
    `${where({ capability, server: name, tool })} was not called: MCP server "${name}" ${reason}. If it can do more at once, raise "limits.concurrent" in its configuration.`,
    { retryAfterMs: BUSY_RETRY_MS },
  );
}
