/**
 * Which workflows are paused, as this process knows it: told by a message within milliseconds, read again when the
 * connection comes back, and now and then. Whether a job is held back is decided by a script; this only tells whether to
 * ask.
 */
import type { Redis } from 'ioredis';
import type { RedisKeys } from '../names.js';
import type { Logger } from '../ports.js';

const RESYNC_MS = 30_000;

export interface PauseSignals {
  isPaused(workflow: string): boolean;
  /** Resolves once messages are heard and it is known what is paused. */
  start(): Promise<void>;
  close(): void;
}

export interface PauseSignalsOptions {
  /** May be shared with others that subscribe. */
  readonly subscriber: Redis;
  readonly reader: Redis;
  readonly keys: RedisKeys;
  readonly logger: Logger;
}

export function createPauseSignals({ subscriber, reader, keys, logger }: PauseSignalsOptions): PauseSignals {
  let paused: ReadonlySet<string> = new Set();
  let resync: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    paused = new Set(await reader.hkeys(keys.paused));
  }
  // In this order: what is said in between would be heard by nobody, and read by nobody.
  const listen = async () => {
    await subscriber.subscribe(keys.pauses);
    await read();
  };
  const again = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.debug({ reason }, 'reading which workflows are paused failed; it is tried again');
    });
  };

  return {
    isPaused: (workflow) => paused.has(workflow),
    async start() {
      if (resync) return;
      resync = setInterval(again(read), RESYNC_MS);
      resync.unref();
      subscriber.on('message', (channel, workflow) => {
        if (channel !== keys.pauses) return;
        // At once, whichever way it was: the script that is asked then knows.
        paused = new Set([...paused, workflow]);
        again(read)();
      });
      await listen();
      subscriber.on('ready', again(listen));
    },
    close() {
      clearInterval(resync);
    },
  };
}
