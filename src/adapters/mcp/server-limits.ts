/**
 * `limits` of a server in `mcp.json`: how much it is given, and when it is left alone. All of it is optional.
 *
 * ```json
 * "limits": {
 *   "concurrent": 32, "waiting": 256, "idleTimeout": "20s", "totalTimeout": "5m",
 *   "breaker": { "failures": 5, "pause": "60s", "successes": 3 },
 *   "health": { "every": "30s", "timeout": "5s" }
 * }
 * ```
 *
 * Unlike the entry around it, it is ours alone: a name in it that we do not know is refused.
 */
import { z } from 'zod';
import { type Duration, MAX_RETRY_AFTER_MS, MAX_TIMER_MS, TOOL_SERVER_DEFAULTS, toMsWithin } from '../../config.js';
import { toSwitchyardError } from '../../errors.js';
import type { BulkheadLimits } from './bulkhead.js';
import type { BreakerPolicy } from './circuit-breaker.js';

/** How long a call may be silent, and how long it may take; each binding can set its own. */
export interface CallLimits {
  /** From the request, and from each sign of progress, to the next word. Absent: as long as the call may take. */
  readonly idleTimeoutMs?: number | undefined;
  /** Attempts in place included. Absent: what the caller allows, which is never passed. */
  readonly totalTimeoutMs?: number | undefined;
}

export interface ServerLimits extends BulkheadLimits, CallLimits {
  readonly breaker: BreakerPolicy;
  readonly health: {
    /** Absent: no checks. */
    readonly everyMs: number | undefined;
    readonly timeoutMs: number;
  };
}

const SHORTEST_MS = 10;
const MOST_CALLS = 10_000;
const MOST_IN_A_ROW = 1_000;

const duration = (max: number) =>
  z
    .union([z.number(), z.string()], { error: 'expected a duration: milliseconds, or a text such as "30s"' })
    .transform((value, context) => {
      try {
        // A text that is no duration is refused in there, with the same words as everywhere else.
        return toMsWithin(value as Duration, { min: SHORTEST_MS, max }, { code: 'INVALID_CONFIG', what: 'the value' });
      } catch (error) {
        context.addIssue({ code: 'custom', message: toSwitchyardError(error).message });
        return z.NEVER;
      }
    });

const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

/** The part that a binding has, too. */
export const callLimits = {
  idleTimeout: duration(MAX_TIMER_MS).optional(),
  totalTimeout: duration(MAX_TIMER_MS).optional(),
};

export const serverLimits = z.strictObject({
  ...callLimits,
  concurrent: whole(1, MOST_CALLS).optional(),
  waiting: whole(0, MOST_CALLS).optional(),
  breaker: z
    .strictObject({
      failures: whole(1, MOST_IN_A_ROW).optional(),
      // A job comes back when it is over, and none is put off for longer.
      pause: duration(MAX_RETRY_AFTER_MS).optional(),
      successes: whole(1, MOST_IN_A_ROW).optional(),
    })
    .optional(),
  health: z
    .strictObject({
      every: z.union([z.literal(false), duration(MAX_TIMER_MS)], {
        error: 'expected a duration, or false for no checks',
      }),
      timeout: duration(MAX_TIMER_MS),
    })
    .partial()
    .optional(),
});

/** What was written, with the defaults for what was not. */
export function limitsOf(written: z.output<typeof serverLimits> = {}): ServerLimits {
  const { breaker = {}, health = {} } = written;
  const defaults = TOOL_SERVER_DEFAULTS;
  const { every = defaults.health.everyMs } = health;
  return {
    concurrent: written.concurrent ?? defaults.concurrent,
    waiting: written.waiting ?? defaults.waiting,
    idleTimeoutMs: written.idleTimeout,
    totalTimeoutMs: written.totalTimeout,
    breaker: {
      failures: breaker.failures ?? defaults.breaker.failures,
      pauseMs: breaker.pause ?? defaults.breaker.pauseMs,
      successes: breaker.successes ?? defaults.breaker.successes,
    },
    health: { everyMs: every === false ? undefined : every, timeoutMs: health.timeout ?? defaults.health.timeoutMs },
  };
}
