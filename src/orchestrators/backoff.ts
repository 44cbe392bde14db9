/** When to try again. Pure: randomness is an argument. */
import type { BackoffPolicy } from '../task.js';

/**
 * Milliseconds before the next attempt: exponential, capped, with the policy's share of jitter taken off; or longer,
 * when the failed attempt asked for it.
 *
 * @param failures Attempts that have failed so far, from 1.
 * @param random 0 ≤ random < 1.
 */
export function backoffDelay(policy: BackoffPolicy, failures: number, random: number, retryAfterMs = 0): number {
  const exponential = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (failures - 1));
  return Math.max(Math.round(exponential * (1 - policy.jitter * random)), retryAfterMs);
}
