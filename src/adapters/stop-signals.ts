/**
 * How a worker process learns that a run is to stop: by a message, within milliseconds; and, since a message is lost on
 * whoever does not listen at that moment, by reading the set of stopping runs whenever it has begun to listen, and now
 * and then.
 */
import type { Redis } from 'ioredis';
import type { RedisKeys } from '../names.js';
import type { Logger } from '../ports.js';

/** How often the set is read although nothing was missed: runs that have ended are dropped from memory. */
const RESYNC_MS = 30_000;

export interface StopSignals {
  isStopping(run: string): boolean;
  /** Resolves once messages are heard, and the runs that were stopped before are known. */
  start(): Promise<void>;
  close(): void;
}

export interface StopSignalsOptions {
  /** A connection of its own: it subscribes. */
  readonly subscriber: Redis;
  readonly reader: Redis;
  readonly keys: RedisKeys;
  readonly onStop: (run: string) => void;
  readonly logger: Logger;
}

export function createStopSignals({ subscriber, reader, keys, onStop, logger }: StopSignalsOptions): StopSignals {
  let known = new Set<string>();
  let heard = new Set<string>();
  let resync: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    // What is heard while the set is on its way may not be in it yet.
    heard = new Set();
    const stopping = await reader.smembers(keys.stopping);
    const fresh = stopping.filter((run) => !known.has(run));
    known = new Set([...stopping, ...heard]);
    for (const run of fresh) onStop(run);
  }
  // Subscribed first, and read then: what is said in between would be heard by nobody and stand in no set that was read.
  const listen = async () => {
    await subscriber.subscribe(keys.stops);
    await read();
  };
  const again = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.debug({ reason }, 'reading which runs are to stop failed; it is tried again');
    });
  };

  return {
    isStopping: (run) => known.has(run),
    async start() {
      if (resync) return;
      resync = setInterval(again(read), RESYNC_MS);
      resync.unref();
      subscriber.on('message', (channel, run) => {
        if (channel !== keys.stops) return;
        known.add(run);
        heard.add(run);
        onStop(run);
      });
      await listen();
      // After a lost connection. That the client subscribes again by itself does not say when it has.
      subscriber.on('ready', again(listen));
    },
    close() {
      clearInterval(resync);
    },
  };
}
