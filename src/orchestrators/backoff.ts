/** When to try again. Pure: randomness is an argument. */
import { MAX_RETRY_AFTER_MS } from '../config.js';
import type { BackoffPolicy } from '../task.js';

/**
 * Milliseconds before the next attempt: exponential, capped, with the policy's share of jitter taken off; or longer,
 * when the failed attempt asked for it, up to an hour.
 *
 * @param failures Attempts that have failed so far, from 1.
 * @param random 0 ≤ random < 1.
 */
export function backoffDelay(policy: BackoffPolicy, failures: number, random: number, retryAfterMs = 0): number {
  const exponential = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (failures - 1));
  // What a task asks for may be anything: a header that is no number, a time in another unit.
  const asked = Number.isNaN(retryAfterMs) ? 0 : Math.min(Math.ceil(retryAfterMs), MAX_RETRY_AFTER_MS);
  return Math.max(Math.round(exponential * (1 - policy.jitter * random)), asked);
}
