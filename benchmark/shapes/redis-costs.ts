/** What work costs Redis, from its own books: numbers that a busy machine does not touch. */
import type { Redis } from 'ioredis';

export interface Work {
  /** Calls from clients that run Lua. */
  readonly scripts: number;
  /** All commands, those inside scripts included. */
  readonly commands: number;
}

/** Since the start of the server, whoever asked for it. */
export async function workDone(redis: Redis): Promise<Work> {
  let [scripts, commands] = [0, 0];
  for (const [, name, calls] of (await redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    commands += Number(calls);
    if (name === 'evalsha' || name === 'eval') scripts += Number(calls);
  }
  return { scripts, commands };
}

/** Bytes of Redis's memory in use: all of it, so that of two looks only the difference means anything. */
export async function memoryUsed(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}
