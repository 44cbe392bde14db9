/** What a queue is limited to. Checked when a Switchyard is made: a wrong limit would show as a queue that stands still. */
import { type Duration, MAX_TIMER_MS, toMsWithin } from './config.js';
import { type ErrorCode, SwitchyardError } from './errors.js';
import { RUNS_QUEUE } from './names.js';

/** Limits that hold for all worker processes together; they stand in Redis. */
export interface SharedLimits {
  /** Jobs at once. */
  readonly total?: number;
  /** Jobs begun in a span of time. One that has to wait has not begun: no attempt is counted. */
  readonly rate?: { readonly max: number; readonly per: Duration };
}

/** What a command changes of them: what it does not name stays, `none` takes one away. */
export interface LimitChanges {
  readonly total?: number | 'none';
  readonly rate?: Required<SharedLimits>['rate'] | 'none';
}

export interface QueueLimits extends SharedLimits {
  /** Jobs at once in each worker process; default 25, or the `concurrency` of `workers()`. */
  readonly concurrency?: number;
}

export interface CheckedLimits {
  readonly total?: number;
  readonly rate?: { readonly max: number; readonly perMs: number };
}

export interface CheckedChanges {
  readonly total?: number | 'none';
  readonly rate?: Required<CheckedLimits>['rate'] | 'none';
}

const MOST = 1_000_000;

/** @throws SwitchyardError INVALID_INPUT */
export function checkChanges(queue: string, { total, rate }: LimitChanges): CheckedChanges {
  const set = { ...(total !== undefined && total !== 'none' && { total }), ...(rate && rate !== 'none' && { rate }) };
  const gone = { ...(total === 'none' && { total }), ...(rate === 'none' && { rate }) };
  return { ...checkLimits(queue, set, 'INVALID_INPUT'), ...gone };
}

/** @throws SwitchyardError `code` */
export function checkLimits(queue: string, { total, rate }: SharedLimits, code: ErrorCode): CheckedLimits {
  const what = (name: string) => `queue "${queue}": ${name}`;
  if (queue === RUNS_QUEUE && (total !== undefined || rate)) {
    throw new SwitchyardError(
      code,
      `${what('total and rate')} cannot be set: every run passes it, also to be cancelled. Limit the queues of its tasks`,
    );
  }
  if (total !== undefined) assertCount(what('total'), total, code);
  if (!rate) return total === undefined ? {} : { total };
  assertCount(what('rate.max'), rate.max, code);
  const perMs = toMsWithin(rate.per, { min: 1, max: MAX_TIMER_MS }, { code, what: what('rate.per') });
  return { ...(total !== undefined && { total }), rate: { max: rate.max, perMs } };
}

/** @throws SwitchyardError INVALID_CONFIG for a queue that no workflow uses, and for a limit that is none */
export function assertQueueLimits(limits: Readonly<Record<string, QueueLimits>>, known: readonly string[]): void {
  for (const [queue, limit] of Object.entries(limits)) {
    if (!known.includes(queue)) {
      throw new SwitchyardError(
        'INVALID_CONFIG',
        `\`queues\` limits "${queue}", which no workflow uses; the queues are ${known.join(', ')}`,
      );
    }
    if (limit.concurrency !== undefined) {
      assertCount(`queue "${queue}": concurrency`, limit.concurrency, 'INVALID_CONFIG');
    }
    checkLimits(queue, limit, 'INVALID_CONFIG');
  }
}

function assertCount(what: string, value: number, code: ErrorCode): void {
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return;
  throw new SwitchyardError(code, `${what} is ${value}; it must be a whole number from 1 to ${MOST}`);
}
