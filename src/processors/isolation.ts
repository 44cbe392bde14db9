/**
 * Keeps a job that kills its worker from taking its neighbours along. All jobs that a process has when it dies count a
 * crash, and nobody can tell whose fault it was; so one that has lost its worker before runs alone in its process. The
 * innocent then end, and the poison is alone when it dies, until its bound is met.
 *
 * A lock of readers and writers: jobs without a record are let in at once, together; a suspect waits until they have
 * ended, and those that come after wait for it.
 */

/** Crashes from which on a job is a suspect. One is an accident: a deployment, a machine that went. */
const SUSPECT_AFTER = 2;

type Leave = () => void;

export interface Isolation {
  /** Lets the job in, at once in the usual case; whoever was let in says when it leaves. */
  enter(crashes: number, signal: AbortSignal): Leave | Promise<Leave>;
}

export function createIsolation(): Isolation {
  let together = 0;
  let alone = false;
  const waiting: { readonly suspect: boolean; readonly letIn: () => void }[] = [];

  function letInNext(): void {
    while (waiting[0] && !alone && (!waiting[0].suspect || together === 0)) {
      const next = waiting.shift();
      next?.letIn();
    }
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
      letInNext();
    };
  }

  return {
    enter(crashes, signal) {
      const suspect = crashes >= SUSPECT_AFTER;
      if (!alone && waiting.length === 0 && (!suspect || together === 0)) return admit(suspect);
      return new Promise((resolve) => {
        const entry = { suspect, letIn: () => settle(admit(suspect)) };
        const settle = (leave: Leave) => {
          signal.removeEventListener('abort', giveUp);
          resolve(leave);
        };
        // Its lock is gone, or its worker stops: it goes ahead only to be told so.
        const giveUp = () => {
          waiting.splice(waiting.indexOf(entry), 1);
          settle(() => {});
          letInNext();
        };
        waiting.push(entry);
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
