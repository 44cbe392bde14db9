/** When a job comes back whose server was not asked. Pure: randomness is an argument. */
import { MAX_RETRY_AFTER_MS, POSTPONE_DEFAULTS } from '../config.js';
import type { ErrorCode, ErrorRecord } from '../errors.js';

const LONGEST_MS: Partial<Record<ErrorCode, number>> = POSTPONE_DEFAULTS.longestMs;

/** Whether a tool was surely not asked, for a reason that lies with its server and will pass. */
export function isPostponement({ code }: Pick<ErrorRecord, 'code'>): boolean {
  return LONGEST_MS[code] !== undefined;
}

/**
 * Milliseconds to put a job off that ended with this error; undefined when it is none to put off for. As long as the
 * server asked for, and longer each time, up to five minutes for one that is paused. For a busy one it is fifteen seconds at
 * first, and up to five minutes where that lasts.
 *
 * @param before Times that the job has been put back already, from 0.
 * @param random 0 ≤ random < 1.
 */
export function postponement(
  { code, retryable, retryAfterMs = 0 }: Pick<ErrorRecord, 'code' | 'retryable' | 'retryAfterMs'>,
  before: number,
  random: number,
): number | undefined {
  const longest = LONGEST_MS[code];
  if (longest === undefined || !retryable) return undefined;
  const { firstMs, jitter, doubledEvery, longestMs } = POSTPONE_DEFAULTS;
  const longestNow = Math.min(longestMs.SERVER_PAUSED, longest * 2 ** Math.floor(before / doubledEvery));
  const grown = Math.min(longestNow, firstMs * 2 ** before);
  return Math.ceil(Math.max(grown, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)) * (1 + jitter * random));
}
