/**
 * Limits, defaults and durations. A number that a user may meet stands here once, with its source; what an error keeps of
 * its texts stands in `errors.ts`, which is below this file.
 */
import { type ErrorCode, SwitchyardError } from './errors.js';

type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd';

/** Milliseconds as a number, or a number with a unit: `250`, `'250ms'`, `'5s'`, `'4h'`. */
export type Duration = number | `${number}${DurationUnit}`;

const UNIT_MS: Record<DurationUnit, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How a duration that cannot be used is refused. */
export interface DurationRefusal {
  readonly code: ErrorCode;
  /** What the duration is for, at the head of the message: `task "pay": timeout`. */
  readonly what?: string;
}

/**
 * Whole milliseconds of a duration: timers and Redis take no fractions.
 * @throws SwitchyardError `refusal.code`, by default INVALID_CONFIG, for anything that is not a finite, non-negative
 *   duration
 */
export function toMs(duration: Duration, refusal: DurationRefusal = { code: 'INVALID_CONFIG' }): number {
  const ms = parseMs(duration);
  if (ms !== undefined) return Math.round(ms);
  const what = refusal.what === undefined ? '' : `${refusal.what} `;
  throw new SwitchyardError(
    refusal.code,
    `${what}"${duration}" is not a duration: use milliseconds or a number with ms, s, m, h or d, such as "5s"`,
  );
}

function parseMs(duration: Duration): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration));
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as DurationUnit] : duration;
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

/** Longest time that a timer of Node.js can hold, 24.8 days: one set for longer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Longest delay of a run. BullMQ keeps the time to begin in a float, which some years ahead has no milliseconds left. */
export const MAX_DELAY_MS = 365 * UNIT_MS.d;

/**
 * Whole milliseconds of a duration that must lie in a range.
 * @throws SwitchyardError `refusal.code` for no duration, and for one out of the range
 */
export function toMsWithin(
  duration: Duration,
  range: { readonly min: number; readonly max: number },
  refusal: DurationRefusal & { readonly what: string },
): number {
  const ms = toMs(duration, refusal);
  if (ms >= range.min && ms <= range.max) return ms;
  throw new SwitchyardError(
    refusal.code,
    `${refusal.what} is ${JSON.stringify(duration)}: use ${range.min} ms to ${range.max} ms (${Math.floor(range.max / UNIT_MS.d)} days)`,
  );
}

/** Most characters of a query that the shipped workflows accept (security: bounds every pattern's work). */
export const MAX_QUERY_LENGTH = 2_000;

/** Most bytes of JSON that one job may carry. Redis holds every job in memory, and BullMQ copies it at each hop. */
export const MAX_JOB_BYTES = 128 * 1024;

/** Most bytes of JSON that a task may return: it is kept with the root, and read whole at every decision. */
export const MAX_OUTPUT_BYTES = 256 * 1024;

/** Most characters of the key of a run: it is kept with the run and only its digest is a name. */
export const MAX_KEY_LENGTH = 256;

/** Most tags of one run, and most characters of a tag's name or value: each tag is an entry of an index in Redis's memory. */
export const MAX_TAGS = 8;
export const MAX_TAG_LENGTH = 64;

/** Most bytes of one tool's answer. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/** Most workflows inside one another, the outermost included: each level is a run, and waits for the one below it. */
export const MAX_NESTING = 8;

/** Branches in one atomic append: a hundred keep Redis under 10 ms, a thousand block it for 34. */
export const APPEND_PAGE = 100;

/** Most branches of one fan-out: each is a job in Redis's memory. */
export const MAX_BRANCHES = 10_000;

/**
 * Runs on one page of a listing: a page is one script, during which Redis serves nobody else. `looked`: ids that are
 * looked through for a text before the page ends as it is, about 2 ms.
 */
export const LIST_PAGE = { default: 50, max: 200, looked: 5_000 } as const;

/** Stages on one page of a run's timeline. */
export const TIMELINE_PAGE = { default: 100, max: 500 } as const;

/** Entries of a tag that one page of a filtered listing looks through; a page may come out short, and says where to go on. */
export const LIST_LOOK = 1_000;

/** Ended runs that one script drops when their retention is over; about 10 µs each. */
export const SWEEP_PAGE = 100;

/** Jobs that one script lets go when their workflow is resumed. */
export const RELEASE_PAGE = 200;

/** Jobs of a run that one script erases. */
export const ERASE_PAGE = 200;

/** Longest wait before the next attempt that a tool or task may ask for: a wrong unit must not park a run for years. */
export const MAX_RETRY_AFTER_MS = UNIT_MS.h;

/** How long what a callback tells is kept where nobody serves the callbacks: as long as the most attempts may take, and some. */
export const END_NEWS_KEPT_MS = 30 * UNIT_MS.d;

/**
 * What one MCP server is given; each number can be set for a server in `mcp.json` (docs/mcp.md).
 *
 * The breaker's and the health check's numbers are those that the pattern is commonly run with: five failures are no
 * accident, and a server needs about a minute to come back.
 */
export const TOOL_SERVER_DEFAULTS = {
  /** Calls at once. A server over stdio is at its best from 16 on (25–40k calls/s); one queue's 25 jobs never wait. */
  concurrent: 32,
  /** Calls that wait for a place: those of ten queues. */
  waiting: 256,
  /** Calls in a row without an answer, how long the server is then left alone, and answers that close the matter. */
  breaker: { failures: 5, pauseMs: UNIT_MS.m, successes: 3 },
  health: { everyMs: 30_000, timeoutMs: 5_000 },
} as const;

/**
 * How long a job is put off whose server was not asked. A server that is away for long is asked for more and more seldom,
 * since each time leaves a record with a saga's run. A full queue in front of a server is empty again soon; where it is not,
 * the longest delay doubles after each so many times, up to that of a paused server. So a step leaves 288 records a day at
 * most in front of a paused server, some 370 on the first day in front of a busy one.
 */
export const POSTPONE_DEFAULTS = {
  firstMs: 1_000,
  longestMs: { SERVER_PAUSED: 5 * UNIT_MS.m, SERVER_BUSY: 15 * UNIT_MS.s },
  doubledEvery: 20,
  /** Share of the delay that is added at random: all that wait for one server must not come back together. */
  jitter: 0.2,
} as const;

/** One task's defaults: half a minute is long for one tool's answer, and three attempts outlast a restart of its server. */
export const TASK_DEFAULTS = {
  timeoutMs: 30_000,
  attempts: 3,
  backoff: { initialMs: 500, factor: 2, maxMs: 30_000, jitter: 0.2 },
} as const;

/** Share of its SLA after which a HIGH or CRITICAL run that has no answer is escalated: what is left is for a person to act in. */
export const SLA_WARNING_SHARE = 0.8;

/** Waiting children of a stopped run that one script drops; each costs Redis about 50 µs. */
export const DROP_PAGE = 200;

/** Stages of a run up to which one reply brings their outputs too; beyond, they are read by pages of as many. */
export const OUTPUTS_PAGE = 200;

/** Undos are tried longer than steps: giving up means that a person has to act. */
export const UNDO_ATTEMPTS = 6;

/**
 * Times that one job may lose its worker before it is failed as CRASH_LOOP. BullMQ's own bound counts for ever and fails
 * a job at its second crash; this one counts for one job, and a step is one job.
 */
export const MAX_CRASHES = 5;

/**
 * How a worker holds its jobs. After a SIGKILL a job is free when its lock has run out and two sweeps have passed:
 * about 5 + 2 × 1.5 s, against 30–90 s with BullMQ's defaults.
 */
export const WORKER_DEFAULTS = {
  lockDurationMs: 5_000,
  lockRenewMs: 1_000,
  stalledIntervalMs: 1_500,
  /** Jobs at once in each queue of a worker; above 25–50 the rate is flat. */
  concurrency: 25,
  /** How long a worker that was told to stop waits for its active jobs before it puts them back. */
  graceMs: 25_000,
  /** How often a worker looks for runs whose root job is gone. */
  reconcileMs: 30_000,
  /** How often a worker compares its clock with that of Redis. */
  clockCheckMs: 10_000,
  /**
   * How long a worker may hear nothing from Redis before it counts as dead: longer than a silent connection needs to be dropped
   * and made again (12 s), twice over.
   */
  stuckAfterMs: 30_000,
} as const;

/** Difference to the clock of Redis beyond which a worker takes no jobs; machines that keep time at all differ by far less. */
export const CLOCK_SKEW_LIMIT_MS = 1_000;

/** Difference at which it takes them again: lower, so that a clock at the limit does not start and stop the worker. */
export const CLOCK_SKEW_MENDED_MS = 500;

/**
 * How long an ended run is kept. While its record exists, its key answers with the same run; afterwards the key is free
 * again. Runs that have not ended are never removed.
 */
export interface Retention {
  /** Whole milliseconds after a run's end, from 1,000. */
  readonly ageMs: number;
  /** Ended runs kept per workflow, from 1; the oldest go first. */
  readonly count: number;
}

export const RETENTION_DEFAULTS: Retention = { ageMs: 7 * UNIT_MS.d, count: 10_000 };

/** Least retention: with less, whoever waits for a run could find it gone when told that it has ended. */
export const RETENTION_MIN: Retention = { ageMs: UNIT_MS.s, count: 1 };

/**
 * The retention with its defaults.
 * @throws SwitchyardError INVALID_CONFIG for what is no whole number, or below {@link RETENTION_MIN}: Redis refuses a
 *   fraction, and refuses it at the end of a run
 */
export function retentionOf(given: Partial<Retention> = {}): Retention {
  const { ageMs = RETENTION_DEFAULTS.ageMs, count = RETENTION_DEFAULTS.count } = given;
  for (const [name, value] of Object.entries({ ageMs, count }) as [keyof Retention, number][]) {
    if (Number.isSafeInteger(value) && value >= RETENTION_MIN[name]) continue;
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `retention.${name} is ${value}: give a whole number from ${RETENTION_MIN[name]}`,
    );
  }
  return { ageMs, count };
}

/**
 * Prefix of all our keys and BullMQ's. The braces are a Redis Cluster hash tag: every key of a run must sit in one slot,
 * or its scripts are refused.
 */
export const DEFAULT_PREFIX = '{sy0}';

/** Loopback port of the dashboard and API. */
export const DEFAULT_PORT = 7420;

export const DEFAULT_DATA_DIR = '.switchyard';

/** Priorities by name, with BullMQ's number: 1 is served first, and a job without one would overtake them all. */
export const PRIORITIES = { CRITICAL: 1, HIGH: 2, MEDIUM: 3, LOW: 4 } as const;
export type Priority = keyof typeof PRIORITIES;

/** Priority of a run that was started without one, so that both HIGH and LOW have a meaning beside it. */
export const DEFAULT_PRIORITY: Priority = 'MEDIUM';
