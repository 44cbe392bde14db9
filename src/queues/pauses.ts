/**
 * Pausing. A paused workflow goes on accepting runs and begins none; what has begun goes on, since a saga that stops halfway
 * would keep what it has taken. A paused queue gives its workers nothing at all: the way to stop one step of everything.
 */
import { z } from 'zod';
import { RELEASE_PAGE } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { type RedisKeys, RUNS_QUEUE } from '../names.js';
import type { Clock, ScriptRunner } from '../ports.js';
import { ownScript, wakingScript } from './bullmq-scripts.js';
import type { QueuePool } from './queue-pool.js';
import { PauseRecord, readQueueStates } from './queue-states.js';
import type { Said } from './said.js';

const SET_PAUSED = ownScript('set-paused');
const READ_PAUSED = ownScript('read-paused');
const RELEASE_HELD = wakingScript('release-held');

export type PauseTarget = { readonly workflow: string } | { readonly queue: string };

const Workflows = z.array(z.tuple([z.string(), z.string(), z.number()]));

export interface PausedWorkflow extends PauseRecord {
  readonly workflow: string;
  /** Jobs that wait for it to be resumed. */
  readonly held: number;
}

export interface PausedQueue extends Partial<PauseRecord> {
  readonly queue: string;
  /** Jobs that wait in it. */
  readonly waiting: number;
}

export interface Paused {
  readonly workflows: readonly PausedWorkflow[];
  readonly queues: readonly PausedQueue[];
}

export interface PausesDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly queues: QueuePool;
  /** Those that workers serve. */
  readonly served: readonly string[];
  /** @throws SwitchyardError UNKNOWN_WORKFLOW */
  readonly assertWorkflow: (name: string) => void;
}

export function createPauses({ scripts, keys, clock, queues, served, assertWorkflow }: PausesDependencies) {
  async function setPaused(workflow: string, record: PauseRecord | undefined): Promise<boolean> {
    const args = [workflow, record ? JSON.stringify(record) : '', keys.pauses];
    return Number(await scripts.run(SET_PAUSED, [keys.paused], args)) === 1;
  }

  /** @throws SwitchyardError INVALID_INPUT */
  function assertQueue(queue: string): void {
    const known = served.filter((name) => name !== RUNS_QUEUE);
    if (known.includes(queue)) return;
    const why =
      queue === RUNS_QUEUE
        ? `queue "${RUNS_QUEUE}" cannot be held up: runs could not even be cancelled. Pause workflows, or queues of tasks`
        : `no workflow uses queue "${queue}"; the queues are ${known.join(', ')}`;
    throw new SwitchyardError('INVALID_INPUT', why);
  }

  return {
    assertQueue,

    /** Resolves to false when it was paused already; its first pause stands. */
    async pause(target: PauseTarget, said: Said = {}): Promise<boolean> {
      const record: PauseRecord = { at: clock.now(), ...said };
      if ('workflow' in target) {
        assertWorkflow(target.workflow);
        return await setPaused(target.workflow, record);
      }
      assertQueue(target.queue);
      const args = [target.queue, JSON.stringify(record), keys.pauses];
      const isNew = Number(await scripts.run(SET_PAUSED, [keys.pausedQueues], args)) === 1;
      await queues.get(target.queue).pause();
      return isNew;
    },

    /** Resolves to false when it was not paused. One that broke off goes on when it is asked for again. */
    async resume(target: PauseTarget): Promise<boolean> {
      if ('workflow' in target) {
        assertWorkflow(target.workflow);
        const wasPaused = await setPaused(target.workflow, undefined);
        const released = await releaseHeld({ scripts, keys }, target.workflow);
        return wasPaused || released > 0;
      }
      assertQueue(target.queue);
      // By a script of ours, not BullMQ's `isPaused`: it says in an outage that Redis did not answer.
      const [state] = await readQueueStates({ scripts, keys }, [target.queue]);
      const wasPaused = state?.paused !== undefined;
      await queues.get(target.queue).resume();
      await scripts.run(SET_PAUSED, [keys.pausedQueues], [target.queue, '', keys.pauses]);
      return wasPaused;
    },

    async paused(): Promise<Paused> {
      const workflows = Workflows.parse(await scripts.run(READ_PAUSED, [keys.paused], [keys.held('')]));
      const states = await readQueueStates({ scripts, keys }, served);
      return {
        workflows: workflows.map(([workflow, pause, held]) => ({
          workflow,
          held,
          ...PauseRecord.parse(JSON.parse(pause)),
        })),
        queues: states.flatMap(({ queue, paused, waiting }) => (paused ? [{ queue, waiting, ...paused }] : [])),
      };
    },
  };
}

/** Lets go of everything that is held back, unless the workflow is paused; resolves to how many jobs that were. */
export async function releaseHeld(
  { scripts, keys }: Pick<PausesDependencies, 'scripts' | 'keys'>,
  workflow: string,
): Promise<number> {
  let [released, page] = [0, 0];
  do {
    page = Number(await scripts.run(RELEASE_HELD, [keys.paused, keys.held(workflow)], [workflow, RELEASE_PAGE]));
    released += page;
  } while (page === RELEASE_PAGE);
  return released;
}
