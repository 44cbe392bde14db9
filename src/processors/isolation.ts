/**
 * Keeps a job that kills its worker from taking its neighbours along. All jobs that a process has when it dies count a
 * crash, and nobody can tell whose fault it was; so one that has lost its worker twice runs alone in its process. The
 * innocent then end, and the poison is alone when it dies, until its bound is met.
 *
 * Alone means that the process has no other job, not even one that waits: whatever is not let in is put back, and nothing
 * is fetched meanwhile. One suspect at a time may wait, for jobs without a record to end; and not for as long as the
 * longest of them, or one suspect would close its process for an hour. Having waited in vain it waits longer the next time,
 * and stays away for longer: it keeps a process closed for a third of the time at most, and is let in beside tasks of the
 * usual length all the same. One that found another suspect there has not waited, and is soon back: after a night of
 * crashes there are many, nearly all of them innocent.
 */
import { TASK_DEFAULTS } from '../config.js';
import type { Logger } from '../ports.js';

/** Crashes from which on a job is a suspect. One is an accident: a deployment, a machine that went. */
const SUSPECT_AFTER = 2;

/** For how long a job without a record is put back that is not let in. */
const KEPT_OUT_MS = 100;

/** How long a suspect waits to be alone at first, and at most: as long as a task's timeout, where it sets none. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = TASK_DEFAULTS.timeoutMs;

/** For how long a suspect is put back that finds another there. */
const NEXT_SUSPECT_MS = 500;

/** Jobs whose waits in vain are remembered; when there are more, all begin anew. */
const MAX_REMEMBERED = 1_000;

/** A suspect stays away for so many times the wait that was in vain, so that the innocent are done first. */
const KEPT_OUT_WAITS = 2;

/** @param before Times that the job has waited in vain already, from 0. */
export function suspectWait(before: number): { readonly waitMs: number; readonly keptOutMs: number } {
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, before));
  return { waitMs, keptOutMs: waitMs * KEPT_OUT_WAITS };
}

type Leave = () => void;

export interface Isolation {
  /** Lets the job in, a suspect within `waitMs`; whoever was let in says when it leaves. Undefined: put it back. */
  enter(crashes: number, signal: AbortSignal, waitMs: number): Leave | Promise<Leave | undefined> | undefined;
  /** Undefined when jobs may be fetched now, else resolves when they may. */
  closed(): Promise<void> | undefined;
  /** How often each suspect has waited in vain here, by its job. */
  readonly vain: Map<string, number>;
}

function isSuspect(crashes: number): boolean {
  return crashes >= SUSPECT_AFTER;
}

/** A job, as BullMQ has it. */
interface Counted {
  readonly id?: string | undefined;
  readonly stalledCounter: number;
}

/** Lets a job in, or says for how long it is put back. That a process is closed for a suspect's sake is logged. */
export async function letIn(
  isolation: Isolation,
  logger: Logger,
  { id = '', stalledCounter }: Counted,
  signal: AbortSignal,
): Promise<{ readonly leave: Leave } | { readonly keptOutMs: number }> {
  const { vain } = isolation;
  const before = vain.get(id) ?? 0;
  const { waitMs, keptOutMs } = suspectWait(before);
  const entered = isolation.enter(stalledCounter, signal, waitMs);
  const waits = entered instanceof Promise;
  if (waits) {
    logger.warn(
      { job: id, waitMs },
      'a job that has lost its worker twice waits for the others of this process to end, since it runs alone; none is fetched meanwhile',
    );
  }
  const leave = await entered;
  if (leave) {
    vain.delete(id);
    return { leave };
  }
  if (!isSuspect(stalledCounter)) return { keptOutMs: KEPT_OUT_MS };
  if (!waits) return { keptOutMs: NEXT_SUSPECT_MS };
  if (vain.size >= MAX_REMEMBERED) vain.clear();
  vain.set(id, before + 1);
  logger.warn(
    { job: id, keptOutMs },
    'a job that has lost its worker twice found no process to itself; it is put back',
  );
  return { keptOutMs };
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
    vain: new Map(),
    enter(crashes, signal, waitMs) {
      if (alone || waiting) return undefined;
      const suspect = isSuspect(crashes);
      if (!suspect || together === 0) return admit(suspect);
      return new Promise((resolve) => {
        const settle = (leave: Leave | undefined) => {
          waiting = undefined;
          clearTimeout(patience);
          signal.removeEventListener('abort', giveUp);
          resolve(leave);
        };
        // Its lock is gone, or its worker stops: it goes ahead only to be told so.
        const giveUp = () => {
          settle(() => {});
          changed();
        };
        const patience = setTimeout(() => {
          settle(undefined);
          changed();
        }, waitMs);
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
