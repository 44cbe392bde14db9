/**
 * A tick of a schedule: it starts one run, whose key comes from the schedule and the tick, so that a tick which is taken up
 * twice (its worker died, or lost its lock) is one run all the same.
 */
import { toSwitchyardError } from '../errors.js';
import { type RedisKeys, RUNS_QUEUE } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Logger, ScriptRunner } from '../ports.js';
import { inputOfTick, keyOfTick, type MissedTicks, type ScheduleRecord, type TickRecord } from '../schedule.js';
import { type AcceptDependencies, acceptRun } from './accept-run.js';
import { ownScript } from './bullmq-scripts.js';
import type { Schedules } from './schedules.js';
import { ticksBetween } from './tick-times.js';

const NOTE_TICK = ownScript('note-tick');
const WAIT_TICK = ownScript('wait-tick');

export interface TickDependencies extends AcceptDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly schedules: Pick<Schedules, 'list'>;
  /** The newest version of a workflow that this worker has; undefined when it has none. */
  readonly latest: (workflow: string) => WorkflowDefinition | undefined;
  readonly logger: Logger;
}

export function createTick(deps: TickDependencies) {
  const { scripts, keys, clock, logger } = deps;

  async function note(name: string, last: TickRecord, missed: MissedTicks | undefined): Promise<void> {
    const args = [name, JSON.stringify(last), missed ? JSON.stringify(missed) : ''];
    await scripts.run(NOTE_TICK, [keys.schedules, keys.ticks], args);
  }

  async function start(
    definition: WorkflowDefinition,
    name: string,
    record: ScheduleRecord,
    tick: number,
  ): Promise<Pick<TickRecord, 'run' | 'error'>> {
    const { priority, tags } = record;
    try {
      const accepted = await acceptRun(deps, definition, inputOfTick(record, tick), {
        key: keyOfTick(name, record, tick),
        ...(priority !== undefined && { priority }),
        ...(tags && { tags }),
      });
      return { run: accepted.id };
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (error.code === 'REDIS_UNAVAILABLE') throw error;
      logger.error({ schedule: name, tick, code: error.code }, `a tick of a schedule started no run: ${error.message}`);
      return { error: error.toJSON() };
    }
  }

  /** One tick of a schedule waits for a worker that has its workflow, as one does when no worker is there; those after it are missed. */
  async function leave(name: string, { workflow }: ScheduleRecord, tick: number): Promise<'over' | 'not-here'> {
    const args = [name, tick, clock.now(), keys.job(RUNS_QUEUE, 'repeat')];
    const noted = await scripts.run(WAIT_TICK, [keys.schedules, keys.ticks], args);
    if (noted === 'begins-to-wait') {
      logger.warn(
        { schedule: name, workflow, tick },
        'a tick of a schedule waits for a worker that has its workflow; those that come meanwhile are missed',
      );
    }
    return noted === 'missed' || noted === 'over' ? 'over' : 'not-here';
  }

  /**
   * @param isFirst whether nobody has taken the tick up before: only then it is known what came after it
   * @throws SwitchyardError REDIS_UNAVAILABLE
   */
  return async (name: string, tick: number, isFirst: boolean): Promise<'over' | 'not-here'> => {
    const schedule = (await deps.schedules.list()).find((one) => one.name === name);
    // Its record is what counts: a scheduler that is left over from it ticks for nothing, until the reconciler removes it.
    if (!schedule || schedule.paused) return 'over';
    const definition = deps.latest(schedule.workflow);
    if (!definition) return await leave(name, schedule, tick);
    const missed = isFirst && schedule.next !== undefined ? ticksBetween(schedule, tick, schedule.next) : undefined;
    if (missed) {
      logger.warn(
        { schedule: name, ...missed },
        'ticks of a schedule were missed, as no worker was there; they are not made up for',
      );
    }
    const started = await start(definition, name, schedule, tick);
    await note(name, { tick, at: clock.now(), ...started }, missed);
    return 'over';
  };
}
