/**
 * Schedules over BullMQ's job schedulers. Our own record is what counts: a scheduler of BullMQ's is made from it, and made
 * again by the reconciler where one is missing, so that a process which dies in between leaves nothing half done. Its jobs
 * carry the schedule's name and nothing else.
 */
import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import { PRIORITIES, type Retention } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { type RedisKeys, RUNS_QUEUE } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Clock, ScriptRunner } from '../ports.js';
import { checkSchedule, inputOfTick, type Schedule, type ScheduleRecord, type ScheduleSpec } from '../schedule.js';
import { ENVELOPE_VERSION, type TickJob } from '../schema.js';
import { ownScript } from './bullmq-scripts.js';
import type { QueuePool } from './queue-pool.js';
import { runInput } from './run-input.js';
import type { Said } from './said.js';
import { nextTick } from './tick-times.js';

const READ_SCHEDULES = ownScript('read-schedules');
const SET_SCHEDULE = ownScript('set-schedule');

/** What our own scripts wrote from our own types is not checked again; that it is there is. */
const Text = z.string();
const Reply = z.array(z.tuple([Text, Text, Text, Text, Text, Text]));

export interface SchedulesDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly queues: QueuePool;
  readonly retention: Retention;
  /** @throws SwitchyardError UNKNOWN_WORKFLOW */
  readonly latest: (workflow: string) => WorkflowDefinition;
}

export type Schedules = ReturnType<typeof createSchedules>;

interface Kept {
  readonly name: string;
  readonly record: ScheduleRecord;
  readonly state: Pick<Schedule, 'last' | 'missed' | 'waits'>;
  readonly next: number | undefined;
  /** Whether BullMQ has the job of the next tick. */
  readonly isSet: boolean;
}

export function createSchedules({ scripts, keys, clock, queues, retention, latest }: SchedulesDependencies) {
  const runs = () => queues.get(RUNS_QUEUE);

  async function readAll(): Promise<readonly Kept[]> {
    const reply = await scripts.run(READ_SCHEDULES, [keys.schedules, keys.ticks], [keys.job(RUNS_QUEUE, 'repeat')]);
    return Reply.parse(reply).map(([name, record, state, next, isSet, waits]) => ({
      name,
      record: JSON.parse(record) as ScheduleRecord,
      state: stateOf(state, waits === '1'),
      next: next === '' ? undefined : Number(next),
      isSet: isSet === '1',
    }));
  }

  async function read(name: string): Promise<Kept> {
    const kept = (await readAll()).find((one) => one.name === name);
    if (kept) return kept;
    throw new SwitchyardError(
      'INVALID_INPUT',
      `there is no schedule "${name}": switchyard schedules lists those there are`,
    );
  }

  async function keep(name: string, record: ScheduleRecord | undefined): Promise<void> {
    await scripts.run(SET_SCHEDULE, [keys.schedules, keys.ticks], [name, record ? JSON.stringify(record) : '']);
  }

  async function setScheduler(name: string, { cron, everyMs, tz = 'UTC' }: ScheduleRecord): Promise<void> {
    const data: TickJob = { v: ENVELOPE_VERSION, kind: 'tick', schedule: name };
    const opts: JobsOptions = {
      priority: PRIORITIES.CRITICAL,
      removeOnComplete: true,
      removeOnFail: { age: Math.ceil(retention.ageMs / 1000), count: retention.count },
    };
    const times =
      everyMs === undefined
        ? { pattern: cron ?? '', tz }
        : // Without it BullMQ's first tick is now.
          { every: everyMs, startDate: clock.now() + everyMs };
    await runs().upsertJobScheduler(name, times, { name: `schedule ${name}`, data, opts });
  }

  return {
    /**
     * Makes the schedule, or changes it; one that is paused stays so. With unchanged times its next tick stands.
     * @throws SwitchyardError INVALID_INPUT, UNKNOWN_WORKFLOW, TOO_LARGE, REDIS_UNAVAILABLE
     */
    async upsert(name: string, spec: ScheduleSpec): Promise<Schedule> {
      const checked = checkSchedule(name, spec);
      const tick = checked.cron === undefined ? clock.now() : nextTick(checked, clock.now());
      runInput(latest(checked.workflow), inputOfTick(checked, tick));
      const before = (await readAll()).find((one) => one.name === name);
      const paused = before?.record.paused;
      await keep(name, { ...checked, ...(paused && { paused }) });
      if (!paused && !(before?.isSet && hasTimesOf(before.record, checked))) await setScheduler(name, checked);
      return shown(await read(name));
    },

    /** By name. */
    async list(): Promise<readonly Schedule[]> {
      return (await readAll()).map(shown).sort((a, b) => a.name.localeCompare(b.name));
    },

    /** No ticks until `resume`. @throws SwitchyardError INVALID_INPUT when there is none of this name */
    async pause(name: string, said: Said = {}): Promise<void> {
      const { record } = await read(name);
      if (!record.paused) await keep(name, { ...record, paused: { at: clock.now(), ...said } });
      await runs().removeJobScheduler(name);
    },

    /** From the next tick on: those in between are not made up for. @throws SwitchyardError as `pause` */
    async resume(name: string): Promise<void> {
      const { record, isSet } = await read(name);
      const { paused, ...active } = record;
      if (paused) await keep(name, active);
      if (paused || !isSet) await setScheduler(name, active);
    },

    /** Runs that it has started go on. Resolves to false when there was none. */
    async remove(name: string): Promise<boolean> {
      const removed = Number(await scripts.run(SET_SCHEDULE, [keys.schedules, keys.ticks], [name, ''])) === 1;
      await runs().removeJobScheduler(name);
      return removed;
    },

    /** Gives BullMQ back what it lacks, and takes from it what nobody has asked for; for the reconciler. */
    async mend(): Promise<void> {
      const kept = await readAll();
      for (const { name, record, isSet } of kept) if (!record.paused && !isSet) await setScheduler(name, record);
      const active = new Set(kept.flatMap(({ name, record }) => (record.paused ? [] : [name])));
      for (const { key } of await runs().getJobSchedulers()) {
        if (!active.has(key)) await runs().removeJobScheduler(key);
      }
    },
  };
}

function hasTimesOf(one: ScheduleRecord, other: ScheduleRecord): boolean {
  return one.cron === other.cron && one.everyMs === other.everyMs && one.tz === other.tz;
}

/** What became of ticks; that one waits is past when its job is gone, with its schedule paused, or by hand. */
function stateOf(kept: string, isWaiting: boolean): Kept['state'] {
  if (kept === '') return {};
  const { waits, ...state } = JSON.parse(kept) as Kept['state'];
  return { ...state, ...(isWaiting && waits && { waits }) };
}

function shown({ name, record, state, next }: Kept): Schedule {
  return { name, ...record, ...(next !== undefined && !record.paused && { next }), ...state };
}
