/**
 * Whether the workers of a process still get on, for a probe that ends processes which do not. That the event loop turns says
 * little: a connection that nobody answers any more leaves a worker waiting without an error.
 *
 * - Dead: Redis has answered nothing for `stuckAfterMs`; or a queue has not been asked for jobs for as long, beyond the longest
 *   time that a worker sleeps on an empty queue, though the worker has free places.
 * - Not dead: a worker that knows that it has no connection, and makes another; a new process could do no more. Nor one that
 *   takes no jobs on purpose, because its clock is wrong, a suspect is alone in the process, or its places are all taken. A
 *   queue that somebody paused is asked as ever.
 * - It heals by itself: what has been answered again is alive again.
 */
export interface WorkerHealth {
  /** False: nothing but a new process is left to try. */
  readonly alive: boolean;
  /** Whether it takes jobs now. */
  readonly ready: boolean;
  /** Why not, each a sentence; empty when all is well. */
  readonly findings: readonly string[];
}

export interface WorkerHealthOptions {
  readonly queues: readonly { readonly queue: string; stuckForMs(): number }[];
  readonly stuckAfterMs: number;
  /** How often Redis is asked something on the workers' own connection, whatever else there is to do. */
  readonly askedEveryMs: number;
  /** Whether the client knows that it has no connection, and is about to make another. */
  readonly reconnects: () => boolean;
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number;
}

export type Serving = 'not-started' | 'serving' | 'clock-is-wrong' | 'stopping';

/** BullMQ sleeps on an empty queue for up to 10 s, and breaks off 1 s later. */
const LONGEST_SLEEP_MS = 11_000;

export function createWorkerHealth(options: WorkerHealthOptions) {
  const { queues, stuckAfterMs, askedEveryMs, reconnects, now } = options;
  const silentAfterMs = Math.max(stuckAfterMs, 2 * askedEveryMs);
  let answeredAt = now();
  /** Since when the connection stands: what was asked of the one before says nothing. */
  let connectedAt = answeredAt;
  let serving: Serving = 'not-started';

  function stuck(): readonly string[] {
    if (serving === 'not-started' || serving === 'stopping' || reconnects()) return [];
    const silentMs = now() - answeredAt;
    if (silentMs > silentAfterMs) return [`Redis has answered nothing for ${seconds(silentMs)}`];
    return queues.flatMap((worker) => {
      const ms = Math.min(worker.stuckForMs(), now() - connectedAt);
      if (ms <= silentAfterMs + LONGEST_SLEEP_MS) return [];
      return [`queue ${worker.queue} has not been asked for jobs for ${seconds(ms)}, though there are free places`];
    });
  }

  return {
    /** Redis has answered. */
    answered(): void {
      answeredAt = now();
    },
    /** A connection stands, new or again: Redis has said so. */
    connected(): void {
      answeredAt = now();
      connectedAt = answeredAt;
    },
    set(next: Serving): void {
      if (next === 'serving' && serving === 'not-started') answeredAt = now();
      if (serving !== 'stopping') serving = next;
    },
    /** @param connected whether every connection stands, and Redis has just answered on it */
    look(connected: boolean): WorkerHealth {
      const findings = [...stuck()];
      const alive = findings.length === 0;
      if (serving !== 'serving') findings.push(WHY_NOT[serving]);
      else if (alive && !connected) findings.push('Redis does not answer at the moment');
      return { alive, ready: findings.length === 0, findings };
    },
  };
}

const WHY_NOT: Readonly<Record<Exclude<Serving, 'serving'>, string>> = {
  'not-started': 'the workers have not been started',
  'clock-is-wrong': "this machine's clock is off that of Redis: no jobs are taken until it is mended",
  stopping: 'the workers stop',
};

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
