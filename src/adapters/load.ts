/** How much there is to do, in one script whose cost does not grow with the number of runs or jobs. */

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { PRIORITIES } from '../config.js';
import { INDEXED_STATUSES, type IndexedStatus } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { Script, ScriptRunner } from '../ports.js';

const READ_LOAD: Script = {
  name: 'read-load',
  lua: readFileSync(new URL('./lua/read-load.lua', import.meta.url), 'utf8'),
};

export interface RunLoad {
  readonly workflow: string;
  readonly state: IndexedStatus;
  readonly runs: number;
  /** When the oldest of them was accepted, ms. */
  readonly oldest?: number;
}

export interface QueueLoad {
  readonly queue: string;
  readonly jobs: Readonly<Record<'waiting' | 'active' | 'delayed' | 'waiting_children', number>>;
  /** When the oldest job was added of those that a worker could have now, ms. */
  readonly oldest?: number;
}

export interface Load {
  readonly runs: readonly RunLoad[];
  readonly queues: readonly QueueLoad[];
}

const Reply = z.tuple([
  z.array(z.tuple([z.number(), z.string()])),
  z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number(), z.string()])),
]);

export function createLoadReader(scripts: ScriptRunner, keys: RedisKeys) {
  return async (workflows: readonly string[], queues: readonly string[]): Promise<Load> => {
    const places = workflows.flatMap((workflow) => INDEXED_STATUSES.map((state) => ({ workflow, state })));
    const indexes = places.map(({ workflow, state }) => keys.index(workflow, state));
    const reply = await scripts.run(
      READ_LOAD,
      [...indexes, ...queues.map((queue) => keys.job(queue, ''))],
      [indexes.length, Object.keys(PRIORITIES).length],
    );
    const [counted, held] = Reply.parse(reply);
    return {
      runs: places.map((place, at) => {
        const [runs, oldest] = counted[at] ?? [0, ''];
        return { ...place, runs, ...(oldest !== '' && { oldest: Number(oldest) }) };
      }),
      queues: queues.map((queue, at) => {
        const [wait, paused, prioritized, active, delayed, parked, oldest] = held[at] ?? [0, 0, 0, 0, 0, 0, ''];
        const jobs = { waiting: wait + paused + prioritized, active, delayed, waiting_children: parked };
        return { queue, jobs, ...(oldest !== '' && { oldest: Number(oldest) }) };
      }),
    };
  };
}

export type LoadReader = ReturnType<typeof createLoadReader>;
