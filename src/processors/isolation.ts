/**
 * Keeps a job that kills its worker from taking its neighbours along. All jobs that a process has when it dies count a
 * crash, and nobody can tell whose fault it was; so one that has lost its worker twice runs alone in its process. The
 * innocent then end, and the poison is alone when it dies, until its bound is met.
 *
 * Alone means that the process has no other job, not even one that waits: whatever is not let in is put back, and nothing
 * is fetched meanwhile. One suspect at a time may wait, for jobs without a record to end.
 */

/** Crashes from which on a job is a suspect. One is an accident: a deployment, a machine that went. */
const SUSPECT_AFTER = 2;

/** For how long a job is put back that is not let in; a suspect longer, so that the innocent are done first. */
const KEPT_OUT_MS = 100;
const SUSPECT_KEPT_OUT_MS = 500;

type Leave = () => void;

export interface Isolation {
  /** Lets the job in; whoever was let in says when it leaves. Undefined: put it back. */
  enter(crashes: number, signal: AbortSignal): Leave | Promise<Leave> | undefined;
  /** Undefined when jobs may be fetched now, else resolves when they may. */
  closed(): Promise<void> | undefined;
}

export function keptOutMs(crashes: number): number {
  return isSuspect(crashes) ? SUSPECT_KEPT_OUT_MS : KEPT_OUT_MS;
}

function isSuspect(crashes: number): boolean {
  return crashes >= SUSPECT_AFTER;
}

export function createIsolation(): Isolation {
  let together = 0;
  let alone = false;
  /** Lets the one suspect in that waits. */
  let waiting: (() => void) | undefined;
  let opens: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  function changed(): void {
    if (!alone && together === 0 && waiting) waiting();
    if (alone || waiting) return;
    opens?.resolve();
    opens = undefined;
  }
  function admit(suspect: boolean): Leave {
    if (suspect) alone = true;
    else together += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (suspect) alone = false;
      else together -= 1;
      changed();
    };
  }

  return {
    enter(crashes, signal) {
      if (alone || waiting) return undefined;
      const suspect = isSuspect(crashes);
      if (!suspect || together === 0) return admit(suspect);
      return new Promise((resolve) => {
        const settle = (leave: Leave) => {
          waiting = undefined;
          signal.removeEventListener('abort', giveUp);
          resolve(leave);
        };
        // Its lock is gone, or its worker stops: it goes ahead only to be told so.
        const giveUp = () => {
          settle(() => {});
          changed();
        };
        waiting = () => settle(admit(true));
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      });
    },
    closed() {
      if (!alone && !waiting) return undefined;
      if (!opens) {
        let resolve = () => {};
        const promise = new Promise<void>((open) => {
          resolve = open;
        });
        opens = { promise, resolve };
      }
      return opens.promise;
    },
  };
}
