/**
 * A worker that is started while Redis is away, and told to wait for it: what supervises it would start it again and again, more
 * and more rarely, and have it back minutes after Redis.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Logger } from '../ports.js';

export interface RedisWait {
  /** Does the work once Redis is there. False: told to stop before. @throws what the work threw, where waiting mends nothing */
  until(work: () => Promise<unknown>): Promise<boolean>;
  /** What is waited for, a sentence; undefined when nothing is. */
  away(): string | undefined;
}

const AGAIN_AFTER_MS = 1_000;
const SAID_EVERY_MS = 60_000;

/** @param waits without it the first refusal is thrown */
export function createRedisWait(waits: boolean, stopped: Promise<unknown>, log: Logger): RedisWait {
  const stop = new AbortController();
  const { signal } = stop;
  void stopped.then(() => stop.abort());
  let away: string | undefined;
  let quietUntil = 0;

  function say({ message }: SwitchyardError): void {
    away = message;
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + SAID_EVERY_MS;
    log.warn({}, `${message} It is tried again until it answers.`);
  }

  return {
    away: () => away,
    async until(work) {
      while (!signal.aborted) {
        try {
          const done = await unlessAborted(work, signal);
          away = undefined;
          return done;
        } catch (thrown) {
          const error = toSwitchyardError(thrown);
          if (!waits || error.code !== 'REDIS_UNAVAILABLE' || !error.retryable) throw thrown;
          say(error);
        }
        await delay(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
      }
      return false;
    },
  };
}

/** True when it is done; false as soon as the signal is aborted, whatever becomes of it then. */
async function unlessAborted(work: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const over = () => resolve(false);
    signal.addEventListener('abort', over, { once: true });
    work()
      .then(() => resolve(true), reject)
      .finally(() => signal.removeEventListener('abort', over));
  });
}
