/**
 * How many calls one server has at once: a slow one must not take every job of the worker with it. The next ones wait in
 * line, the first come first; beyond the line, and beyond a call's own patience, they are turned away unasked.
 */

export interface BulkheadLimits {
  /** Calls at once. */
  readonly concurrent: number;
  /** Calls in line. */
  readonly waiting: number;
}

export type Wait = 'entered' | 'line-full' | 'waited-too-long';

type Waiter = (wait: Wait) => void;

export class Bulkhead {
  readonly #limits: BulkheadLimits;
  readonly #line = new Set<Waiter>();
  #inside = 0;

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a free place. Whoever entered must {@link leave}; whoever did not must not. */
  tryEnter(): boolean {
    // Nobody stands in line while a place is free: it is handed on.
    if (this.#inside >= this.#limits.concurrent) return false;
    this.#inside += 1;
    return true;
  }

  /** Waits for a place when none is free. Rejects with the signal's reason when it is aborted. */
  async standInLine(patienceMs: number, signal: AbortSignal): Promise<Wait> {
    signal.throwIfAborted();
    if (this.#line.size >= this.#limits.waiting) return 'line-full';
    return await this.#wait(patienceMs, signal);
  }

  leave(): void {
    const [next] = this.#line;
    // The place is handed on: one that were free for a moment could be taken by somebody who has not waited.
    if (next) next('entered');
    else this.#inside -= 1;
  }

  #wait(patienceMs: number, signal: AbortSignal): Promise<Wait> {
    return new Promise((resolve, reject) => {
      const stepOut = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#line.delete(waiter);
      };
      const waiter: Waiter = (wait) => {
        stepOut();
        resolve(wait);
      };
      const aborted = (): void => {
        stepOut();
        reject(signal.reason);
      };
      const timer = setTimeout(() => waiter('waited-too-long'), patienceMs);
      signal.addEventListener('abort', aborted, { once: true });
      this.#line.add(waiter);
    });
  }
}
