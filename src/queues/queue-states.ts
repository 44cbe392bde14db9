/** How the queues of this Switchyard stand: one script, however many they are. */
import { z } from 'zod';
import type { RedisKeys } from '../names.js';
import type { ScriptRunner } from '../ports.js';
import { ownScript } from './bullmq-scripts.js';

const READ_QUEUES = ownScript('read-queues');

/** Since when something is paused, by whom and why. */
export const PauseRecord = z.object({ at: z.number(), by: z.string().optional(), reason: z.string().optional() });
export type PauseRecord = Readonly<z.infer<typeof PauseRecord>>;

export interface QueueState {
  readonly queue: string;
  /** Without a word where another hand than ours has paused it. */
  readonly paused?: Partial<PauseRecord>;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** Jobs at once in all processes together. */
  readonly total?: number;
  /** Jobs begun in so many milliseconds, in all processes together. */
  readonly rate?: { readonly max: number; readonly perMs: number };
  /** Who set `total` and `rate`: the configuration, or a person's command, which wins over it. */
  readonly limitedBy?: 'config' | 'command';
}

const Text = z.string();
const Count = z.number();
const Reply = z.array(z.tuple([Text, Text, Text, Count, Count, Count, Text, Text, Text, Text]));

export async function readQueueStates(
  { scripts, keys }: { readonly scripts: ScriptRunner; readonly keys: RedisKeys },
  queues: readonly string[],
): Promise<readonly QueueState[]> {
  const base = keys.job('', '').slice(0, -1);
  const reply = await scripts.run(READ_QUEUES, [keys.pausedQueues, keys.limits], [base, ...queues]);
  return Reply.parse(reply).map(([queue, paused, said, waiting, active, delayed, total, max, perMs, by]) => ({
    queue,
    ...(paused !== '' && { paused: said === '' ? {} : PauseRecord.parse(JSON.parse(said)) }),
    waiting,
    active,
    delayed,
    ...(total !== '' && { total: Number(total) }),
    ...(max !== '' && perMs !== '' && { rate: { max: Number(max), perMs: Number(perMs) } }),
    ...((by === 'config' || by === 'command') && { limitedBy: by }),
  }));
}
