/**
 * The keys of a prefix as plain JSON, and back. Not `DUMP` and `RESTORE`: their bytes belong to one version of Redis, and
 * nobody could read in a review what an older version of ours has left behind.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';

const Value = z.discriminatedUnion('type', [
  z.object({ type: z.literal('string'), value: z.string() }),
  z.object({ type: z.literal('hash'), value: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('list'), value: z.array(z.string()) }),
  z.object({ type: z.literal('set'), value: z.array(z.string()) }),
  /** Member, score. */
  z.object({ type: z.literal('zset'), value: z.array(z.tuple([z.string(), z.string()])) }),
  /** Entry id, fields and values in turn. */
  z.object({ type: z.literal('stream'), value: z.array(z.tuple([z.string(), z.array(z.string())])) }),
]);
type Value = z.infer<typeof Value>;

const Head = z.object({
  /** Commit whose code left this behind. */
  version: z.string(),
  /** What stands for the prefix in keys and values. */
  prefix: z.string(),
  /** Ids of runs, by what the recording calls them. */
  runs: z.record(z.string(), z.string()),
  /** What had happened outside by then. */
  effects: z.array(z.object({ run: z.string(), stage: z.string(), key: z.string() })),
});

const Line = z.tuple([z.string(), Value]);

export interface Snapshot extends z.infer<typeof Head> {
  readonly keys: readonly z.infer<typeof Line>[];
}

/** A line for the head, then a line for each key. */
export function snapshotText({ keys, ...head }: Snapshot): string {
  return [head, ...keys].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Read as if it had been taken under another prefix, which takes the old one's place in keys and values. */
export function readSnapshot(text: string, prefix: string): Snapshot {
  const [first = ''] = text.split('\n');
  const recorded = Head.parse(JSON.parse(first)).prefix;
  const [head, ...keys] = text.trimEnd().replaceAll(recorded, prefix).split('\n');
  return { ...Head.parse(JSON.parse(head ?? '')), keys: keys.map((line) => Line.parse(JSON.parse(line))) };
}

/**
 * Every key under the prefix, but those with a limit of time (locks and turns, which a killed process leaves to run out)
 * and streams of events, which nothing of ours reads.
 */
export async function takeKeys(redis: Redis, prefix: string): Promise<Snapshot['keys']> {
  const names = (await redis.keys(`${prefix}:*`)).filter(
    (key) => !/:(lock|stalled-check|reconciler|events)$/.test(key),
  );
  return await Promise.all(names.sort().map(async (key): Promise<[string, Value]> => [key, await readKey(redis, key)]));
}

export async function readKey(redis: Redis, key: string): Promise<Value> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return { type, value: (await redis.get(key)) ?? '' };
    case 'hash':
      return { type, value: await redis.hgetall(key) };
    case 'list':
      return { type, value: await redis.lrange(key, 0, -1) };
    case 'set':
      return { type, value: await redis.smembers(key) };
    case 'zset':
      return { type, value: pairs(await redis.zrange(key, '0', '-1', 'WITHSCORES')) };
    case 'stream':
      return { type, value: await redis.xrange(key, '-', '+') };
    default:
      throw new Error(`${key} is a ${type}, which a snapshot does not know`);
  }
}

export async function restoreKeys(redis: Redis, keys: Snapshot['keys']): Promise<void> {
  for (const [key, stored] of keys) {
    if (stored.type === 'string') await redis.set(key, stored.value);
    if (stored.type === 'hash') await redis.hset(key, stored.value);
    if (stored.type === 'list') await redis.rpush(key, ...stored.value);
    if (stored.type === 'set') await redis.sadd(key, ...stored.value);
    if (stored.type === 'zset')
      await redis.zadd(key, ...stored.value.flatMap(([member, score]) => [score, member] as const));
    if (stored.type === 'stream') for (const [id, fields] of stored.value) await redis.xadd(key, id, ...fields);
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((member, at): [string, string][] => (at % 2 === 0 ? [[member, flat[at + 1] ?? '']] : []));
}
