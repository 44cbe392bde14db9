/** When a schedule ticks, by the reader of cron patterns that BullMQ itself uses. */
import { getNextMillis } from 'bullmq';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { MissedTicks, ScheduleRecord } from '../schedule.js';

type Times = Pick<ScheduleRecord, 'cron' | 'everyMs' | 'tz'>;

/** Beyond so many, missed ticks are not counted on: reading a pattern takes a worker some tenths of a millisecond each time. */
const MOST_COUNTED = 500;

/**
 * The first tick after a moment, of a schedule by `cron`.
 * @throws SwitchyardError INVALID_INPUT for a pattern that cannot be read, or that never comes
 */
export function nextTick({ cron, tz = 'UTC' }: Times, after: number): number {
  let next: number | undefined;
  try {
    next = getNextMillis(after, { pattern: cron ?? '', tz });
  } catch (cause) {
    throw new SwitchyardError('INVALID_INPUT', `"${cron}" cannot be read: ${toSwitchyardError(cause).message}`, {
      cause,
    });
  }
  if (next !== undefined && next > after) return next;
  throw new SwitchyardError('INVALID_INPUT', `"${cron}" never comes`);
}

/** The ticks strictly between one that is taken up and the one that is next; undefined when there are none. */
export function ticksBetween(times: Times, tick: number, next: number): MissedTicks | undefined {
  if (times.everyMs !== undefined) {
    const count = Math.ceil((next - tick) / times.everyMs) - 1;
    return count < 1 ? undefined : { from: tick + times.everyMs, to: tick + count * times.everyMs, count };
  }
  let found: MissedTicks | undefined;
  for (let at = nextTick(times, tick); at < next; at = nextTick(times, at)) {
    found = { from: found?.from ?? at, to: at, count: (found?.count ?? 0) + 1 };
    if (found.count >= MOST_COUNTED) break;
  }
  return found;
}
