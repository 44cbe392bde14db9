/**
 * A schedule: one run of a workflow at each of its ticks. Everything about it is data, since it is whichever worker is given
 * a tick that starts the run. Here: what may be said of one, and what a tick makes of it. Pure.
 */
import { type Duration, MAX_KEY_LENGTH, MAX_TIMER_MS, PRIORITIES, type Priority, toMsWithin } from './config.js';
import { type ErrorRecord, SwitchyardError } from './errors.js';
import { assertTags, type Tags } from './tags.js';
import { assertName } from './task.js';

export interface ScheduleSpec {
  readonly workflow: string;
  /** Of each run. A text that is just `{tick}` or `{date}` becomes the tick's time or date. Default `{}`. */
  readonly input?: unknown;
  /** Five or six fields: `0 2 * * *`. Either this or `every`. */
  readonly cron?: string;
  /** From a second; the first tick comes after it. */
  readonly every?: Duration;
  /** Of `cron`, by its IANA name: `Europe/Berlin`. Default UTC. */
  readonly tz?: string;
  /**
   * Key of each run, with `{tick}` (its time in UTC) or `{date}` (its day in `tz`) in it: ticks of one key are one run.
   * Default: the schedule's name and the tick.
   */
  readonly key?: string;
  readonly priority?: Priority;
  readonly tags?: Tags;
}

/** A schedule as it is kept. */
export interface ScheduleRecord extends Omit<ScheduleSpec, 'every'> {
  readonly everyMs?: number;
  readonly paused?: { readonly at: number; readonly by?: string; readonly reason?: string };
}

/** What became of a tick. */
export interface TickRecord {
  /** When it was due. */
  readonly tick: number;
  /** When a worker took it up. */
  readonly at: number;
  readonly run?: string;
  /** Why no run was started. */
  readonly error?: ErrorRecord;
}

/** A tick that waits for a worker that has its workflow: those that have taken it up had not. */
export interface WaitingTick {
  /** When it was due. */
  readonly tick: number;
  readonly since: number;
}

/** Ticks that no worker was there for, or none that had the workflow, and that were not made up for. */
export interface MissedTicks {
  /** The first and the last of them. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** One schedule as it stands. */
export interface Schedule extends ScheduleRecord {
  readonly name: string;
  /** Absent while it is paused. */
  readonly next?: number;
  readonly last?: TickRecord;
  /** The last time that some were missed. */
  readonly missed?: MissedTicks;
  readonly waits?: WaitingTick;
}

const LEAST_EVERY_MS = 1_000;

/** Seconds are the sixth field, in front. */
const CRON = /^\S+(\s+\S+){4,5}$/;

/** @throws SwitchyardError INVALID_INPUT. Whether a `cron` can be read, its reader says. */
export function checkSchedule(name: string, spec: ScheduleSpec): ScheduleRecord {
  try {
    assertName('schedule', name);
  } catch (error) {
    throw refused(name, error instanceof Error ? error.message : String(error));
  }
  const { workflow, input = {}, cron, every, tz, key, priority, tags } = spec;
  if ((cron === undefined) === (every === undefined)) throw refused(name, 'give it either `cron` or `every`');
  if (cron !== undefined && !CRON.test(cron.trim())) {
    throw refused(name, `"${cron}" has not five or six fields: minute, hour, day, month, weekday, as in "0 2 * * *"`);
  }
  if (tz !== undefined && !isTimeZone(tz))
    throw refused(name, `"${tz}" is no time zone: use a name such as Europe/Berlin`);
  if (tz !== undefined && every !== undefined)
    throw refused(name, '`every` knows no time zone: leave `tz` out, or use `cron`');
  if (priority !== undefined && !Object.hasOwn(PRIORITIES, priority)) {
    throw refused(name, `priority "${priority}" is unknown: use ${Object.keys(PRIORITIES).join(', ')}`);
  }
  if (tags) assertTags(tags);
  const record: ScheduleRecord = {
    workflow,
    input,
    ...(cron !== undefined && { cron: cron.trim() }),
    ...(every !== undefined && { everyMs: everyMs(name, every) }),
    ...(tz !== undefined && { tz }),
    ...(key !== undefined && { key }),
    ...(priority !== undefined && { priority }),
    ...(tags && { tags }),
  };
  if (key !== undefined && !/\{(tick|date)\}/.test(key)) {
    throw refused(name, `all its ticks would be one run: put {tick} or {date} into its key "${key}"`);
  }
  const rendered = keyOfTick(name, record, 0).length;
  if (rendered > MAX_KEY_LENGTH)
    throw refused(name, `its key has ${rendered} characters; at most ${MAX_KEY_LENGTH} fit`);
  return record;
}

/** The key of the run that a tick starts: the same tick, taken up again, is the same run. */
export function keyOfTick(name: string, { key = `${name} {tick}`, tz }: ScheduleRecord, tick: number): string {
  return key.replaceAll('{tick}', new Date(tick).toISOString()).replaceAll('{date}', dateOf(tick, tz));
}

/** The input of the run that a tick starts. */
export function inputOfTick({ input, tz }: ScheduleRecord, tick: number): unknown {
  const fill = (value: unknown): unknown => {
    if (value === '{tick}') return new Date(tick).toISOString();
    if (value === '{date}') return dateOf(tick, tz);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member)]));
  };
  return fill(input);
}

/** `2026-11-25`, as its time zone counts days. */
function dateOf(tick: number, tz = 'UTC'): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    tick,
  );
}

function everyMs(name: string, every: Duration): number {
  const range = { min: LEAST_EVERY_MS, max: MAX_TIMER_MS };
  return toMsWithin(every, range, { code: 'INVALID_INPUT', what: `schedule "${name}": every` });
}

function isTimeZone(tz: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: tz }) !== undefined;
  } catch {
    return false;
  }
}

function refused(name: string, why: string): SwitchyardError {
  return new SwitchyardError('INVALID_INPUT', `schedule "${name}": ${why}`);
}
