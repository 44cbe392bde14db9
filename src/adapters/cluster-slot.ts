/**
 * A run and its jobs in other people's queues are written by the same scripts. One Redis takes any keys in a script; a
 * Cluster only those of one slot, which is that of their hash tag.
 */
import { SwitchyardError } from '../errors.js';
import type { ForeignQueue } from '../ports.js';
import type { RedisFacts } from './redis-facts.js';

/** What a key is hashed by: the text in its first braces, unless there is none between them. */
function hashTag(key: string): string | undefined {
  return /\{([^}]*)\}/.exec(key)?.[1] || undefined;
}

/** @throws SwitchyardError REDIS_UNSUITABLE, naming the queue and what its prefix has to be */
export function assertSameSlot({ mode }: RedisFacts, prefix: string, queues: readonly ForeignQueue[]): void {
  if (mode !== 'cluster') return;
  const tag = hashTag(prefix);
  const elsewhere = queues.find((theirs) => tag === undefined || hashTag(`${theirs.prefix}:${theirs.queue}:`) !== tag);
  if (!elsewhere) return;
  throw new SwitchyardError(
    'REDIS_UNSUITABLE',
    `This is a node of a Redis Cluster, and queue "${elsewhere.queue}" of fromQueue() lies in another slot than runs do: its prefix is "${elsewhere.prefix}", ours is "${prefix}". A run's jobs must be in one slot: give switchyard() a prefix with the hash tag of that queue, such as "{${hashTag(elsewhere.prefix) ?? elsewhere.prefix}}:sy", and that queue one in the same braces`,
  );
}
