/**
 * Waiting for runs on Redis: one reader of one stream per process, however many wait. BullMQ's `waitUntilFinished` loses
 * most of its waiters under load; here a wait is registered before the run is looked at, and the stream is read from a
 * place fixed before that, so no end can fall in between.
 */
import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import { isOperatorStatus } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { Logger, SettledRuns } from '../ports.js';
import { outageOf } from './scripts.js';

/** Below the connection's socket timeout and BullMQ's own blocking reads. */
const BLOCK_MS = 5_000;

/** The stream keeps about 10,000 entries; a reader that was cut off for longer finds its runs by this sweep. */
const SWEEP_MS = 2_000;

/** Pause after a failed read: the connection heals by itself. */
const RETRY_MS = 200;

export interface SettledRunsOptions {
  /** A connection of its own: it blocks. */
  readonly open: () => Redis;
  readonly keys: RedisKeys;
  readonly logger: Logger;
}

/** What is open while anybody waits. */
interface Reader {
  readonly stream: Redis;
  readonly checks: Redis;
  readonly ready: Promise<void>;
  readonly sweeper: NodeJS.Timeout;
}

export function createSettledRuns({ open, keys, logger }: SettledRunsOptions): SettledRuns {
  const waiting = new Map<string, Set<(refused?: SwitchyardError) => void>>();
  let closed = false;

  function settle(run: string): void {
    for (const wake of waiting.get(run) ?? []) wake();
  }

  async function hasSettled(client: Redis, runs: readonly string[]): Promise<readonly string[]> {
    const pipeline = client.pipeline();
    for (const run of runs) pipeline.hmget(keys.log(run), 'status', 'phase', 'workflow');
    const replies = (await pipeline.exec()) ?? [];
    return runs.filter((_run, at) => {
      const [error, fields] = replies[at] ?? [new Error('no reply'), []];
      if (error || !Array.isArray(fields)) return false;
      const [status, phase, workflow]: readonly unknown[] = fields;
      // A run that is gone has ended, and its retention too.
      return status !== null || workflow === null || (typeof phase === 'string' && isOperatorStatus(phase));
    });
  }

  async function follow(stream: Redis, from: string): Promise<void> {
    let last = from;
    while (!closed) {
      try {
        const reply = await stream.xread('BLOCK', BLOCK_MS, 'STREAMS', keys.settled, last);
        for (const [, entries] of reply ?? []) {
          for (const [id, fields] of entries) {
            last = id;
            if (fields[1] !== undefined) settle(fields[1]);
          }
        }
      } catch (error) {
        if (closed) return;
        logger.debug({ error: messageOf(error) }, 'reading the stream of settled runs failed; it is tried again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** Two connections: a sweep behind a blocked read would wait with it. */
  function start(): Reader {
    const stream = open();
    const checks = open();
    const ready = stream.xrevrange(keys.settled, '+', '-', 'COUNT', 1).then(
      (tail) => {
        void follow(stream, tail[0]?.[0] ?? '0-0');
      },
      (error: unknown) => {
        // Whoever waits now is told; kept, it would be told to whoever ever waits.
        if (started?.ready === ready) end();
        throw error;
      },
    );
    const sweep = () => {
      const runs = [...waiting.keys()];
      if (runs.length === 0) return;
      hasSettled(checks, runs).then(
        (settled) => settled.forEach(settle),
        (error: unknown) =>
          logger.debug({ error: messageOf(error) }, 'the sweep for settled runs failed; the next one follows'),
      );
    };
    const sweeper = setInterval(sweep, SWEEP_MS);
    sweeper.unref();
    return { stream, checks, ready, sweeper };
  }
  let started: Reader | undefined;

  function end(): void {
    if (!started) return;
    clearInterval(started.sweeper);
    started.stream.disconnect();
    started.checks.disconnect();
    started = undefined;
  }

  return {
    async wait(run, signal) {
      // Before anything is opened: whatever opens after close() stays open, and keeps the process alive.
      if (closed) throw closedWhileWaiting(run);
      started ??= start();
      const { ready, checks } = started;
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          const others = waiting.get(run);
          others?.delete(wake);
          if (others?.size === 0) waiting.delete(run);
          signal.removeEventListener('abort', timedOut);
        };
        const wake = (refused?: SwitchyardError) => {
          leave();
          if (refused) reject(refused);
          else resolve();
        };
        const timedOut = () => wake();
        if (signal.aborted) return wake();
        // Before anything is asked of Redis: a wait has to end in its time when nobody answers.
        signal.addEventListener('abort', timedOut, { once: true });
        waiting.set(run, (waiting.get(run) ?? new Set()).add(wake));
        ready
          .then(() => hasSettled(checks, [run]))
          .then(
            (settled) => settled.length > 0 && wake(),
            (error: unknown) => {
              leave();
              reject(outageOf(error) ?? error);
            },
          );
      });
    },
    async close() {
      closed = true;
      if (!started) return;
      // Before the connections go: the reason is that we closed, not that one was lost.
      for (const [run, waiters] of [...waiting]) {
        for (const wake of [...waiters]) wake(closedWhileWaiting(run));
      }
      end();
    },
  };
}

/** Never the error itself: a reply error carries its command. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function closedWhileWaiting(run: string): SwitchyardError {
  return new SwitchyardError(
    'ILLEGAL_STATE',
    `cannot wait for run ${run}: this Switchyard is closed. The run goes on; wait for it with another Switchyard`,
  );
}
